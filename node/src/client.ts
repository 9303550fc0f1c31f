// The friendly face: one object that signs a person in and keeps their token fresh.
import type { Abortable, Inside, Revoked, SignIn, TokenNeed } from "./calls.js";
import { begin, paste } from "./begin.js";
import type { Place } from "./begin.js";
import { drive } from "./driver.js";
import { DeviceGrantError, SignInNeeded, call, errorOf, newError } from "./errors.js";
import { Flight } from "./flight.js";
import { Host } from "./host.js";
import type { Keys } from "./keys.js";
import { givenKey } from "./keys.js";
import { healthOfFound, told } from "./looking.js";
import type * as wasm from "./machines.js";
import { machines } from "./machines.js";
import { MemoryStore } from "./memory.js";
import type { ClientOptions, OnPaste, OnPrompt } from "./options.js";
import { optionsOf } from "./options.js";
import { here, random, steadyMs } from "./platform.js";
import type { Stored } from "./stored.js";
import { stored } from "./stored.js";
import type { Progress } from "./progress.js";
import { progress } from "./progress.js";
import { Outstanding, Stretch, unlessAborted } from "./stretch.js";
import { sendBy } from "./transport.js";
import type { Send } from "./transport.js";
import { Pending, Tokens, keyOf } from "./values.js";
import type { Health } from "./values.js";

/** What memory holds of a login. */
interface Remembered {
  cached: wasm.Cached;
  token: string;
}

/** Signs a person in at one place, as one client, and keeps the token fresh. */
export class Client {
  #options: wasm.Options;
  #ownProvider: string | undefined;
  #store: Stored;
  #keys: Keys;
  #send: Send;
  #onPrompt: OnPrompt | undefined;
  #onEvent: ((event: wasm.Event) => void) | undefined;
  #helpBase: string | undefined;

  #usual: wasm.Need;
  #outstanding = new Outstanding();
  #flight = new Flight<Remembered>(this.#outstanding);
  #remembered: Remembered | undefined;
  #id: string | undefined;
  /** What the last sign-in kept. */
  #signedIn: wasm.Login | undefined;
  /** Tokens that could not be written, and why. */
  #unwritten: { login: wasm.Login; error: DeviceGrantError } | undefined;
  /** The last renewal that failed, and when. */
  #failure: { error: DeviceGrantError; at: number } | undefined;

  /** Nothing is asked of any server yet. Throws `Usage` and `StoreError` for what cannot be used. */
  constructor(given: ClientOptions) {
    this.#options = optionsOf(given);
    this.#usual = new (machines().Need)(60_000, undefined, [], false);
    const name = this.#options.providerName();
    this.#ownProvider = name ? here().provider(given, name) : undefined;
    this.#helpBase = this.#options.helpBase(this.#ownProvider);
    const { store = "auto", key } = given;
    const keys = key === undefined ? undefined : givenKey(keyOf(key));
    if (store === "memory") {
      this.#store = stored(new MemoryStore());
      this.#keys = keys ?? givenKey(keyOf(random(32)));
    } else if (store === "auto" || store === "file") {
      const files = here().files(given);
      this.#store = files.store;
      this.#keys = keys ?? files.keys;
    } else if (typeof store === "string") {
      throw newError("bad_option", "store is auto, file, memory, or an object with the four methods");
    } else {
      this.#store = stored(store);
      this.#keys = keys ?? here().variables();
    }
    this.#send = sendBy(given.fetch);
    this.#onPrompt = given.onPrompt ?? here().terminal();
    this.#onEvent = given.onEvent;
  }

  /** Where logins are kept, for a person. */
  get store(): string {
    return this.#store.describe();
  }

  #host(onPrompt = this.#onPrompt, onEvent = this.#onEvent): Host {
    return new Host(this.#store, this.#send, onPrompt, onEvent, this.#helpBase);
  }

