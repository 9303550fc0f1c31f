import { isFrom } from "../origin.js";
import { newError } from "./errors.js";

/** Throws where a redirect was followed to another origin than was asked: what it demands is nothing to the login. */
export function sameOrigin(answer: Response, asked: string | URL): void {
  if (isFrom(answer, asked)) return;
  const [there, here] = [new URL(answer.url).origin, new URL(asked).origin];
  throw newError("redirect_refused", `${here} redirects to ${there}, which answers ${answer.status}: nothing is renewed for it`);
}
