// What a tool is called with, in either generation of the SDK, as one thing to ask of.
import { newError } from "./errors.js";
import type { User } from "./per-user.js";
import { plain, refusal } from "./questions.js";
import type { PlainResult } from "./questions.js";

/** What `@modelcontextprotocol/sdk` 1 gives a tool besides its arguments; nothing in it names the method. */
export interface FirstContext {
  signal: AbortSignal;
  requestId: string | number;
  sendNotification(notification: any): Promise<void>;
  _meta?: { progressToken?: string | number };
  authInfo?: unknown;
  requestInfo?: unknown;
  sessionId?: string;
}

/** What `@modelcontextprotocol/server` 2 gives a tool besides its arguments. */
export interface SecondContext {
  mcpReq: {
    id: string | number;
    method: string;
    signal: AbortSignal;
    notify(notification: any): Promise<void>;
    _meta?: { progressToken?: string | number };
    envelope?: object;
    inputResponses?: Record<string, unknown>;
  };
  http?: { authInfo?: unknown; req?: unknown };
  sessionId?: string;
}

export type ToolContext = FirstContext | SecondContext;

/** The inner `Server` of either generation. */
export interface InnerServer {
  getClientCapabilities(): object | undefined;
  elicitInput(params: any, options?: any): Promise<{ action: string }>;
  createElicitationCompletionNotifier(id: string, options?: any): () => Promise<void>;
}

/** A `McpServer` or `Server` of either generation. */
export type ToolServer = InnerServer | { server: InnerServer };

/** How a client lets a person be asked. */
export type Means = "url" | "form" | "text";

/** An answer to a question of an earlier round. */
export type Said = "accept" | "decline" | "cancel";

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
/** What an `input_required` result may answer; nothing else. */
const CARRIERS = ["tools/call", "prompts/get", "resources/read"];

/** One call of a tool, or of what else is served. */
export class Call {
  readonly server: InnerServer;
  readonly signal: AbortSignal;
  readonly id: string | number;
  /** Specification 2026-07-28: questions are part of the result, and answers of the next call. */
  readonly asksByResult: boolean;
  readonly means: Means;
  /** Whether it came over HTTP: then whoever knows the address may have sent it. */
  readonly byHttp: boolean;
  #responses: Record<string, unknown> | undefined;
  #authInfo: unknown;
  #notify: (notification: object) => Promise<void>;
  #method: string;
  #progressToken: string | number | undefined;

  constructor(context: ToolContext, server: ToolServer) {
    this.server = "server" in server ? server.server : server;
    const second = "mcpReq" in context ? context : undefined;
    const capabilities = second?.mcpReq.envelope && (second.mcpReq.envelope as Record<string, unknown>)[CAPABILITIES];
    this.asksByResult = capabilities !== undefined;
    this.#method = second?.mcpReq.method ?? "tools/call";
    const mayAsk = !this.asksByResult || CARRIERS.includes(this.#method);
    this.means = mayAsk ? means(capabilities ?? this.server.getClientCapabilities()) : "text";
    if (second) {
      const { id, signal, inputResponses, _meta } = second.mcpReq;
      [this.id, this.signal, this.#progressToken] = [id, signal, _meta?.progressToken];
      this.byHttp = second.http !== undefined || second.sessionId !== undefined;
      this.#responses = inputResponses;
      this.#authInfo = second.http?.authInfo;
      this.#notify = (notification) => second.mcpReq.notify(notification);
    } else {
      const first = context as FirstContext;
      [this.id, this.signal, this.#progressToken] = [first.requestId, first.signal, first._meta?.progressToken];
      this.byHttp = [first.requestInfo, first.authInfo, first.sessionId].some((one) => one !== undefined);
      this.#authInfo = first.authInfo;
      this.#notify = (notification) => first.sendNotification(notification);
    }
  }

  /** What the person answered to that question; the client's answer is data of a stranger. */
  said(handle: string): Said | undefined {
    const responses = this.#responses;
    const answer = responses && Object.hasOwn(responses, handle) ? responses[handle] : undefined;
    const action = (answer as { action?: unknown } | null | undefined)?.action;
    return action === "accept" || action === "decline" || action === "cancel" ? action : undefined;
  }

  /** What the person is told instead of an answer. Throws it where that is no tool's: only those answer in words. */
  words(text: string): PlainResult {
    if (this.#method !== "tools/call") throw refusal(text);
    return plain(text);
  }

  /** Who calls, as the server's gate has found: `sub` and `iss` in the SDK's `authInfo.extra`. */
  user(): User {
    const extra = (this.#authInfo as { extra?: Record<string, unknown> } | undefined)?.extra;
    const { sub, iss } = extra ?? {};
    if (typeof sub !== "string" || !sub) {
      const what = this.#authInfo ? "authInfo.extra names no sub" : "the request was let in without authInfo";
      throw newError("bad_option", `whose login is meant? ${what}: authenticate callers, or give user`);
    }
    return { subject: sub, issuer: typeof iss === "string" ? iss : "", claims: extra };
  }

  /** Tells that the call is still at it, where the client wants to know. */
  async progress(progress: number, total: number, message: string): Promise<void> {
    const progressToken = this.#progressToken;
    if (progressToken === undefined) return;
    const params = { progressToken, progress, total, message };
    // Who no longer listens ends the call by its signal.
    await this.#notify({ method: "notifications/progress", params }).catch(() => {});
  }
}

/** Before the modes had names, `elicitation: {}` was a form. */
function means(capabilities: unknown): Means {
  const there = (capabilities as { elicitation?: { url?: object; form?: object } } | undefined)?.elicitation;
  if (!there) return "text";
  return there.url ? "url" : "form";
}
