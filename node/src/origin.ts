/**
 * Whether an answer is from the origin that was asked. Behind a redirect to another one it is about no
 * token of ours: that got none.
 */
export function isFrom(answer: Response, asked: string | URL): boolean {
  // One that did not come from a network has no address.
  return !answer.url || new URL(answer.url).origin === new URL(asked).origin;
}
