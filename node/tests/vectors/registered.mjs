// A conversation in which the client may have to be registered: `register` and `register_begin`.
import { Kept, response } from "./kept.mjs";
import { GO, RANDOM, START } from "./player.mjs";
import * as shown from "./shown.mjs";

/** The issuer whose client a vector is about, where the store has none at the start. */
const ISSUER = "https://auth.example.com";
const filled = (byte) => new Uint8Array(32).fill(byte);

/** A registration there, before its first step. */
function register({ wasm, key }, issuer, scopes) {
  const options = new wasm.Options({ target: issuer, scopes });
  const metadata = {
    issuer, device_authorization_endpoint: `${issuer}/d`, token_endpoint: `${issuer}/t`, registration_endpoint: `${issuer}/r`,
  };
  const flow = wasm.Flow.discoverRegistering(options);
  let answer = GO;
  for (;;) {
    const step = flow.step(START.wallMs, START.steadyMs, answer);
    if (step.kind === "done") return wasm.Flow.register(options, step.output, key, filled(5));
    answer = response(metadata);
  }
}

/** A client as a registration at that time would have kept it: its folder, and what is there. */
export function kept(store, { issuer, scopes = [], answer, ago_ms = 0, revision = 1 }) {
  const flow = register(store, issuer, scopes);
  let told = GO;
  for (;;) {
    const step = flow.step(START.wallMs - ago_ms, 1000, told);
    if (step.kind === "save") return [step.id, { bytes: step.bytes, revision }];
    told = step.kind === "send" ? response(answer, 201) : { kind: "loaded", revision: revision - 1 };
  }
}

/** What was saved, as another login of another process finds it. */
export function opened(store, id, bytes, revision) {
  const flow = register(store, ISSUER, []);
  let told = GO;
  for (;;) {
    const step = flow.step(START.wallMs, START.steadyMs, told);
    if (step.kind === "done") {
      const { grant } = step.output;
      const { id: client_id, auth } = grant.fields.client;
      return { client_id, client_secret: secret(store, grant), auth };
    }
    shown.same(step.id, id, "the client's folder");
    told = { kind: "loaded", bytes, revision };
  }
}

/** The client's secret, which only a request shows. */
function secret({ wasm }, grant) {
  const { request } = wasm.Flow.begin(grant, RANDOM).step(START.wallMs, START.steadyMs, GO);
  const [, basic] = request.headers.find(([name]) => name === "authorization") ?? [];
  if (basic) return atob(basic.replace("Basic ", "")).split(":")[1];
  return new URLSearchParams(new TextDecoder().decode(request.body)).get("client_secret") ?? undefined;
}

export async function registers(player, options) {
  const { vector, dg } = player;
  const store = (player.kept = new Kept(player, options));
  const { wasm, key } = store;
  const there = vector.registered;
  const folder = register(store, there?.issuer ?? ISSUER, []).step(START.wallMs, START.steadyMs, GO).id;
  store.names.set(folder, "client");
  if (there) store.there.set(...kept(store, there));
  const own = vector.own_provider && JSON.stringify(vector.own_provider);
  const grant = await player.drive(player.call(() => wasm.Flow.discoverRegistering(options, own)));
  const flow = player.call(() => wasm.Flow.register(options, grant, key, RANDOM));
  const registered = await player.drive(flow);
  if (vector.flow === "register") return registered.grant;
  const begin = (from) => player.drive(wasm.Flow.begin(from.grant, RANDOM));
  try {
    return await begin(registered);
  } catch (error) {
    if (!(error instanceof dg.DeviceGrantError)) throw error;
    const anew = registered.anew(new wasm.Failure(error.code, error.message), key, filled(9));
    if (!anew) throw error;
    return begin(await player.drive(anew));
  }
}
