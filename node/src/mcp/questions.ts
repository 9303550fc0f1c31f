// What is said to a person through their client.
import type { Prompt } from "devicegrant";
import { QUESTION } from "./context.js";

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
  requestState: string;
}

/** Not an answer of the tool's: a model is told so, and no output schema is asked of it. */
export function plain(text: string): PlainResult {
  return { content: [{ type: "text", text }], isError: true };
}

/** Everything a person needs, in words. */
export function inWords(prompt: Prompt): string {
  return `${prompt.plain}\nThis tool needs that sign-in. Tell the person, and call it again when they have approved.`;
}

/** The address goes where a client shows it whole and asks before it opens it. */
export function byAddress(prompt: Prompt): ByAddress {
  const { userCode, verificationUri, verificationUriComplete } = prompt;
  const what = verificationUriComplete ? "check that the page shows the code" : "enter the code";
  const message = `Sign in at ${new URL(verificationUri).host}: ${what} ${userCode}. Approve only what you asked for yourself.`;
  return { mode: "url", message, url: verificationUriComplete ?? verificationUri };
}

/** A form carries neither address nor code: only whether it is done. */
export function byForm(prompt: Prompt): ByForm {
  const message = `Have you approved the sign-in at ${new URL(prompt.verificationUri).host}?`;
  return { mode: "form", message, requestedSchema: { type: "object", properties: {} } };
}

export function inputRequired(params: ByAddress | ByForm, requestState: string): InputRequiredResult {
  return {
    resultType: "input_required",
    inputRequests: { [QUESTION]: { method: "elicitation/create", params } },
    requestState,
  };
}
