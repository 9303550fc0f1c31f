// What the tests share: the demo server of the command in Rust, a front before it that counts and
// delays, programs in processes of their own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { createServer as listen } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = process.env.DEVICEGRANT_ROOT;

/** The command in Rust. */
export const COMMAND = process.env.DEVICEGRANT_BIN ?? join(ROOT, "target/debug/devicegrant");

export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "devicegrant-test-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Starts `devicegrant demo --serve`; ended with the test. */
export async function demo(t, script = {}) {
  const whole = JSON.stringify({ interval: 1, decide: { approve: {} }, ...script });
  const child = spawn(COMMAND, ["demo", "--serve", "0", "--script", whole], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(async () => {
    child.kill();
    await once(child, "exit");
  });
  const lines = createInterface({ input: child.stdout });
  const [first] = await once(lines, "line");
  lines.on("line", () => {});
  return JSON.parse(first).issuer;
}

/** A front before a server: what came through, and each answer of the token endpoint this late. */
export async function front(t, issuer, { lateMs = 0 } = {}) {
  const seen = [];
  const server = createServer((incoming, outgoing) => {
    const parts = [];
    incoming.on("data", (part) => parts.push(part));
    incoming.on("end", () => {
      const body = Buffer.concat(parts);
      const form = Object.fromEntries(new URLSearchParams(body.toString()));
      const one = { path: incoming.url, form, at: performance.now(), answered: false };
      seen.push(one);
      const { host, ...headers } = incoming.headers;
      const onward = httpRequest(new URL(incoming.url, issuer), { method: incoming.method, headers }, (answer) => {
        const late = form.grant_type === "refresh_token" ? lateMs : 0;
        setTimeout(() => {
          outgoing.writeHead(answer.statusCode, answer.headers);
          answer.pipe(outgoing).on("finish", () => (one.answered = true));
        }, late);
      });
      onward.on("error", () => outgoing.destroy());
      onward.end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const at = `http://127.0.0.1:${server.address().port}`;
  const exchanges = () => seen.filter(({ form }) => form.grant_type === "refresh_token").length;
  const endpoints = { deviceEndpoint: `${at}/device_authorization`, tokenEndpoint: `${at}/token` };
  return { at, seen, exchanges, endpoints };
}

/** Starts a redis-server, and returns its port. */
export async function redis(t) {
  const probe = listen().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder(t)], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of server.stdout.setEncoding("utf8")) if (/Ready to accept/.test(line)) break;
  server.stdout.resume?.();
  t.after(async () => {
    server.kill();
    await once(server, "exit");
  });
  return port;
}

/** Runs a program to its end. */
export async function run(program, words, { env = {}, input, timeoutMs = 60_000, stderr = "pipe" } = {}) {
  const child = spawn(program, words, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", stderr] });
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name]?.setEncoding("utf8").on("data", (text) => (out[name] += text));
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  return { code, signal, ...out };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
