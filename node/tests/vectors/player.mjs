// Plays the host of one vector: a virtual clock, replies from the file, every effect compared. What the
// files mean stands in tests/vectors/README.md. It runs on every runtime, so it needs none's modules.
import { plays as playsHome } from "./home.mjs";
import { Kept } from "./kept.mjs";
import { check as checkRecord } from "./records.mjs";
import { registers } from "./registered.mjs";
import * as shown from "./shown.mjs";

export const START = { wallMs: 1_700_000_000_000, steadyMs: 1_000_000 };
export const RANDOM = new TextEncoder().encode("0123456789abcdef0123456789abcdef");
export const GO = { kind: "go" };

/** Rejects where the conversation is another. */
export async function play(dg, name, vector) {
  if (name.startsWith("records/")) return checkRecord(dg, vector);
  if (vector.flow === "home" || vector.flow === "variable_key") return playsHome(dg, vector);
  const player = new Player(dg, vector);
  const outcome = await player.run().catch((error) => {
    if (error instanceof dg.DeviceGrantError) return error;
    throw error;
  });
  shown.must(player.at === vector.steps.length, `it ended with ${outcome} before step ${player.at}`);
  shown.outcome(dg, vector.outcome, outcome);
  if (vector.events) shown.same(player.events.map(({ event }) => event), vector.events, "events");
}

class Player {
  constructor(dg, vector) {
    Object.assign(this, { dg, vector, at: 0, events: [], ...START });
    const { machines } = dg;
    this.options = dg.machines && (() => new (machines().Options)(vector.options ?? {}));
    const player = this;
    this.host = {
      cause: undefined,
      helpBase: undefined,
      wallMs: () => player.wallMs,
      steadyMs: () => player.steadyMs,
      onEvent: (event) => player.events.push(event),
      send: async (request) => player.send(request),
      show: async (prompt) => player.show(prompt),
      sleepUntil: async (until) => player.wait(until),
      ask: (act) => act(),
      get store() {
        shown.must(player.kept, "there is no store here");
        return player.kept;
      },
    };
  }

  drive(flow) {
    return this.dg.drive(flow, this.host);
  }

  async run() {
    const { vector, dg } = this;
    const wasm = dg.machines();
    const options = this.call(() => this.options());
    if (["session", "revoke", "finish", "finish_once"].includes(vector.flow)) {
      this.kept = new Kept(this, options);
      return this.kept.run();
    }
    if (["step_up", "step_up_keep"].includes(vector.flow)) {
      this.kept = new Kept(this, options);
      return this.kept.stepUp();
    }
    if (vector.flow.startsWith("register")) return registers(this, options);
    const own = vector.own_provider && JSON.stringify(vector.own_provider);
    const grant = await this.drive(this.call(() => wasm.Flow.discover(options, own)));
    if (vector.flow === "discover") return grant;
    const start = vector.flow === "login" ? wasm.Flow.login : wasm.Flow.begin;
    let there = await this.drive(start(grant, RANDOM));
    const goesOn = ["begin_poll", "begin_login"].includes(vector.flow);
    while (goesOn && there instanceof wasm.Pending) {
      if (this.at === vector.steps.length && "pending" in vector.outcome) break;
      const { pending, takes } = this.next("pending");
      shown.pending(pending, there);
      this.pass(takes, 0);
      if (vector.sealed) there = this.elsewhere(there);
      there = await this.drive((vector.flow === "begin_login" ? wasm.Flow.resume : wasm.Flow.poll)(there));
    }
    return there;
  }

  /** As the package does: what the machines throw becomes an error. */
  call(act) {
    try {
      return act();
    } catch (thrown) {
      if (!(thrown instanceof this.dg.machines().Failure)) throw thrown;
      throw this.dg.errorOf(thrown);
    }
  }

  elsewhere(pending) {
    const { Key, Pending } = this.dg.machines();
    const key = new Key(new Uint8Array(32).fill(7));
    const bytes = pending.toBytes(key, RANDOM);
    this.steadyMs = 5;
    return Pending.fromBytes(key, bytes);
  }

  next(effect) {
    const step = this.vector.steps[this.at];
    shown.must(step, `after the last step it asks for ${effect}`);
    shown.must(effect in step, `step ${this.at} is ${JSON.stringify(step)}, and it asks for ${effect}`);
    this.at += 1;
    return step;
  }

  send(request) {
    const step = this.next("send");
    const there = shown.request(request);
    if (step.send === "same") shown.same(there, this.last, `step ${this.at - 1}: request`);
    else shown.checkRequest(step.send, there, `step ${this.at - 1}`);
    this.last = there;
    this.pass(step.takes, 0);
    return reply(step.reply);
  }

  show(prompt) {
    const step = this.next("show");
    shown.fields(step.show, shown.prompt(prompt), `step ${this.at - 1}: prompt`);
    this.pass(step.takes, 0);
  }

  wait(until) {
    const step = this.next("wait_ms");
    const wait = Math.max(0, until - this.steadyMs);
    shown.same(wait, step.wait_ms, `step ${this.at - 1}: wait`);
    this.pass(step.takes, wait);
  }

  pass(takes, otherwise) {
    const both = takes ?? otherwise;
    const { wall_ms, steady_ms } = typeof both === "number" ? { wall_ms: both, steady_ms: both } : both;
    this.wallMs += wall_ms;
    this.steadyMs += steady_ms;
  }
}

export function reply(told) {
  if (told.go) return GO;
  if (told.unreachable) return { kind: "unreachable", why: told.unreachable };
  return { kind: "response", status: told.status, headers: Object.entries(told.headers ?? {}).flat(), bytes: body(told) };
}

function body({ json, text, hex, repeat }) {
  const encode = (words) => new TextEncoder().encode(words);
  if (json !== undefined) return encode(JSON.stringify(json));
  if (text !== undefined) return encode(text);
  if (hex !== undefined) return shown.bytesOf(hex);
  if (repeat) return encode((repeat.before ?? "") + repeat.text.repeat(repeat.times) + (repeat.after ?? ""));
  return new Uint8Array();
}
