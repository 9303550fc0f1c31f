// A server that serves several people: nobody gets anybody else's token.
import assert from "node:assert/strict";
import { test } from "node:test";

import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { Client, MemoryStore, Usage } from "devicegrant";
import { PerUser, ensure } from "devicegrant/mcp";
import { demo, folder } from "./help.mjs";
import { FirstServer, SecondServer, first, introspected, listen, oidc, overHttp, readPrompt, second, sessions, textOf } from "./mcp.mjs";
import { decide } from "./person.mjs";

const KEY = new Uint8Array(32).fill(5);
const ISSUER = "https://people.example";

/** Whom the server's own gate lets in, by the tokens that it gave out. */
const gate = (request) => {
  const [, sub] = /^Bearer of-(\w+)$/.exec(request.headers.authorization ?? "") ?? [];
  return sub && { token: `of-${sub}`, clientId: "c", scopes: [], extra: { sub, iss: ISSUER } };
};

function withTool(Server, issuer, of, options) {
  const server = new Server({ name: "shared", version: "1" });
  server.registerTool("whose", { description: "Whose token is it?" }, async (context) => {
    const login = await ensure(context, server, of, options);
    if (login.result) return login.result;
    const { extra } = await introspected(issuer, login.token);
    return { content: [{ type: "text", text: `of ${extra.sub}` }] };
  });
  return server;
}

const serving = {
  async second(t, make) {
    const there = await listen(t);
    const handler = createMcpHandler(() => make(SecondServer));
    there.handle = (request, response) => toNodeHandler({
      fetch: (one) => handler.fetch(one, { authInfo: gate(request) }),
    })(request, response);
    return there.address;
  },
  async first(t, make) {
    const there = await listen(t);
    const serve = sessions(() => make(FirstServer));
    there.handle = (request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part)).on("end", () => {
        request.body = parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
        request.auth = gate(request);
        serve(request, response).catch((why) => response.destroy(why));
      });
    };
    return there.address;
  },
};

async function as(t, address, generation, name, client) {
  await client.connect(overHttp[generation](address, { requestInit: { headers: { authorization: `Bearer of-${name}` } } }));
  t.after(() => client.close());
  return { client, call: (more) => client.callTool({ name: "whose", arguments: {} }, ...(generation === "first" ? [undefined, more] : [more])) };
}

const perUser = (t, issuer, more) => new PerUser({
  issuer, clientId: "public", scopes: "openid read", home: `${folder(t)}/h`, key: KEY, store: "file",
  expectedSub: ({ subject }) => subject, ...more,
});

const asked = (question) => ({ code: /code ([A-Z0-9-]+)/.exec(question.message)[1], address: question.url });

for (const generation of ["second", "first"]) {
  const make = { first, second }[generation];

  test(`${generation} generation: each has a login of their own`, async (t) => {
    const upstream = await oidc(t);
    const api = perUser(t, upstream.issuer);
    const address = await serving[generation](t, (Server) => withTool(Server, upstream.issuer, api));
    const person = (name) => make({
      means: { url: {} },
      async answer(question) {
        const { code, address: at } = asked(question);
        void decide(at, code, { as: name });
        return { action: "accept" };
      },
    });
    const alice = await as(t, address, generation, "alice", person("alice"));
    const bob = await as(t, address, generation, "bob", person("bob"));
    const both = await Promise.all([alice.call(), bob.call()]);
    assert.deepEqual(both.map(textOf), ["of alice", "of bob"]);
    assert.deepEqual((await Promise.all([bob.call(), alice.call()])).map(textOf), ["of bob", "of alice"]);
    assert.equal(upstream.devices(), 2);
  });

  test(`${generation} generation: what somebody else approves is not kept`, async (t) => {
    const upstream = await oidc(t);
    const api = perUser(t, upstream.issuer, { store: "memory", home: undefined });
    const address = await serving[generation](t, (Server) => withTool(Server, upstream.issuer, api));
    const bob = await as(t, address, generation, "bob", make());
    const told = readPrompt(textOf(await bob.call()));
    // Alice was talked into it.
    await decide(told.address, told.code, { as: "alice" });
    const said = textOf(await bob.call());
    assert.match(said, /alice/);
    const next = readPrompt(textOf(await bob.call()));
    assert.ok(next.code && next.code !== told.code, said);
    await decide(next.address, next.code, { as: "bob" });
    assert.equal(textOf(await bob.call()), "of bob");
  });

  test(`${generation} generation: a server that several reach is refused one login for all`, async (t) => {
    const upstream = await oidc(t);
    const client = new Client({ issuer: upstream.issuer, clientId: "public", store: "memory" });
    const call = async (of, options, name = "alice") => {
      const address = await serving[generation](t, (Server) => withTool(Server, upstream.issuer, of, options));
      return (await as(t, address, generation, name, make())).call();
    };
    const refused = await call(client);
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /use PerUser/);
    // Let in without being known.
    assert.match(textOf(await call(perUser(t, upstream.issuer), {}, "")), /whose login is meant/);
    assert.match(textOf(await call(perUser(t, upstream.issuer, { expectedSub: () => undefined }))), /names no account/);
    assert.deepEqual(upstream.asked, []);
    assert.match(textOf(await call(client, { singleUser: true })), /[Ee]nter the code/);
  });
}

