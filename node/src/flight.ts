// Single flight: a thousand callers, one exchange, and all of them get its result.
import { Outstanding, Stretch, unlessAborted } from "./stretch.js";

interface Running<T> {
  demand: string;
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

  /**
   * Joins what is on its way (true), or starts it. The last caller to go ends it, unless it must finish.
   * Why it failed is nothing to whoever joined with another `demand`.
   */
  async join(
    signal: AbortSignal | undefined,
    demand: string,
    start: (stretch: Stretch) => Promise<T>,
  ): Promise<[T, boolean]> {
    for (;;) {
      signal?.throwIfAborted();
      const joined = this.#running !== undefined;
      const running = (this.#running ??= this.#start(demand, start));
      try {
        return [await this.#wait(running, signal), joined];
      } catch (error) {
        if (running.demand === demand || signal?.aborted) throw error;
      }
    }
  }

  #wait(running: Running<T>, signal: AbortSignal | undefined): Promise<T> {
    running.callers += 1;
    return unlessAborted(running.work, signal, (reason) => {
      running.callers -= 1;
      if (running.callers > 0) return;
      running.stretch.cancel(reason);
      // What was cut off has no result for whoever comes next.
      if (running.stretch.signal.aborted) this.#leave(running);
    });
  }

  #start(demand: string, start: (stretch: Stretch) => Promise<T>): Running<T> {
    const stretch = new Stretch();
    const work = this.#outstanding.add(start(stretch));
    const running = { demand, work, stretch, callers: 0 };
    // Its callers may all be gone when it fails.
    work.catch(() => {}).finally(() => this.#leave(running));
    return running;
  }

  #leave(running: Running<T>): void {
    if (this.#running === running) this.#running = undefined;
  }
}
