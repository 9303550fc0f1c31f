// What must finish, finishes (DESIGN §4): from the lease or an exchange to its save and unlock a
// caller who gives up cuts nothing off.

/** Whether a flow is where it must not be cut off. */
export class Stretch {
  #end = new AbortController();
  #raised = false;
  #cancelled = false;
  #reason: unknown;

  /** Ends only where nothing has to be brought to its end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  raiseIf(mustFinish: boolean): void {
    this.#raised ||= mustFinish;
  }

  lowerIf(over: boolean): void {
    if (!over) return;
    this.#raised = false;
    if (this.#cancelled) this.#end.abort(this.#reason);
  }

  /** Its last caller is gone. */
  cancel(reason: unknown): void {
    this.#cancelled = true;
    this.#reason = reason;
    this.lowerIf(!this.#raised);
  }
}

/** Work whose end may have to be awaited. */
export class Outstanding {
  #work = new Set<Promise<unknown>>();

  add<T>(work: Promise<T>): Promise<T> {
    const over = (): void => void this.#work.delete(settled);
    const settled: Promise<void> = work.then(over, over);
    this.#work.add(settled);
    return work;
  }

  async settled(): Promise<void> {
    while (this.#work.size) await Promise.all(this.#work);
  }
}

/** The outcome of `work`, or the reason of `signal` as soon as it is given. */
export function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  gone: (reason: unknown) => void,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => {
      gone(signal.reason);
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
