// A tool that needs an upstream token, called by real clients of both generations of the SDK.
import assert from "node:assert/strict";
import { test } from "node:test";

import { toNodeHandler } from "@modelcontextprotocol/node";
import { InMemoryTransport, createMcpHandler } from "@modelcontextprotocol/server";
import { ensure } from "devicegrant/mcp";
import { sleep } from "./help.mjs";
import { connected, upstream } from "./mcp-upstream.mjs";
import { FirstServer, SecondServer, first, listen, readPrompt, second, sessions, textOf } from "./mcp.mjs";

/** The tool: it tells who the API says the person is. */
function withTool(Server, { issuer, login: client, options }) {
  const server = new Server({ name: "tool", version: "1" });
  server.registerTool("whoami", { description: "Who am I at the API?" }, async (context) => {
    const login = await ensure(context, server, client, options);
    if (login.result) return login.result;
    const answer = await login.fetch(`${issuer}/api/whoami`);
    return { content: [{ type: "text", text: `hello ${(await answer.json()).sub}` }] };
  });
  return server;
}

const serving = {
  async second(t, api) {
    const there = await listen(t);
    there.handle = toNodeHandler(createMcpHandler(() => withTool(SecondServer, api)));
    return there.address;
  },
  async first(t, api) {
    const there = await listen(t);
    const serve = sessions(() => withTool(FirstServer, api));
    there.handle = (request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part)).on("end", () => {
        request.body = parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
        serve(request, response).catch((why) => response.destroy(why));
      });
    };
    return there.address;
  },
};

const PAIRS = [["second", "second"], ["first", "first"], ["first", "second"]];

for (const [server, client] of PAIRS) {
  const make = { first, second }[client];
  const pair = `${server} server, ${client} client`;

  test(`${pair}, by address: the person is asked once, however many call`, async (t) => {
    const api = await upstream(t);
    const asked = [];
    const there = await connected(t, await serving[server](t, api), make({
      means: { url: {} },
      async answer(question) {
        asked.push(question);
        const [, code] = /code ([A-Z0-9-]+)/.exec(question.message);
        setTimeout(() => api.approve(code), 1200);
        return { action: "accept" };
      },
    }), client);
    assert.equal(there.client.getNegotiatedProtocolVersion?.() ?? "2025-11-25", server === "second" ? "2026-07-28" : "2025-11-25");
    const warnings = [];
    const warned = (warning) => warnings.push(warning.message);
    process.on("warning", warned);
    const results = await Promise.all(Array.from({ length: 15 }, () => there.call()));
    process.off("warning", warned);
    assert.deepEqual(warnings, []);
    for (const result of results) assert.equal(textOf(result), "hello demo-person");
    assert.equal(asked.length, 1);
    assert.equal(asked[0].mode, "url");
    assert.ok(asked[0].url.startsWith(`${api.issuer}/device`), asked[0].url);
    assert.equal(api.begun(), 1);
    // One after another, at the server's pace.
    const times = api.polls().map(({ at }) => at);
    for (const [i, at] of times.entries()) assert.ok(i === 0 || at - times[i - 1] > 900, `polls at ${times}`);
    assert.equal(textOf(await there.call()), "hello demo-person");
    assert.equal(asked.length, 1);
  });

  test(`${pair}, form only: words first, then only whether it is done`, async (t) => {
    const api = await upstream(t);
    const asked = [];
    const there = await connected(t, await serving[server](t, api), make({
      means: { form: {} },
      async answer(question) {
        asked.push(question);
        await api.approve(told.code);
        return { action: "accept", content: {} };
      },
    }), client);
    const words = await there.call();
    const told = readPrompt(textOf(words));
    assert.equal(words.isError, true);
    assert.ok(told.address.startsWith(api.issuer) && told.code, textOf(words));
    assert.equal(asked.length, 0);
    assert.equal(textOf(await there.call()), "hello demo-person");
    assert.equal(asked.length, 1);
    const question = JSON.stringify(asked[0]);
    assert.ok(!question.includes(told.code) && !question.includes("http"), question);
    assert.equal(api.begun(), 1);
  });

  test(`${pair}, neither: in words, and who calls again waits`, async (t) => {
    const api = await upstream(t);
    const there = await connected(t, await serving[server](t, api), make(), client);
    const told = readPrompt(textOf(await there.call()));
    assert.ok(told.address.startsWith(api.issuer) && told.code);
    setTimeout(() => api.approve(told.code), 1500);
    const progress = [];
    const result = await there.call({ onprogress: (one) => progress.push(one.message) });
    assert.equal(textOf(result), "hello demo-person");
    assert.ok(progress.length >= 1 && /signed in/.test(progress[0]), progress.join());
    assert.equal(api.begun(), 1);
  });

  test(`${pair}: decline ends it, cancel puts it off`, async (t) => {
    const api = await upstream(t);
    const answers = ["cancel", "decline", "accept"];
    const codes = [];
    const there = await connected(t, await serving[server](t, api), make({
      means: { url: {}, form: {} },
      async answer(question) {
        codes.push(/code ([A-Z0-9-]+)/.exec(question.message)[1]);
        const action = answers[codes.length - 1];
        if (action === "accept") await api.approve(codes.at(-1));
        return { action };
      },
    }), client);
    assert.match(textOf(await there.call()), /put off/);
    assert.match(textOf(await there.call()), /does not want to/);
    assert.equal(codes[0], codes[1], "put off, it is the same sign-in");
    const polls = api.polls().length;
    await sleep(2500);
    assert.equal(api.polls().length, polls, "it is polled after the person declined");
    // An approval that comes after all brings nothing.
    await api.approve(codes[1]);
    await sleep(1500);
    assert.equal(textOf(await there.call()), "hello demo-person");
    assert.notEqual(codes[2], codes[1], "declined, it is another sign-in");
    assert.equal(api.begun(), 2);
  });
}

