// What a tool needs a token for, and the client that calls the tool.
import assert from "node:assert/strict";

import { Client } from "devicegrant";
import { demo, folder, front } from "./help.mjs";
import { overHttp } from "./mcp.mjs";

const KEY = new Uint8Array(32).fill(9);

/** An authorization server, an API behind it, and what was asked of the first. */
export async function upstream(t, { script, ...options } = {}) {
  const issuer = await demo(t, { decide: "person", control: true, interval: 1, ...script });
  const counted = await front(t, issuer);
  const given = { ...counted.endpoints, clientId: "app", scopes: "read", home: folder(t) + "/h", key: KEY, store: "file" };
  const login = new Client(given);
  const tell = (what) => async (code) => {
    const answer = await fetch(`${issuer}/demo/${what}`, { method: "POST", body: new URLSearchParams({ user_code: code }) });
    assert.ok(answer.ok, await answer.text());
  };
  const polls = () => counted.seen.filter(({ form }) => /device_code$/.test(form.grant_type ?? ""));
  const begun = () => counted.seen.filter(({ path }) => path === "/device_authorization").length;
  return { issuer, given, login, options: { singleUser: true, ...options }, polls, begun, approve: tell("approve"), deny: tell("deny"), seen: counted.seen };
}

/** A client, connected. */
export async function connected(t, address, client, generation) {
  await client.connect(overHttp[generation](address));
  t.after(() => client.close());
  const call = (more) => client.callTool({ name: "whoami", arguments: {} }, ...(generation === "first" ? [undefined, more] : [more]));
  return { client, call };
}
