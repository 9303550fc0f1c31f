"""Starts real MCP servers and clients for tests, each in the environment of its SDK."""

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"
# `cargo xtask test` makes it; only one version of `mcp` fits into an environment.
MCP1 = os.environ.get("DEVICEGRANT_MCP1_PYTHON") or str(ROOT / "target" / "venv-mcp1" / BIN)


def python(sdk):
    return MCP1 if sdk == "mcp1" else sys.executable


def environment(home, **more):
    """Nothing of the machine the tests run on."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    return {**clean, "DEVICEGRANT_HOME": str(home / "home"), **more}


def words(**options):
    argv = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            argv.append(flag)
        elif value is not None and value is not False:
            argv += [flag, json.dumps(value) if isinstance(value, (dict, list)) else str(value)]
    return argv


def stdio(sdk, **options):
    """The words that start a server on stdio."""
    return [python(sdk), str(HERE / "server.py"), "--sdk", sdk, *words(**options)]


class Program:
    def __init__(self, argv, env):
        self.events = []
        self._new = queue.Queue()
        self.process = subprocess.Popen(
            argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._err = []
        for stream, take in ((self.process.stdout, self._out), (self.process.stderr, self._err.append)):
            threading.Thread(target=self._read, args=(stream, take), daemon=True).start()

    @staticmethod
    def _read(stream, take):
        for line in stream:
            take(line)

    def _out(self, line):
        self._new.put(json.loads(line))

    @property
    def err(self):
        return "".join(self._err)

    def event(self, timeout=30, **wanted):
        """The next event that has these fields; those before it are in `.events`."""
        while True:
            try:
                event = self._new.get(timeout=timeout)
            except queue.Empty:
                self.stop()
                raise AssertionError(f"no {wanted} within {timeout} s: {self.events} {self.err[-3000:]}") from None
            self.events.append(event)
            if all(event.get(name) == value for name, value in wanted.items()):
                return event

    def count(self, **wanted):
        while True:
            try:
                self.events.append(self._new.get_nowait())
            except queue.Empty:
                break
        return sum(all(event.get(name) == value for name, value in wanted.items()) for event in self.events)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Server(Program):
    """`Server("mcp1", home, protect=issuer)`: over HTTP, at `.address`."""

    def __init__(self, sdk, home, port=0, env=None, **options):
        super().__init__(stdio(sdk, http=port, **options), environment(home, **(env or {})))
        self.address = self.event(ready=True)["address"]
        self.port = int(self.address.split(":")[2].split("/")[0])


class Client(Program):
    """`Client("mcp2", home, url=…)`; `call` starts a call, `result` is its end. `program` is what to
    start where that is not client.py."""

    def __init__(self, sdk, home, env=None, program=None, **options):
        argv = [*(program or [python(sdk), str(HERE / "client.py")]), "--sdk", sdk, *words(**options)]
        super().__init__(argv, environment(home, **(env or {})))

    def tell(self, **wish):
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()

    def call(self, tool, name="", **arguments):
        self.tell(call=tool, arguments=arguments, **{"as": name})

    def result(self, name="", timeout=60):
        """How the call of that name ended, which may be a while ago."""
        ends = ("result", "failed", "tools", "cancelled")
        for event in self.events:
            if event.get("of") == name and event["event"] in ends:
                return event
        while True:
            event = self.event(of=name, timeout=timeout)
            if event["event"] in ends:
                return event

    def end(self, timeout=20):
        """Closes its input and waits for its end."""
        self.process.stdin.close()
        try:
            return self.process.wait(timeout)
        finally:
            self.stop()