test("the answer to somebody else's question answers nothing", async (t) => {
  const upstream = await oidc(t);
  const api = perUser(t, upstream.issuer);
  const address = await serving.second(t, (Server) => withTool(Server, upstream.issuer, api));
  const means = { means: { url: {} } };
  const alice = await as(t, address, "second", "alice", second(means));
  const bob = await as(t, address, "second", "bob", second(means));
  const ask = async (one, inputResponses) => {
    const params = { name: "whose", arguments: {}, ...(inputResponses && { inputResponses }) };
    return one.client.callTool(params, { allowInputRequired: true });
  };
  const hers = await ask(alice);
  const [[handle, { params }]] = Object.entries(hers.inputRequests);
  const { code, address: at } = asked(params);
  // Bob brings her question's name: he is asked for himself, and ends nothing of hers.
  for (const action of ["accept", "decline", "cancel"]) {
    const carol = await as(t, address, "second", `bob${action}`, second(means));
    const his = await ask(carol, { [handle]: { action } });
    assert.equal(his.resultType, "input_required");
    assert.ok(!(handle in his.inputRequests));
  }
  await decide(at, code, { as: "alice" });
  assert.equal(textOf(await ask(alice, { [handle]: { action: "accept" } })), "of alice");
  const his = await ask(bob, { [handle]: { action: "accept" } });
  assert.equal(his.resultType, "input_required");
  for (const name of ["__proto__", "constructor", "toString"]) {
    const odd = await ask(await as(t, address, "second", `odd${name.length}`, second(means)), { [name]: { action: "accept" } });
    assert.equal(odd.resultType, "input_required");
  }
});

test("users are told apart by issuer and subject, and APIs too", async (t) => {
  const store = new MemoryStore();
  const given = { clientId: "a", store, key: KEY, expectedSub: () => "x" };
  const apis = [await demo(t), await demo(t)].map((issuer) => new PerUser({ issuer, ...given }));
  for (const api of apis) {
    for (const user of [{ subject: "a" }, { subject: "a", issuer: "b" }, { subject: "b", issuer: "a" }, { subject: "ab" }]) {
      const client = await api.client(user);
      assert.equal(await api.client({ ...user }), client);
      await client.keep(await client.begin(), { first: true });
    }
  }
  assert.equal(store.list().filter((id) => store.load(id).bytes).length, 8);
  await assert.rejects(apis[0].client({ subject: "" }), Usage);
  assert.throws(() => new PerUser({ issuer: "https://one.example", clientId: "a", store }), Usage);
  assert.throws(() => new PerUser({ issuer: "https://one.example", ...given, profile: "p" }), Usage);
});

test("another replica takes the answer, and nobody is asked twice", async (t) => {
  const upstream = await oidc(t);
  const home = `${folder(t)}/h`;
  const means = { means: { url: {} } };
  const replica = async () => {
    const api = perUser(t, upstream.issuer, { home });
    return serving.second(t, (Server) => withTool(Server, upstream.issuer, api, { hold: 20 }));
  };
  const [one, two] = [await replica(), await replica()];
  const here = await as(t, one, "second", "alice", second(means));
  const there = await as(t, two, "second", "alice", second(means));
  const params = { name: "whose", arguments: {} };
  const asking = await here.client.callTool(params, { allowInputRequired: true });
  const [[handle, question]] = Object.entries(asking.inputRequests);
  const { code, address } = asked(question.params);
  setTimeout(() => decide(address, code), 500);
  const answered = there.client.callTool({ ...params, inputResponses: { [handle]: { action: "accept" } } }, { allowInputRequired: true });
  const meanwhile = there.client.callTool(params, { allowInputRequired: true });
  assert.equal(textOf(await answered), "of alice");
  assert.equal(textOf(await meanwhile), "of alice");
  assert.equal(textOf(await here.call()), "of alice");
  assert.equal(upstream.devices(), 1);
  const begun = upstream.asked.filter(({ endpoint }) => endpoint === "token");
  assert.ok(begun.length <= 3, `${begun.length} polls, by two replicas`);
});
