// What a flow's effects are performed with.
import { DeviceGrantError, newError } from "./errors.js";
import type { Answer, Event, PastePrompt as HeldPaste, Prompt as Held, Request } from "./machines.js";
import type { OnPaste, OnPrompt } from "./options.js";
import { steadyMs } from "./platform.js";
import type { Stored } from "./stored.js";
import type { Send } from "./transport.js";
import { PastePrompt, Prompt } from "./values.js";

/** No timer of a browser or of Node sleeps longer at once. */
const LONGEST_MS = 0x7fff_ffff;

export class Host {
  /** The last failure behind an answer: what an error is told to come from. */
  cause: unknown;

  constructor(
    readonly store: Stored,
    private readonly transport: Send,
    private readonly onPrompt: OnPrompt | undefined,
    readonly onEvent: ((event: Event) => void) | undefined,
    readonly helpBase: string | undefined,
    private readonly onPaste?: OnPaste,
  ) {}

  wallMs(): number {
    return Date.now();
  }

  steadyMs(): number {
    return steadyMs();
  }

  async send(request: Request, signal: AbortSignal): Promise<Answer> {
    const { answer, cause } = await this.transport(request, signal);
    this.cause = cause;
    return answer;
  }

  async show(prompt: Held): Promise<void> {
    if (!this.onPrompt) throw newError("no_prompt", "there is nobody to show the code to");
    await this.onPrompt(new Prompt(prompt));
  }

  async askPerson(prompt: HeldPaste, until: number, signal: AbortSignal): Promise<Answer> {
    if (!this.onPaste) throw newError("no_prompt", "there is nobody to ask for an address");
    const over = new AbortController();
    const time = this.sleepUntil(until, AbortSignal.any([signal, over.signal]));
    // Where the callable throws, nobody waits for it.
    time.catch(() => {});
    try {
      const text = await Promise.race([this.onPaste(new PastePrompt(prompt)), time]);
      return text == null ? { kind: "go" } : { kind: "pasted", text };
    } finally {
      over.abort();
    }
  }

  async ask(act: () => Promise<Answer>): Promise<Answer> {
    try {
      return await act();
    } catch (error) {
      this.cause = error;
      if (error instanceof DeviceGrantError) {
        return { kind: "failed", code: error.code, message: error.message };
      }
      const name = error instanceof Error ? error.name : typeof error;
      return { kind: "failed", code: "store_unreachable", message: `the store threw ${name}` };
    }
  }

  sleepUntil(until: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const left = Math.min(Math.max(0, Math.ceil(until - this.steadyMs())), LONGEST_MS);
      const abort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      }, left);
      signal.addEventListener("abort", abort, { once: true });
    });
  }
}
