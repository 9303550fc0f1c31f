// Logins in files that only their owner can read. What happens to them is decided in core
// (LOCKING.md); this is the loop that performs it.
import { join } from "node:path";

import { call } from "../errors.js";
import type { Answer, Disk, FileAnswer, FileStep, Files, Rest } from "../machines.js";
import { machines } from "../machines.js";
import { steadyMs } from "../platform.js";
import type { Stored } from "../stored.js";
import * as files from "./files.js";
import { liveness, thisProcess } from "./liveness.js";

export class FileStore implements Stored {
  #home: string;
  #disk: Disk;

  constructor(home: string) {
    this.#home = home;
    this.#disk = new (machines().Disk)();
  }

  load(id: string): Promise<Answer> {
    return this.#run(() => this.#disk.load(id));
  }
  save(id: string, bytes: Uint8Array | undefined, expected: number): Promise<Answer> {
    return this.#run(() => this.#disk.save(id, bytes, expected));
  }
  lock(id: string, ttlMs: number, force: boolean): Promise<Answer> {
    return this.#run(() => this.#disk.lock(id, ttlMs, force, thisProcess()));
  }
  unlock(lease: string, rest: Rest | undefined): Promise<Answer> {
    return this.#run(() => this.#disk.unlock(lease, rest?.untilMs, rest?.code ?? ""));
  }
  list(): Promise<Answer> {
    return this.#run(() => this.#disk.list());
  }
  describe(): string {
    return join(this.#home, "logins");
  }

  async #run(start: () => Files): Promise<Answer> {
    const machine = call(start);
    try {
      let answer: FileAnswer = { kind: "go" };
      for (;;) {
        const told = answer;
        const step = call(() => machine.step(Date.now(), steadyMs(), told));
        if (step.kind === "done") return step.output;
        answer = await this.#perform(step);
      }
    } finally {
      machine.free();
    }
  }

  #at(path: string): string {
    return join(this.#home, path);
  }

  async #perform(step: Exclude<FileStep, { kind: "done" }>): Promise<FileAnswer> {
    switch (step.kind) {
      case "makeDir":
        files.makeDir(this.#at(step.path));
        return { kind: "made" };
      case "list":
        return { kind: "names", names: files.list(this.#at(step.path)) };
      case "read":
        return files.read(this.#at(step.path), step.max);
      case "publish": {
        const cut = step.path.lastIndexOf("/");
        const folder = this.#at(step.path.slice(0, Math.max(0, cut)));
        const fresh = await files.publish(folder, step.path.slice(cut + 1), step.bytes, step.durable);
        return { kind: fresh ? "published" : "exists" };
      }
      case "remove":
        files.remove(this.#at(step.path));
        return { kind: "removed" };
      case "liveness":
        return { kind: liveness(step.owner) };
    }
  }
}