test("no device code leaves the server, and a handle says nothing", async (t) => {
  const api = await upstream(t);
  const address = await serving.second(t, api);
  const there = await connected(t, address, second({ means: { url: {} } }), "second");
  const asking = await there.client.callTool({ name: "whoami", arguments: {} }, { allowInputRequired: true });
  assert.equal(asking.resultType, "input_required");
  assert.equal(asking.requestState, undefined);
  assert.match(Object.keys(asking.inputRequests).join(), /^sign-in-[0-9a-f]{32}$/);
  await sleep(2500);
  const [{ form }] = api.polls();
  assert.ok(form.device_code.length > 10);
  assert.ok(!JSON.stringify(asking).includes(form.device_code));
});

test("a code that dies is told, and the next call begins anew", async (t) => {
  const api = await upstream(t, { script: { expires_in: 3 } });
  const there = await connected(t, await serving.first(t, api), first(), "first");
  const one = readPrompt(textOf(await there.call()));
  assert.match(textOf(await there.call()), /expired|Sign in again/);
  const polls = api.polls().length;
  await sleep(2500);
  assert.equal(api.polls().length, polls);
  const next = readPrompt(textOf(await there.call()));
  assert.notEqual(next.code, one.code);
});

test("a refusal by the person is told", async (t) => {
  const api = await upstream(t);
  const there = await connected(t, await serving.first(t, api), first(), "first");
  await api.deny(readPrompt(textOf(await there.call())).code);
  assert.match(textOf(await there.call()), /denied/);
});

test("listing and another tool answer at once while a person takes their time", async (t) => {
  const api = await upstream(t);
  const there = await connected(t, await serving.first(t, api), first(), "first");
  const told = readPrompt(textOf(await there.call()));
  const waiting = there.call();
  const begun = performance.now();
  const late = await connected(t, await serving.first(t, api), first(), "first");
  for (const { client } of [there, late]) assert.equal((await client.listTools()).tools.length, 1);
  assert.ok(performance.now() - begun < 3000, `${performance.now() - begun} ms`);
  await api.approve(told.code);
  assert.equal(textOf(await waiting), "hello demo-person");
});