  #run<T>(signal: AbortSignal | undefined, work: (stretch: Stretch) => Promise<T>): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const stretch = new Stretch();
    const started = this.#outstanding.add(work(stretch));
    return unlessAborted(started, signal, (reason) => stretch.cancel(reason));
  }

  #call<T>(act: () => T): T {
    return call(act, this.#helpBase);
  }

  // The hot path, and what stands behind it.

  /**
   * An access token, ready to stand behind `Bearer`; renewed where that is due, at most once for
   * however many callers. It never asks a person: `SignInNeeded` instead.
   */
  async token(need: TokenNeed = {}): Promise<string> {
    const { minTtl, reject, scopes, challenge, force, signal } = need;
    const known = this.#remembered;
    if (known && minTtl === undefined && reject === undefined && !scopes && challenge === undefined && !force && !signal) {
      if (known.cached.meets(Date.now(), steadyMs(), this.#usual)) return known.token;
    }
    return (await this.#good(need)).token;
  }

  /** The tokens that are kept, good as `token` gives them. */
  async tokens(need: TokenNeed = {}): Promise<Tokens> {
    const { cached } = await this.#good(need);
    const login = cached.login;
    return new Tokens(login.tokens);
  }

  async #good(need: TokenNeed): Promise<Remembered> {
    const { minTtl = 60, reject, scopes = [], challenge, force = false, signal } = need;
    signal?.throwIfAborted();
    const needed = () => new (machines().Need)(minTtl * 1000, reject, [...scopes], force, challenge);
    const wanted = this.#call(needed);
    const meets = (there: Remembered) => there.cached.meets(Date.now(), steadyMs(), wanted);
    try {
      const known = this.#remembered;
      if (known && meets(known)) return known;
      const demand = JSON.stringify([scopes, challenge]);
      for (;;) {
        // The flight may outlive this caller, so it has a need of its own.
        const asked = needed();
        const [there, joined] = await this.#flight.join(signal, demand, (stretch) => this.#renew(asked, stretch));
        // Whoever joined may need more than was asked for; alone one gets the best there is.
        if (!joined || force || meets(there)) return there;
      }
    } finally {
      wanted.free();
    }
  }

  async #renew(need: wasm.Need, stretch: Stretch): Promise<Remembered> {
    try {
      return await this.#exchange(need, stretch);
    } catch (error) {
      if (error instanceof DeviceGrantError) this.#failure = { error, at: Date.now() };
      // Whoever signs in next may do so under another name that fits as well.
      if (error instanceof SignInNeeded) this.#id = undefined;
      throw error;
    }
  }

  async #exchange(need: wasm.Need, stretch: Stretch): Promise<Remembered> {
    const { Flow, Failure } = machines();
    this.#id ??= (await this.#find()).header.id;
    const id = this.#id;
    const key = await this.#keys.key(false);
    const bytes = random(33);
    const flow = this.#call(() => Flow.session(id, key, need, bytes.subarray(0, 32), this.#unwritten?.login.copy(), this.#options.copy()));
    let renewal: wasm.Renewal;
    try {
      renewal = await drive(flow, this.#host(), stretch);
    } catch (error) {
      // Else it is still the only copy.
      if (error instanceof SignInNeeded) this.#unwritten = undefined;
      throw error;
    }
    const { unsaved, rest, login } = renewal;
    this.#unwritten = unsaved ? { login: renewal.login, error: errorOf(unsaved, this.#helpBase) } : undefined;
    const message = "the token could not be renewed the last time it was tried";
    this.#failure = rest
      ? { error: errorOf(new Failure(rest.code, message), this.#helpBase), at: Date.now() }
      : undefined;
    const cached = renewal.cached(Date.now(), steadyMs(), bytes[32]!);
    const token = login.tokens.accessToken;
    return (this.#remembered = { cached, token });
  }

  async #find(evenEnded = false): Promise<wasm.Found> {
    return drive(this.#call(() => machines().Flow.find(this.#options, evenEnded)), this.#host());
  }

  /** Why the newest tokens could not be written. They are in memory, and written with the next renewal. */
  get unsaved(): DeviceGrantError | undefined {
    return this.#unwritten?.error;
  }

  // Signing in.

  /** Signs a person in, keeps the login, and returns its tokens (RFC 8628). */
  login(options: SignIn = {}): Promise<Tokens> {
    const onPrompt = options.onPrompt ?? this.#onPrompt;
    return this.#run(options.signal, async (stretch) => {
      askSomebody(onPrompt);
      // Whoever cannot keep the login should not ask for it.
      await this.#keys.key(true);
      const host = this.#host(onPrompt, options.onEvent);
      const pending = await begin(this.#place(options.challenge), host, stretch);
      const there = await drive(machines().Flow.resume(pending), host, stretch);
      if (there instanceof machines().Pending) throw newError("out_of_turn", "the sign-in did not end");
      return new Tokens((await this.#keep(pending.grant, there, host)).tokens);
    });
  }

  /**
   * Signs a person in who opens one address and pastes another: the authorization code grant with
   * PKCE, for servers that have no device endpoint.
   */
  loginByPaste(onPaste: OnPaste, { signal, challenge }: Pick<SignIn, "signal" | "challenge"> = {}): Promise<Tokens> {
    return this.#run(signal, async (stretch) => {
      const host = new Host(this.#store, this.#send, undefined, this.#onEvent, this.#helpBase, onPaste);
      const { grant, tokens } = await paste(this.#place(challenge), host, stretch);
      return new Tokens((await this.#keep(grant, tokens, host)).tokens);
    });
  }

  /** As `login`, telling what happens; whoever leaves the loop ends the sign-in. */
  progress({ signal, challenge }: Pick<SignIn, "signal" | "challenge"> = {}): AsyncGenerator<Progress, void, void> {
    return progress((more) => this.login({ ...more, challenge }), signal, this.#onEvent);
  }

  /** Asks for a code and returns at once. */
  begin({ signal, challenge }: Pick<SignIn, "signal" | "challenge"> = {}): Promise<Pending> {
    return this.#run(signal, async (stretch) => new Pending(await begin(this.#place(challenge), this.#host(), stretch)));
  }

  /**
   * Polls once; before its time it sends nothing. Tokens are kept before they are returned, also
   * where the caller leaves meanwhile. One at a time: two polls at once make some servers revoke the
   * grant; `keep` and `pollKept` see to that across processes.
   */
  poll(pending: Pending, { signal }: Abortable = {}): Promise<Pending | Tokens> {
    return this.#run(signal, async (stretch) => {
      const held = Pending.held(pending);
      const host = this.#host();
      const there = await drive(machines().Flow.poll(held), host, stretch);
      if (there instanceof machines().Pending) return new Pending(there);
      return new Tokens((await this.#keep(held.grant, there, host)).tokens);
    });
  }

  /**
   * Keeps a sign-in that was begun, so that any process or replica can finish it. With `first` one that
   * waits already stays in its place, so that of several that begin at once a person sees one code.
   */
  async keep(pending: Pending, { first = false } = {}): Promise<void> {
    const key = await this.#keys.key(true);
    const held = Pending.held(pending);
    const flow = () => machines().Flow.keepPending(this.#options, held, Date.now(), key, random(32), first);
    await drive(this.#call(flow), this.#host());
  }

  /** Polls the kept sign-in once, under its lease. */
  pollKept({ signal }: Abortable = {}): Promise<Pending | Tokens> {
    return this.#finish(signal, false, this.#onPrompt);
  }

  /** Shows the kept sign-in's prompt again and goes on with it to the end. */
  async resume(options: Omit<SignIn, "onEvent" | "challenge"> = {}): Promise<Tokens> {
    const onPrompt = options.onPrompt ?? this.#onPrompt;
    askSomebody(onPrompt);
    const there = await this.#finish(options.signal, true, onPrompt);
    if (there instanceof Pending) throw newError("out_of_turn", "the sign-in did not end");
    return there;
  }

  /** Gives the kept sign-in up, for whoever polls it; true where one waited. */
  drop(): Promise<boolean> {
    return drive(this.#call(() => machines().Flow.dropPending(this.#options)), this.#host());
  }

  #finish(signal: AbortSignal | undefined, toTheEnd: boolean, onPrompt: OnPrompt | undefined) {
    return this.#run(signal, async (stretch): Promise<Pending | Tokens> => {
      const { Flow } = machines();
      const host = this.#host(onPrompt);
      const found = await drive(this.#call(() => Flow.findPending(this.#options)), host, stretch);
      const id = found.header.id;
      const key = await this.#keys.key(false);
      const flow = this.#call(() => Flow.finish(id, key, toTheEnd, random(32)));
      const there = await drive(flow, host, stretch);
      if (there instanceof machines().Pending) return new Pending(there);
      return new Tokens(this.#remember(there).tokens);
    });
  }

  #place(challenge: string | undefined): Place {
    const [options, ownProvider, helpBase, keys] = [this.#options, this.#ownProvider, this.#helpBase, this.#keys];
    return { options, ownProvider, helpBase, keys, challenge };
  }

  /** The tokens are here, so nobody's leaving keeps them from being kept. */
  async #keep(grant: wasm.Grant, tokens: wasm.Tokens, host: Host): Promise<wasm.Login> {
    const key = await this.#keys.key(true);
    const flow = () => machines().Flow.keep(this.#options, grant, tokens, Date.now(), key, random(32));
    return this.#remember(await drive(this.#call(flow), host));
  }

  /** A fresh sign-in takes the place of what was known before. */
  #remember(login: wasm.Login): wasm.Login {
    this.#forget();
    this.#id = login.header.id;
    this.#signedIn = login;
    return login;
  }

  #forget(): void {
    this.#remembered = this.#id = this.#unwritten = this.#failure = undefined;
  }

  // Looking, and the end.

  /** How the login is doing, or one that `all` told; no server is asked. */
  async health(of?: wasm.Header): Promise<Health> {
    const found = of && told.get(of);
    if (of && !found) throw newError("bad_option", "health takes a header that all() told");
    const failure = found ? undefined : this.#failure;
    return healthOfFound(async () => found ?? (await this.#find(true)), this.#keys, failure);
  }

  /** Everything that is kept, in its clear part; what cannot be read is an error in its place. */
  async all(): Promise<(wasm.Header | DeviceGrantError)[]> {
    return (await this.#survey()).map((there) => {
      if (there instanceof machines().Failure) return errorOf(there, this.#helpBase);
      const header = there.header;
      told.set(header, there);
      return header;
    });
  }

  #survey(): Promise<(wasm.Found | wasm.Failure)[]> {
    return drive(machines().Flow.survey(), this.#host());
  }


  /**
   * Signs out: the tokens are revoked at the server (RFC 7009) and nothing is kept of them, whatever
   * the server says. True where the server took them back.
   */
  async logout({ signal }: Abortable = {}): Promise<boolean> {
    return (await this.#end(signal)).how === "at_server";
  }

  #end(signal: AbortSignal | undefined): Promise<Revoked> {
    return this.#run(signal, async (stretch): Promise<Revoked> => {
      const { Flow, Key } = machines();
      let id: string;
      try {
        id = (await this.#find(true)).header.id;
      } catch (error) {
        if (!(error instanceof SignInNeeded)) throw error;
        this.#forget();
        return { how: "nothing" };
      }
      let lost: unknown;
      // A key that is gone must not keep anybody from signing out.
      const key = await this.#keys.key(false).catch((why) => ((lost = why), new Key(new Uint8Array(32))));
      const { how, failure } = await drive(this.#call(() => Flow.revoke(id, key)), this.#host(), stretch);
      this.#forget();
      const error = failure && errorOf(failure, this.#helpBase);
      return { how, error: how === "failed" && lost instanceof DeviceGrantError ? lost : error };
    });
  }

  /** @internal What the command of this package tells besides. */
  static inside(client: Client): Inside {
    return {
      look: () => client.#find(true), chooseKey: () => client.#keys.key(true),
      end: (signal) => client.#end(signal), signedIn: () => client.#signedIn,
    };
  }

  /** Waits until every exchange that is on its way has been kept: before `process.exit`, where calls were given up. */
  finish(): Promise<void> {
    return this.#outstanding.settled();
  }
}

function askSomebody(onPrompt: OnPrompt | undefined): asserts onPrompt {
  const message = "there is neither a prompt nor a terminal to ask a person through";
  if (!onPrompt) throw newError("no_prompt", message);
}
