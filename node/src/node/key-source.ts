// The key that logins are sealed with, from where it is kept. Core decides; what is here looks, runs
// and writes.
import { join } from "node:path";

import { call, newError } from "../errors.js";
import type { Key, KeyAnswer, KeyFlow, KeyStep, Opened } from "../machines.js";
import { machines } from "../machines.js";
import type { KeySource } from "../options.js";
import { random } from "../platform.js";
import { run } from "./command.js";
import * as files from "./files.js";
import { recall, remember } from "./keyring.js";

/** No honest file of a home is larger. */
const LARGEST = 64 * 1024;

/** Opens a home; with `create` one that is not there is made, and its key chosen. */
export function openHome(home: string, source: KeySource | undefined, create: boolean, unattended = false): Promise<Opened | undefined> {
  return drive(call(() => machines().KeyFlow.open(source, create, home, random(64), unattended)), home);
}

/** The source that home.json names, to be told to a person: it may be silent now. */
export function chosenSource(home: string): KeySource | undefined {
  const there = files.read(join(home, "home.json"), LARGEST);
  if (there.kind !== "bytes") return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(there.bytes)).key?.source;
  } catch {
    // Whoever opens it says what is wrong with it.
    return undefined;
  }
}

/** The key of a store that has no home, by a variable. */
export function fromVariables(): Promise<Key> {
  return drive(machines().KeyFlow.variables(), undefined);
}

async function drive<T>(flow: KeyFlow<T>, home: string | undefined): Promise<T> {
  let answer: KeyAnswer = { kind: "go" };
  try {
    for (;;) {
      const told = answer;
      const step = call(() => flow.step(told));
      if (step.kind === "done") return step.output;
      answer = await perform(step, home);
    }
  } finally {
    flow.free();
  }
}

async function perform(step: Exclude<KeyStep<unknown>, { kind: "done" }>, home: string | undefined): Promise<KeyAnswer> {
  switch (step.kind) {
    case "read": {
      const there = files.read(join(home!, step.name), LARGEST);
      if (there.kind === "unsafe") throw newError("store_unsafe", there.why);
      return { kind: "file", bytes: there.kind === "bytes" ? there.bytes : undefined };
    }
    case "publish": {
      files.makeDir(home!);
      const fresh = await files.publish(home!, step.name, step.content.bytes, true);
      return { kind: fresh ? "published" : "exists" };
    }
    case "variable":
      return { kind: "text", text: process.env[step.name] };
    case "run":
      return run(step.argv, step.timeoutMs);
    case "recall":
      return recall(step.account, step.timeoutMs);
    case "remember":
      return remember(step.account, step.content.text, step.timeoutMs);
  }
}