test("a call that is held for long gives up, and the sign-in goes on", async (t) => {
  const api = await upstream(t, { hold: 4 });
  const there = await connected(t, await serving.first(t, api), first(), "first");
  const told = readPrompt(textOf(await there.call()));
  const begun = performance.now();
  assert.deepEqual(readPrompt(textOf(await there.call())), told);
  assert.ok(performance.now() - begun < 9000);
  await api.approve(told.code);
  assert.equal(textOf(await there.call()), "hello demo-person");
});

/** A prompt, a resource and a list that need the upstream token as well. */
function withMore(api) {
  const server = new SecondServer({ name: "more", version: "1" });
  const to = (make) => async (...given) => {
    const login = await ensure(given.at(-1), server, api.login, api.options);
    return login.result ?? make((await (await login.fetch(`${api.issuer}/api/whoami`)).json()).sub);
  };
  server.registerPrompt("hello", { description: "Says hello" }, to((sub) => (
    { messages: [{ role: "user", content: { type: "text", text: `hello ${sub}` } }] })));
  server.registerResource("me", "me://self", {}, to((sub) => ({ contents: [{ uri: "me://self", text: `hello ${sub}` }] })));
  server.server.setRequestHandler("resources/templates/list", to((sub) => (
    { resourceTemplates: [{ name: `hello ${sub}`, uriTemplate: "me://{other}" }] })));
  return server;
}

async function servingMore(t, api) {
  const there = await listen(t);
  there.handle = toNodeHandler(createMcpHandler(() => withMore(api)));
  return there.address;
}

/** In one process, where the server may ask the client at any time. */
async function piped(t, client, server) {
  const [here, there] = InMemoryTransport.createLinkedPair();
  await server.connect(there);
  await client.connect(here);
  t.after(() => client.close());
}

const OTHERS = {
  "prompts/get": async (client) => (await client.getPrompt({ name: "hello" })).messages[0].content.text,
  "resources/read": async (client) => (await client.readResource({ uri: "me://self" })).contents[0].text,
  "resources/templates/list": async (client) => (await client.listResourceTemplates()).resourceTemplates[0].name,
};

for (const [method, ask] of Object.entries(OTHERS)) {
  const carries = method !== "resources/templates/list";
  for (const era of ["auto", "legacy"]) {
    const asks = carries || era === "legacy";
    test(`${method}, ${era} era: the person is ${asks ? "asked" : "told by an error"}`, async (t) => {
      const api = await upstream(t);
      const asked = [];
      const client = second({
        era,
        means: { url: {} },
        async answer(question) {
          asked.push(question.mode);
          await api.approve(/code ([A-Z0-9-]+)/.exec(question.message)[1]);
          return { action: "accept" };
        },
      });
      await (era === "auto" ? connected(t, await servingMore(t, api), client, "second") : piped(t, client, withMore(api)));
      if (!asks) await api.approve((await refusedWith(ask(client))).code);
      assert.equal(await ask(client), "hello demo-person");
      assert.deepEqual(asked, asks ? ["url"] : []);
    });
  }

  test(`${method}, a client that cannot ask: the person is told by an error`, async (t) => {
    const api = await upstream(t, { hold: 3 });
    const { client } = await connected(t, await servingMore(t, api), second(), "second");
    const told = await refusedWith(ask(client));
    assert.deepEqual(await refusedWith(ask(client)), told, "held in vain, it is told again");
    await api.deny(told.code);
    await assert.rejects(ask(client), (error) => error.code === -32600 && /denied/.test(error.message));
    await api.approve((await refusedWith(ask(client))).code);
    assert.equal(await ask(client), "hello demo-person");
  });
}

/** Address and code out of the error that a request is refused with. */
async function refusedWith(asking) {
  const error = await asking.then((result) => assert.fail(JSON.stringify(result)), (why) => why);
  assert.equal(error.code, -32600, String(error));
  const told = readPrompt(error.message);
  assert.ok(told.address?.startsWith("http://127.0.0.1") && told.code, error.message);
  return told;
}
