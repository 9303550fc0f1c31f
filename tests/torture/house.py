"""One login in one home at one real server, and the programs that renew it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "servers"), str(HERE.parent / "e2e")]

from approve import decide  # noqa: E402
from command import BINARY, ROOT, environment  # noqa: E402

WORKER = os.environ.get("DEVICEGRANT_TORTURE_BIN") or str(ROOT / "target" / "debug" / "devicegrant-torture")


def refreshes(lines, status=None):
    """Of the server's log: its exchanges of a refresh token."""
    mine = [line for line in lines if line["grant_type"] == "refresh_token"]
    return [line for line in mine if status in (None, line["status"])]


class Said:
    """How a worker ended. The token is kept from every message by `repr`."""

    def __init__(self, code, line):
        self.code = code
        said = json.loads(line) if line.strip() else {}
        self.token, self.error = said.get("token"), said.get("error")
        self.ms, self.sent, self.steps = said.get("ms"), said.get("sent"), said.get("steps", [])

    def __repr__(self):
        outcome = "a token" if self.token else self.error
        return f"<{outcome}, exit {self.code}, {self.ms} ms, {self.sent} sent>"


class House:
    def __init__(self, folder, server):
        self.folder, self.server = Path(folder), server
        self.home = self.folder / "store"
        self.running = []

    def start(self, job, rejected, *words):
        """A worker that has to bring another token than `rejected`."""
        process = subprocess.Popen(
            [WORKER, job, str(self.home), self.server.issuer, *map(str, words)],
            env=environment(self.folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        self.running = [one for one in self.running if one.poll() is None] + [process]
        if job != "sign-in":
            process.stdin.write(f"{rejected or ''}\n".encode())
            process.stdin.close()
        return process

    def end(self, process, timeout=30):
        process.wait(timeout)
        with process.stdout as out:
            return Said(process.returncode, out.read())

    def run(self, job, rejected, *words):
        return self.end(self.start(job, rejected, *words))

    def token(self):
        """What the next program gets that rejects nothing."""
        said = self.run("renew", None)
        assert said.token, said
        return said.token

    def sign_in(self):
        """A person approves; whatever stood there before is replaced. Returns the token."""
        process = self.start("sign-in", None)
        prompt = json.loads(process.stdout.readline())
        decide(prompt["uri"], prompt["code"])
        process.stdin.write(b"\n")
        process.stdin.close()
        said = self.end(process)
        assert said.token, said
        self.server.new_log()
        return said.token

    def login(self):
        (folder,) = (self.home / "logins").iterdir()
        return folder

    def revision(self):
        """The number of the newest revision. Every revision there is must be whole."""
        numbers = []
        for path in self.login().glob("r.*"):
            try:
                record = path.read_bytes()
            except FileNotFoundError:
                continue  # removed for a newer one
            header, _, sealed = record.partition(b"\n")
            assert json.loads(header)["sealed"] == len(sealed), f"{path.name} is torn: {len(record)} bytes"
            numbers.append(int(path.name[2:]))
        return max(numbers)

    def stop(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()


class Progress:
    """Where a long run is: one line that is updated on a terminal, else a line every few seconds."""

    def __init__(self, name, whole):
        self.name, self.whole, self.begun, self.told = name, whole, time.monotonic(), 0.0
        self.live = sys.stderr.isatty()

    def at(self, done, more=""):
        now = time.monotonic()
        if done < self.whole and now - self.told < (0.2 if self.live else 5):
            return
        self.told = now
        line = f"{self.name}: {done} of {self.whole}, {now - self.begun:.0f} s{more}"
        print(f"\r{line}\x1b[K" if self.live else line, end="" if self.live and done < self.whole else "\n",
              file=sys.stderr, flush=True)
