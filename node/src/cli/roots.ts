// `--ca`: roots of the operator's own, besides the usual ones. The global `fetch` takes none, so that
// here requests are sent by node:https.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { Readable } from "node:stream";
import * as tls from "node:tls";

import { newError } from "../errors.js";

/** A `fetch` that also trusts the certificates in the PEM file. Throws `Usage` (`bad_option`). */
export function trusting(file: string): typeof fetch {
  const agent = new Agent({ ca: [...usual(), ...read(file)], keepAlive: true });
  return (input, init = {}) => {
    const url = new URL(String(input));
    return url.protocol === "https:" ? send(url, init, agent) : fetch(input, init);
  };
}

const ONE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function read(file: string): string[] {
  const unfit = (why: string) => newError("bad_option", `--ca ${file} cannot be used: ${why}`);
  let all: string[];
  try {
    all = readFileSync(file, "latin1").match(ONE) ?? [];
  } catch (why) {
    throw unfit((why as NodeJS.ErrnoException).code ?? "it cannot be read");
  }
  if (!all.length) throw unfit("there is no certificate in it");
  try {
    all.forEach((pem) => new X509Certificate(pem));
  } catch {
    throw unfit("a certificate in it cannot be read");
  }
  return all;
}

/** What is trusted without being asked. Before Node 22.15 the runtime does not tell all of it. */
function usual(): string[] {
  const { getCACertificates } = tls as { getCACertificates?: (which: string) => string[] };
  if (getCACertificates) return getCACertificates("default");
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  return [...tls.rootCertificates, ...(extra ? (readFileSync(extra, "latin1").match(ONE) ?? []) : [])];
}

/** No redirect is followed: the answer is the answer. */
function send(url: URL, { method, headers, body, signal }: RequestInit, agent: Agent): Promise<Response> {
  return new Promise((resolve, reject) => {
    const fields = Object.fromEntries(new Headers(headers));
    const outgoing = request(url, { method, headers: fields, agent, signal: signal ?? undefined }, (answer) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 599) return outgoing.destroy(new Error(`HTTP status ${status}`));
      const pairs = new Headers();
      for (let n = 0; n + 1 < answer.rawHeaders.length; n += 2) pairs.append(answer.rawHeaders[n]!, answer.rawHeaders[n + 1]!);
      const none = status === 204 || status === 205 || status === 304;
      if (none) answer.resume();
      resolve(new Response(none ? null : (Readable.toWeb(answer) as ReadableStream), { status, headers: pairs }));
    });
    outgoing.on("error", reject).end(body);
  });
}
