// Browsers and workers: no files, no environment, no terminal.
import { newError } from "./errors.js";
import type { Platform } from "./platform.js";

export const webPlatform: Platform = {
  env: () => undefined,
  provider: () => undefined,
  files() {
    const message = "there are no files here: give store as \"memory\", or an object that keeps logins";
    throw newError("bad_option", message);
  },
  variables: () => ({
    async key() {
      throw newError("key_needed", "this store keeps no key of its own: give the option key");
    },
  }),
  terminal: () => undefined,
};
