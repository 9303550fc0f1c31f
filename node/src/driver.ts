// The loop between the core and the world. There is no decision about OAuth in it.
import { errorOf } from "./errors.js";
import type { Host } from "./host.js";
import type { Answer, Flow, Step } from "./machines.js";
import { machines } from "./machines.js";
import { Stretch } from "./stretch.js";

const GO: Answer = { kind: "go" };

/** Drives any flow to its end. `stretch` says when it must not be cut off. */
export async function drive<T>(flow: Flow<T>, host: Host, stretch = new Stretch()): Promise<T> {
  let answer = GO;
  let lease: string | undefined;
  try {
    for (;;) {
      const held: string | undefined = lease;
      lease = undefined;
      const step = next(flow, answer, host);
      lease = held;
      // What has come to its end meanwhile is not thrown away.
      if (step.kind !== "done") stretch.signal.throwIfAborted();
      switch (step.kind) {
        case "done":
          return step.output;
        case "send":
          stretch.raiseIf(step.request.mustFinish);
          answer = await host.send(step.request, stretch.signal);
          break;
        case "show":
          await host.show(step.prompt);
          answer = GO;
          break;
        case "ask":
          answer = await host.askPerson(step.prompt, step.until, stretch.signal);
          break;
        case "wait":
          await host.sleepUntil(step.until, stretch.signal);
          answer = GO;
          break;
        case "load":
          answer = await host.ask(() => host.store.load(step.id));
          break;
        case "list":
          answer = await host.ask(() => host.store.list());
          break;
        case "save":
          answer = await host.ask(() => host.store.save(step.id, step.bytes ?? undefined, step.expected));
          break;
        case "lock":
          // From before the lease is there: one that nobody holds would have to run out.
          stretch.raiseIf(true);
          answer = await host.ask(() => host.store.lock(step.id, step.ttlMs, step.force));
          lease = answer.kind === "locked" ? answer.lease : undefined;
          stretch.lowerIf(!lease);
          break;
        case "unlock":
          lease = undefined;
          answer = await host.ask(() => host.store.unlock(step.lease, step.rest ?? undefined));
          stretch.lowerIf(true);
      }
    }
  } finally {
    flow.free();
    // Something of the caller's failed, and not the flow: nobody should have to wait until its lease
    // runs out.
    const left = lease;
    if (left) await host.ask(() => host.store.unlock(left, undefined));
  }
}

function next<T>(flow: Flow<T>, answer: Answer, host: Host): Step<T> {
  try {
    return flow.step(host.wallMs(), host.steadyMs(), answer);
  } catch (thrown) {
    throw thrown instanceof machines().Failure ? errorOf(thrown, host.helpBase, host.cause) : thrown;
  } finally {
    const events = flow.takeEvents();
    if (events && host.onEvent) events.forEach(host.onEvent);
  }
}
