import { newError } from "./errors.js";

/** Throws where a redirect was followed to another origin than was asked: what it demands is nothing to the login. */
export function sameOrigin(answer: Response, asked: string | URL): void {
  // One that did not come from a network has no address.
  const [there, here] = [new URL(answer.url || asked).origin, new URL(asked).origin];
  if (there === here) return;
  throw newError("redirect_refused", `${here} redirects to ${there}, which answers ${answer.status}: nothing is renewed for it`);
}
