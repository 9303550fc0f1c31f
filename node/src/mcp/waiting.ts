// Waiting that keeps no process alive.

declare const Deno: { unrefTimer(id: number): void };

/** Resolves after so long, or as soon as `signal` is given. Nothing is held for it. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms) as ReturnType<typeof setTimeout> | number;
    if (typeof timer === "object") timer.unref();
    else if (typeof Deno === "object") Deno.unrefTimer(timer);
    if (signal?.aborted) over();
    signal?.addEventListener("abort", over, { once: true });
  });
}
