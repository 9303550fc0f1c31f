// One login for each person that a server serves.
import type { ClientOptions } from "devicegrant";
import { Client, MemoryStore } from "devicegrant";
import { digest } from "./digest.js";
import { newError } from "./errors.js";

/** Who asks, as this server's own authentication knows them: nothing that a caller may choose. */
export interface User {
  /** Unique at the issuer: `sub` of their token. */
  subject: string;
  /** `iss` of their token. */
  issuer?: string;
  /** What else the authentication tells. */
  claims?: Record<string, unknown>;
}

export interface PerUserOptions extends Omit<ClientOptions, "profile" | "onPrompt" | "expectedSub" | "expectedAccount"> {
  /** The `sub` at the API's authorization server that belongs to the user. */
  expectedSub?: (user: User) => string | undefined;
  /** The same by another name that it tells, as an e-mail address. */
  expectedAccount?: (user: User) => string | undefined;
}

/** How many users' clients stay in memory; their logins stay in the store. */
const MOST = 4_096;

/**
 * For a server that serves several people: a client for each, which finds nobody else's login.
 *
 * A device page cannot show who asked, so whoever is sent a code could approve it with an account of
 * their own, or talk somebody else into approving theirs. So one of `expectedSub` and `expectedAccount`
 * says which account belongs to the user that asks; a login by another is refused before it is kept.
 */
export class PerUser {
  #given: ClientOptions;
  #expected: Pick<PerUserOptions, "expectedSub" | "expectedAccount">;
  #clients = new Map<string, Client>();

  /** Throws `Usage` (`bad_option`) without an account check, and for what `Client` does. */
  constructor({ expectedSub, expectedAccount, ...given }: PerUserOptions) {
    if (!expectedSub && !expectedAccount) {
      throw newError("bad_option", "a login for each user needs expectedSub or expectedAccount");
    }
    for (const name of ["profile", "onPrompt"]) {
      if (name in given) throw newError("bad_option", `${name} is the user's own: it cannot be given for all`);
    }
    this.#expected = { expectedSub, expectedAccount };
    // Users share what is in memory, as they would share a store.
    const memory = given.store === "memory" ? { store: new MemoryStore(), key: given.key ?? newKey() } : {};
    this.#given = { ...given, ...memory };
    // What cannot be used is told now, and not with the first call of a tool.
    new Client(this.#given);
  }

  /** The user's client. Rejects with `Usage` for a user without a name, or without an account. */
  async client(user: User): Promise<Client> {
    const { expectedSub, expectedAccount } = this.#expected;
    if (!user?.subject) throw newError("bad_option", "whose login is meant? the user has no subject");
    const account = { expectedSub: expectedSub?.(user), expectedAccount: expectedAccount?.(user) };
    for (const name of ["expectedSub", "expectedAccount"] as const) {
      if (this.#expected[name] && !account[name]) throw newError("bad_option", `${name} names no account for the user`);
    }
    const { server, issuer, provider, deviceEndpoint, clientId, resource } = this.#given;
    const place = [server ?? issuer ?? provider ?? deviceEndpoint ?? "", clientId ?? "", resource ?? ""];
    const profile = `user-${await digest([...place, user.issuer ?? "", user.subject])}`;
    const name = JSON.stringify([profile, account]);
    const client = this.#clients.get(name) ?? new Client({ ...this.#given, ...known(account), profile });
    // The least lately used come first.
    this.#clients.delete(name);
    this.#clients.set(name, client);
    for (const [least] of this.#clients) {
      if (this.#clients.size <= MOST) break;
      this.#clients.delete(least);
    }
    return client;
  }
}

function newKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

function known<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
