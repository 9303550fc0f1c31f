// What a vector expects against what there is, as JSON.

export function must(holds, words) {
  if (!holds) throw new Error(words);
}

/** Deep equality that does not mind the order of fields. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === undefined) return null;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return hexOf(value);
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

export function same(there, wanted, where) {
  const [a, b] = [JSON.stringify(sorted(there)), JSON.stringify(sorted(wanted))];
  must(a === b, `${where}: ${a} instead of ${b}`);
}

/** A field that is not named is free. */
export function fields(wanted, there, where) {
  for (const [name, value] of Object.entries(wanted)) same(there[name], value, `${where}: ${name}`);
}

export function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function request(held) {
  const { method, url, headers, body, timeoutMs, maxBody, mustFinish } = held;
  return { method, url, headers, body: new TextDecoder().decode(body), timeoutMs, maxBody, mustFinish };
}

export function checkRequest(wanted, there, where) {
  same([there.method, there.url], [wanted.method ?? "POST", wanted.url], where);
  must(there.timeoutMs <= 20_000 && there.maxBody <= 1024 * 1024, `${where}: a request without a limit`);
  same(there.mustFinish, wanted.must_finish ?? false, `${where}: must_finish`);
  const type = wanted.form ? "application/x-www-form-urlencoded" : wanted.json ? "application/json" : undefined;
  const headers = { accept: "application/json", ...(type && { "content-type": type }), ...wanted.headers };
  same(Object.fromEntries(there.headers), headers, `${where}: headers`);
  must(new Set(there.headers.map(([name]) => name)).size === there.headers.length, `${where}: a header twice`);
  if (wanted.form) {
    const pairs = [...new URLSearchParams(there.body)];
    must(new Set(pairs.map(([name]) => name)).size === pairs.length, `${where}: a parameter twice`);
    same(Object.fromEntries(pairs), wanted.form, `${where}: parameters`);
  } else if (wanted.json) same(JSON.parse(there.body), wanted.json, `${where}: body`);
  else same(there.body, "", `${where}: body`);
}

export function prompt(held) {
  return { ...held.fields, text: held.text, plain: held.plain, spoken: held.spoken, qr_size: held.qr?.size };
}

export function pending(wanted, held) {
  const there = { ...(held.prompt ? prompt(held.prompt) : {}), expires_at_ms: held.expiresAtMs };
  const printed = JSON.stringify(held) + String(held);
  must(!/device-code-1|WDJB-MJHT/.test(printed), `it is printed as ${printed}`);
  fields(wanted, there, "pending");
}

export function tokens(held) {
  return {
    access_token: held.accessToken, token_type: held.tokenType, expires_at_ms: held.expiresAtMs,
    refresh_token: held.refreshToken, refresh_expires_at_ms: held.refreshExpiresAtMs, id_token: held.idToken,
    scopes: held.scopes, issuer: held.issuer, sub: held.sub, extra: held.extra,
  };
}

function renewal(held) {
  return {
    ...tokens(held.login.tokens), revision: held.login.header.revision, rest: held.rest?.code,
    unsaved: held.unsaved?.details().code,
  };
}

function grant(held) {
  const { endpoints, client, ...rest } = held.fields;
  must(!("secret" in client), "the client's secret is shown");
  return { ...rest, ...endpoints, auth: client.auth, client_id: client.id };
}

export function error(there) {
  const { code, exit, message } = there;
  return {
    class: there.name, code, exit, message, error: there.error, error_description: there.errorDescription,
    error_uri: there.errorUri,
  };
}

export function outcome(dg, wanted, there) {
  const wasm = dg.machines();
  const [[kind, wished]] = Object.entries(wanted);
  const ended = `it ended with ${there?.name ?? there?.constructor?.name}: ${there?.message}`;
  if (kind === "pending") {
    must(there instanceof wasm.Pending, ended);
    return pending(wished, there);
  }
  if (kind === "revoked") {
    must(there?.how, ended);
    const code = there.failure?.details().code;
    return fields(wished, { how: there.how, code }, kind);
  }
  const login = kind === "tokens" && there instanceof wasm.Login ? there.tokens : there;
  const [type, form] = {
    tokens: [wasm.Tokens, tokens], grant: [wasm.Grant, grant], renewal: [wasm.Renewal, renewal],
    error: [dg.DeviceGrantError, error],
  }[kind];
  must(login instanceof type, ended);
  fields(wished, form(login), kind);
}
