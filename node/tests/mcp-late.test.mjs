// A 401 that comes late: the SDKs do not tell which token it was about.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "devicegrant";
import { deviceAuth, deviceOAuthProvider } from "devicegrant/mcp";
import { demo, front, sleep } from "./help.mjs";

const WAYS = {
  deviceAuth: (login) => {
    const auth = deviceAuth(login);
    return { token: () => auth.token(), refused: () => auth.onUnauthorized() };
  },
  deviceOAuthProvider: (login) => {
    const auth = deviceOAuthProvider(login);
    return { token: async () => (await auth.tokens()).access_token, refused: () => auth.discoveryState() };
  },
};

for (const [name, make] of Object.entries(WAYS)) {
  test(`${name}: a token that came meanwhile is not spent for one from before, and is when it is refused itself`, async (t) => {
    const there = await front(t, await demo(t));
    const login = new Client({ ...there.endpoints, clientId: "app", store: "memory", onPrompt() {} });
    await login.login();
    const auth = make(login);
    const first = await auth.token();
    // Not by a 401: it was due.
    await login.token({ force: true });
    const second = await auth.token();
    assert.notEqual(second, first);
    await auth.refused();
    await auth.refused();
    assert.equal(await auth.token(), second);
    assert.equal(there.exchanges(), 1);
    await sleep(2100);
    await Promise.all([auth.refused(), auth.refused()]);
    assert.notEqual(await auth.token(), second);
    assert.equal(there.exchanges(), 2);
  });
}
