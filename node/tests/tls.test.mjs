// Certificates that must be refused, each told apart, and one that is trusted.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { test } from "node:test";

import { certificates } from "./certificates.mjs";
import { folder, run } from "./help.mjs";

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
