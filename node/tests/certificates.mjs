// Server certificates: one good, and one for each way to be wrong.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Certificates made at run time, by an authority of our own. */
export function certificates(at) {
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
