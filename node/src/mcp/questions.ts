// What is said to a person through their client.
import type { Prompt } from "devicegrant";

/** The result of a tool that could not do its work yet. */
export interface PlainResult {
  [more: string]: unknown;
  content: { type: "text"; text: string }[];
  isError: true;
}

interface ByAddress {
  mode: "url";
  message: string;
  url: string;
}

interface ByForm {
  mode: "form";
  message: string;
  requestedSchema: { type: "object"; properties: Record<string, never> };
}

/** Specification 2026-07-28: the client asks, and calls again with the answer. */
export interface InputRequiredResult {
  [more: string]: unknown;
  resultType: "input_required";
  /** Loose, because the SDK's type wants the identifier that this specification has taken away. */
  inputRequests: Record<string, any>;
}

/** Not an answer of the tool's: a model is told so, and no output schema is asked of it. */
export function plain(text: string): PlainResult {
  return { content: [{ type: "text", text }], isError: true };
}

/** Of either SDK: the code makes it the JSON-RPC error `Invalid Request`, with the text. */
export function refusal(text: string): Error {
  return Object.assign(new Error(text), { code: -32600 });
}

const WHY = "This tool needs you to sign in.";

/** Everything a person needs, in words. */
export function inWords(prompt: Prompt, why = WHY): string {
  return `${why}\n${prompt.plain}\nTell the person, and call this tool again when they have approved.`;
}

/** The address goes where a client shows it whole and asks before it opens it. */
export function byAddress(prompt: Prompt, why = WHY): ByAddress {
  const { userCode, verificationUri, verificationUriComplete } = prompt;
  const what = verificationUriComplete ? "Check that the page shows the code" : "Enter the code";
  return { mode: "url", message: `${why} ${what} ${userCode}.`, url: verificationUriComplete ?? verificationUri };
}

/** A form carries neither address nor code: only whether it is done. */
export function byForm(prompt: Prompt): ByForm {
  const message = `Have you approved the sign-in at ${new URL(prompt.verificationUri).host}?`;
  return { mode: "form", message, requestedSchema: { type: "object", properties: {} } };
}

/**
 * Without a `requestState`: the name of the question is all that has to come back. A state would tie the
 * next call to the replica that sealed it, and get in the way of a state of the server's own.
 */
export function inputRequired(handle: string, params: ByAddress | ByForm): InputRequiredResult {
  return { resultType: "input_required", inputRequests: { [handle]: { method: "elicitation/create", params } } };
}
