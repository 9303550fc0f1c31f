import { errorOf, machines } from "devicegrant";
import type { DeviceGrantError } from "devicegrant";

/** An error of this host's own, by a code of the catalog. */
export function newError(code: string, message: string): DeviceGrantError {
  return errorOf(new (machines().Failure)(code, message));
}
