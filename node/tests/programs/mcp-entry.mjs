// The entry on whatever runtime or bundler: its errors are the package's own, and nothing runs on.
import { Client, SignInNeeded } from "devicegrant";
import { PerUser, authorize, deviceAuth, ensure } from "devicegrant/mcp";

const client = new Client({ server: "https://mcp.example/mcp", store: "memory" });
const auth = deviceAuth(client);
const errors = [];
for (const act of [() => auth.onUnauthorized(), () => authorize(client, { signal: AbortSignal.abort(new SignInNeeded({ class: "SignInNeeded", candidates: [] })) })]) {
  await act().catch((error) => errors.push(error instanceof SignInNeeded));
}
console.log(JSON.stringify({ errors, token: (await auth.token()) ?? null, kinds: [typeof ensure, typeof PerUser] }));
