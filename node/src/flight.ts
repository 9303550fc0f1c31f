// Single flight: a thousand callers, one exchange, and all of them get its result.
import { Outstanding, Stretch, unlessAborted } from "./stretch.js";

interface Running<T> {
  work: Promise<T>;
  stretch: Stretch;
  callers: number;
}

export class Flight<T> {
  #running: Running<T> | undefined;
  #outstanding: Outstanding;

  constructor(outstanding: Outstanding) {
    this.#outstanding = outstanding;
  }

  /** Joins what is on its way (true), or starts it. The last caller to go ends it, unless it must finish. */
  async join(
    signal: AbortSignal | undefined,
    start: (stretch: Stretch) => Promise<T>,
  ): Promise<[T, boolean]> {
    signal?.throwIfAborted();
    const joined = this.#running !== undefined;
    const running = (this.#running ??= this.#start(start));
    running.callers += 1;
    const value = await unlessAborted(running.work, signal, (reason) => {
      running.callers -= 1;
      if (running.callers > 0) return;
      running.stretch.cancel(reason);
      // What was cut off has no result for whoever comes next.
      if (running.stretch.signal.aborted) this.#leave(running);
    });
    return [value, joined];
  }

  #start(start: (stretch: Stretch) => Promise<T>): Running<T> {
    const stretch = new Stretch();
    const work = this.#outstanding.add(start(stretch));
    const running = { work, stretch, callers: 0 };
    // Its callers may all be gone when it fails.
    work.catch(() => {}).finally(() => this.#leave(running));
    return running;
  }

  #leave(running: Running<T>): void {
    if (this.#running === running) this.#running = undefined;
  }
}
