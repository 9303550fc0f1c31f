// Host and store of a conversation about a login that is kept: `session`, `revoke`, `finish`, `finish_once`.
import * as registered from "./registered.mjs";
import { GO, RANDOM, START } from "./player.mjs";
import * as shown from "./shown.mjs";

const LEASE = "lease-1";
const filled = (byte) => new Uint8Array(32).fill(byte);
export const response = (json, status = 200) => ({
  kind: "response", status, headers: [], bytes: new TextEncoder().encode(JSON.stringify(json)),
});

export class Kept {
  constructor(player, options) {
    const wasm = player.dg.machines();
    Object.assign(this, { player, options, wasm, vector: player.vector, there: new Map(), names: new Map() });
    this.key = new wasm.Key(filled(7));
  }

  // What the store has at the start.

  /** The options; for a sign-in for whatever account without what they expect. */
  begunWith(kept) {
    if (kept.options) return new this.wasm.Options(kept.options);
    const { expected_sub, expected_account, ...others } = this.vector.options ?? {};
    return kept.anybody ? new this.wasm.Options(others) : this.options;
  }

  get ownProvider() {
    return this.vector.own_provider && JSON.stringify(this.vector.own_provider);
  }

  /** What was asked for besides when nobody had signed in yet. */
  first(options, challenge) {
    const flow = this.wasm.Flow.widen(options, challenge);
    let answer = GO;
    for (;;) {
      const step = flow.step(START.wallMs, START.steadyMs, answer);
      if (step.kind === "done") return step.output;
      answer = step.kind === "list" ? { kind: "listed", names: [] } : { kind: "loaded", revision: 0 };
    }
  }

  grant(options, challenge) {
    const flow = this.wasm.Flow.discover(options, this.ownProvider, this.first(options, challenge));
    let answer = GO;
    for (;;) {
      const step = flow.step(START.wallMs, START.steadyMs, answer);
      if (step.kind === "done") return step.output;
      shown.must(step.kind === "send", `discovery asks for ${step.kind}`);
      const { metadata } = this.vector;
      answer = response(metadata[step.request.url] ?? metadata);
    }
  }

  begun(grant, answer, wallMs) {
    const flow = this.wasm.Flow.begin(grant, filled(3));
    flow.step(wallMs, 1000, GO);
    return flow.step(wallMs, 1000, response(answer)).output;
  }

  /** A login as a sign-in at that time would have kept it. */
  signIn(kept) {
    const options = this.begunWith(kept);
    const [wallMs, grant] = [START.wallMs - (kept.ago_ms ?? 0), this.grant(options, kept.challenge)];
    const code = {
      device_code: "device-code-0", user_code: "A", interval: 1, expires_in: 600,
      verification_uri: "https://auth.example.com/device",
    };
    const poll = this.wasm.Flow.poll(this.begun(grant, code, wallMs - 60_000));
    poll.step(wallMs, 61_000, GO);
    const tokens = poll.step(wallMs, 61_000, response(kept.answer)).output;
    const flow = this.wasm.Flow.keep(options, grant, tokens, wallMs, this.key, filled(1));
    return this.written(flow, kept.revision ?? 1);
  }

  wait(waiting) {
    const wallMs = START.wallMs - (waiting.ago_ms ?? 0);
    const options = this.begunWith(waiting);
    const pending = this.begun(this.grant(options, waiting.challenge), waiting.answer, wallMs);
    return this.written(this.wasm.Flow.keepPending(options, pending, wallMs, this.key, filled(2)), waiting.revision ?? 1);
  }

  written(flow, revision) {
    flow.step(START.wallMs, START.steadyMs, GO);
    const save = flow.step(START.wallMs, START.steadyMs, { kind: "loaded", revision: revision - 1 });
    this.there.set(save.id, { bytes: save.bytes, revision });
    return save.id;
  }

  /** Another program met `invalid_grant` with the token of the login as it is kept. */
  end(id, revision) {
    const need = new this.wasm.Need(60_000, undefined, [], true);
    const flow = this.wasm.Flow.session(id, this.key, need, filled(4));
    const kept = this.of(id);
    let answer = GO;
    for (;;) {
      const step = flow.step(START.wallMs, START.steadyMs, answer);
      if (step.kind === "save") return void this.there.set(id, { bytes: step.bytes ?? undefined, revision });
      answer = {
        load: { kind: "loaded", bytes: kept.bytes, revision: Math.min(kept.revision, revision - 1) },
        lock: { kind: "locked", lease: LEASE }, send: response({ error: "invalid_grant" }, 400),
      }[step.kind];
      shown.must(answer, `the other program asks for ${step.kind}`);
    }
  }

  of(id) {
    return this.there.get(id) ?? { revision: 0 };
  }

  /** The folder of the login that is kept. */
  begin() {
    const { vector } = this;
    const own = this.options.loginId();
    const id = vector.kept ? this.signIn(vector.kept) : own;
    this.names.set(own, "own").set(id, "login");
    return id;
  }

