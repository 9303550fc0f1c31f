// Certificates that must be refused, each told apart, and one that is trusted.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { test } from "node:test";

import { folder, run } from "./help.mjs";

/** Certificates made at run time, by an authority of our own. */
function certificates(at) {
  const openssl = (...words) => execFileSync("openssl", words, { cwd: at, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "30");
  mkdirSync(join(at, "new"));
  writeFileSync(join(at, "index.txt"), "");
  writeFileSync(join(at, "ca.cnf"), [
    "[ca]", "default_ca = own", "[own]", "database = index.txt", "new_certs_dir = new", "rand_serial = yes",
    "certificate = ca.pem", "private_key = ca.key", "default_md = sha256", "policy = any", "copy_extensions = copy",
    "unique_subject = no", "[any]", "commonName = supplied",
  ].join("\n"));
  const issue = (name, host, days) => {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`, "-addext", `subjectAltName=${host}`);
    const moment = (shift) => new Date(Date.now() + shift * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, "").slice(2);
    const dates = ["-startdate", moment(-10), "-enddate", moment(days)];
    openssl("ca", "-config", "ca.cnf", "-batch", "-in", `${name}.csr`, "-out", `${name}.pem`, ...dates);
  };
  issue("good", "IP:127.0.0.1", 5);
  issue("expired", "IP:127.0.0.1", -1);
  issue("wrong-host", "DNS:login.example.net", 5);
  openssl("req", "-x509", ...key, "-keyout", "self-signed.key", "-out", "self-signed.pem", "-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1");
}

test("self-signed, expired and wrong-host certificates are refused, each by its name", async (t) => {
  const at = folder(t);
  certificates(at);
  const met = async (kind) => {
    const server = createServer({ key: readFileSync(join(at, `${kind}.key`)), cert: readFileSync(join(at, `${kind}.pem`)) }, (_, answer) => answer.writeHead(404).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const issuer = `https://127.0.0.1:${server.address().port}`;
    const said = await run(process.execPath, ["tests/programs/tls.mjs", issuer], { env: { NODE_EXTRA_CA_CERTS: join(at, "ca.pem") } });
    server.closeAllConnections();
    server.close();
    return said.stdout;
  };
  assert.equal(await met("good"), "no_metadata", "the good one is let through");
  assert.equal(await met("self-signed"), "tls_untrusted");
  assert.equal(await met("expired"), "tls_expired");
  assert.equal(await met("wrong-host"), "tls_wrong_host");
});
