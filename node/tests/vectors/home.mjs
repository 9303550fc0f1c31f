// Plays the host of a conversation about a home's key: the flows `home` and `variable_key`.
import * as shown from "./shown.mjs";

/** The folder that every vector's messages name, and the entropy. */
const HOME = "/home/ada/.local/share/devicegrant";
const RANDOM = new TextEncoder().encode("0123456789abcdef".repeat(4));
const LIMITS = { run: 10_000, recall: 3_000, remember: 3_000 };

export function plays(dg, vector) {
  const wasm = dg.machines();
  const { key, create = false, unattended } = vector.home ?? {};
  let at = 0;
  let outcome;
  try {
    const flow = vector.flow === "home" ? wasm.KeyFlow.open(key, create, HOME, RANDOM, unattended) : wasm.KeyFlow.variables();
    let answer = { kind: "go" };
    for (;;) {
      const step = flow.step(answer);
      if (step.kind === "done") {
        outcome = step.output;
        break;
      }
      const wanted = vector.steps[at];
      shown.must(wanted, `after the last step it asks for ${step.kind}`);
      check(step, wanted, `step ${at}`);
      answer = answerTo(step, wanted.reply);
      at += 1;
    }
  } catch (failure) {
    if (!(failure instanceof wasm.Failure)) throw failure;
    outcome = dg.errorOf(failure);
  }
  shown.must(at === vector.steps.length, `it ended before step ${at}`);
  const [[kind, wished]] = Object.entries(vector.outcome);
  if (kind === "no_home") return shown.same(outcome, undefined, "it ended with");
  if (kind === "error") {
    shown.must(outcome instanceof dg.DeviceGrantError, "it ended without an error");
    return shown.fields(wished, shown.error(outcome), "error");
  }
  shown.must(!(outcome instanceof Error), `it ended with ${outcome?.message}`);
  const opened = outcome instanceof wasm.Key ? { key: outcome.text } : {
    key: outcome.key.text, key_id: outcome.keyId, home_id: outcome.homeId, source: outcome.source,
    created: outcome.created, protects: outcome.protects,
  };
  shown.fields(wished, opened, "opened");
}

function check(step, wanted, where) {
  const limit = LIMITS[step.kind];
  if (limit) shown.same(step.timeoutMs, limit, `${where}: time limit`);
  // What holds a key is shown by a getter only.
  const printed = JSON.stringify(step);
  shown.must(!printed.includes("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"), `${where}: a secret stands in ${printed}`);
  const there = {
    read: () => step.name, variable: () => step.name, run: () => step.argv, recall: () => step.account,
    remember: () => ({ account: step.account, text: step.content.text }), publish: () => file(step),
  }[step.kind]();
  shown.same(there, wanted[step.kind], `${where}: ${step.kind}`);
}

function file({ name, content }) {
  const text = new TextDecoder().decode(content.bytes);
  shown.must(text.endsWith("\n"), "a text file ends with a line's end");
  return text.startsWith("{") ? { name, json: JSON.parse(text) } : { name, text };
}

function answerTo(step, reply) {
  if ("silent" in reply) return { kind: "silent", why: reply.silent.failed ?? reply.silent };
  for (const kind of ["go", "published", "exists", "kept"]) if (reply[kind]) return { kind };
  const text = "json" in reply ? JSON.stringify(reply.json) : reply.text;
  if (step.kind !== "read") return { kind: "text", text };
  return { kind: "file", bytes: text === undefined ? undefined : new TextEncoder().encode(text) };
}