  async stepUp() {
    const { vector, wasm, player, options } = this;
    this.begin();
    const wider = await player.drive(player.call(() => wasm.Flow.widen(options, vector.challenge)));
    const grant = await player.drive(player.call(() => wasm.Flow.discover(options, this.ownProvider, wider)));
    if (vector.flow === "step_up") return grant;
    const tokens = await player.drive(wasm.Flow.login(grant, RANDOM));
    return player.drive(wasm.Flow.keep(options, grant, tokens, player.wallMs, this.key, filled(1)));
  }

  async run() {
    const { vector, wasm, player } = this;
    const id = this.begin();
    const waiting = vector.waiting && this.wait(vector.waiting);
    if (waiting) this.names.set(waiting, "pending");
    const { min_ttl_ms = 60_000, reject, scopes = [], force = false, challenge } = vector.need ?? {};
    switch (vector.flow) {
      case "session":
        return player.drive(wasm.Flow.session(id, this.key, new wasm.Need(min_ttl_ms, reject, scopes, force, challenge), RANDOM, undefined, this.options.copy()));
      case "revoke":
        return player.drive(wasm.Flow.revoke(id, this.key));
      default:
        return player.drive(wasm.Flow.finish(waiting, this.key, vector.flow === "finish", RANDOM));
    }
  }

  // The conversation.

  async load(id) {
    return this.answer("load", id, (step) => {
      shown.same(this.names.get(id), step.load, "load");
      const told = step.reply ?? {};
      if (told.registered) this.there.set(...registered.kept(this, told.registered));
      if (told.kept) this.signIn(told.kept);
      if (told.ended) this.end(id, told.ended);
      if (told.renewed) this.there.set(id, { bytes: this.conflicted, revision: told.renewed });
      if (told.nothing) this.there.set(id, { revision: told.nothing });
      return { kind: "loaded", ...this.of(id) };
    });
  }

  async save(id, bytes, expected) {
    return this.answer("save", id, (step) => {
      const revision = expected + 1;
      if (step.reply === "conflict") {
        this.conflicted = bytes;
        this.there.set(id, { ...this.of(id), revision });
        return { kind: "conflict" };
      }
      shown.same(this.of(id).revision, expected, "expected revision");
      this.there.set(id, { bytes, revision });
      return { kind: "saved", revision };
    }, (step) => this.saved(step.save, id, bytes, expected));
  }

  async lock(id, ttlMs, force) {
    return this.answer("lock", id, ({ reply }) => {
      if (reply === undefined || reply === "locked") return { kind: "locked", lease: LEASE };
      if (reply === "busy") return { kind: "busy", since: this.player.steadyMs };
      return { kind: "resting", untilMs: this.player.wallMs + reply.rest_ms, code: reply.code };
    }, (step) => {
      shown.must(ttlMs >= 30_000, "a short lease");
      shown.same({ of: this.names.get(id), force }, step.lock, "lock");
    });
  }

  async unlock(lease, rest) {
    return this.answer("unlock", undefined, () => GO, (step) => {
      shown.same(lease, LEASE, "lease");
      const there = rest ? { rest_ms: Math.max(0, rest.untilMs - this.player.wallMs), code: rest.code } : {};
      shown.same(there, step.unlock, "unlock");
    });
  }

  answer(effect, id, act, check = () => {}) {
    const step = this.player.next(effect);
    try {
      check(step);
      const answer = step.reply?.failed ? { kind: "failed", code: step.reply.failed, message: "the store failed" } : act(step);
      this.player.pass(step.takes, 0);
      return answer;
    } catch (error) {
      error.message = `step ${this.player.at - 1}: ${error.message}`;
      throw error;
    }
  }

  /** What is saved is opened as another program would, and compared. */
  saved(wanted, id, bytes, expected) {
    const [[kind, wished]] = Object.entries(wanted);
    const of = this.names.get(id);
    if (!bytes) return shown.same(["nothing", of], [kind, wished], "save");
    const clear = new TextDecoder().decode(bytes);
    shown.must(!/token-|refresh-|device-code|client-secret/.test(clear), "a secret stands in the clear");
    if (of === "client") {
      shown.same(kind, of, "save");
      return shown.fields(wished, registered.opened(this, id, bytes, expected + 1), "save");
    }
    const { Flow, Failure } = this.wasm;
    const find = of === "pending" ? Flow.findPending : Flow.find;
    let found;
    try {
      found = this.found(find(this.options), id, bytes, expected + 1);
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const { code, message } = failure.details();
      shown.same([of, kind], ["login", "ended"], "save");
      return shown.same([code, message], ["login_ended", wished], "save");
    }
    shown.same(kind, of, "save");
    if (of !== "login") return;
    const login = found.open(this.key);
    const header = { asked: [], stepped_up: [], ...login.header.login };
    shown.fields(wished, { ...header, ...shown.tokens(login.tokens) }, "save");
  }

  found(flow, id, bytes, revision) {
    let answer = GO;
    for (;;) {
      const step = flow.step(START.wallMs, START.steadyMs, answer);
      if (step.kind === "done") return step.output;
      if (step.kind === "list") answer = { kind: "listed", names: [id] };
      else answer = step.id === id ? { kind: "loaded", bytes, revision } : { kind: "loaded", revision: 0 };
    }
  }

  async list() {
    return this.answer("list", undefined, () => ({ kind: "listed", names: [...this.there.keys()] }), (step) => {
      shown.same({}, step.list, "list");
    });
  }
}
