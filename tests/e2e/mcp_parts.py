"""Real MCP servers and real SDK clients for the tests of the bridge."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from command import BINARY, ROOT, Run, environment

HERE = ROOT / "tests" / "servers" / "bridged"
# Two versions of one package want two homes; `cargo xtask test` makes the older one's and names it.
PYTHONS = {
    "mcp1": os.environ.get("DEVICEGRANT_MCP1_PYTHON") or str(ROOT / "target" / "venv-mcp1" / "bin" / "python"),
    "mcp2": sys.executable,
}
SERVERS = {
    "mcp1": [PYTHONS["mcp1"], str(HERE / "server.py")],
    "mcp2": [PYTHONS["mcp2"], str(HERE / "server.py")],
    "fastmcp": [PYTHONS["mcp2"], str(HERE / "server.py"), "--sdk", "fastmcp"],
    "typescript": ["node", str(HERE / "typescript" / "server.mjs")],
}


class McpServer:
    """`McpServer("mcp1", issuer)`: a protected server; `.address`. It can be started again, and has
    forgotten every session then."""

    def __init__(self, kind, issuer, *options):
        self._refused = tempfile.NamedTemporaryFile("w", suffix=".refused")
        self.argv = [*SERVERS[kind][:2], issuer, *SERVERS[kind][2:], "--refused", self._refused.name, *options]
        self.errors = tempfile.TemporaryFile()
        self.start()

    def start(self, *more):
        self.process = subprocess.Popen([*self.argv, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise RuntimeError(f"{self.argv} did not start: {self.errors.read().decode()[-2000:]}")
        self.address = json.loads(line)["address"]

    @property
    def port(self):
        return int(self.address.split(":")[2].split("/")[0])

    def refuse(self, token):
        """From now on this token is answered 401."""
        self._refused.write(hashlib.sha256(token.encode()).hexdigest() + "\n")
        self._refused.flush()

    def stop(self):
        self.process.kill()
        self.process.wait(10)

    def restart(self):
        self.stop()
        self.start("--port", str(self.port))


class McpClient(Run):
    """A client of an SDK that starts the bridge. `call` sends, `answer` waits."""

    def __init__(self, home, address, *flags, sdk="mcp1", mode="legacy", elicit="none"):
        bridge = [BINARY, "mcp", address, *flags]
        super().__init__(
            [str(HERE / "client.py"), "--mode", mode, "--elicit", elicit, "--", *bridge], environment(home),
            program=PYTHONS[sdk], stdin=subprocess.PIPE,
        )
        self.heard = []
        self._next = 0

    def wait(self, name, timeout=30, **fields):
        """The first event of this kind from here on; what comes before it is kept in `heard`."""
        while True:
            event = self.any_event(timeout)
            self.heard.append(event)
            if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                return event

    def opened(self):
        return self.wait("open")

    def send(self, do, **fields):
        self._next += 1
        line = json.dumps({"id": self._next, "do": do, **fields}) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        return self._next

    def call(self, name, **arguments):
        return self.send("call", name=name, arguments=arguments)

    def answer(self, number, timeout=60):
        for event in self.heard:
            if event["event"] == "answer" and event["id"] == number:
                return event
        return self.wait("answer", timeout, id=number)

    def called(self, name, timeout=60, **arguments):
        answer = self.answer(self.call(name, **arguments), timeout)
        assert not answer.get("failed") and "error" not in answer, answer
        return answer["text"]

    def tools(self):
        return self.answer(self.send("list"))["tools"]

    def close(self):
        self.process.stdin.close()
        return self.end(20)


class Bridge:
    """`devicegrant mcp` before a client of the older era, spoken to without an SDK. `elicits` is what
    its person answers to an address; without it they can be shown none."""

    def __init__(self, command, *argv, elicits=None, **env):
        self.run = command.start("mcp", *argv, typed=True, **env)
        self.elicits, self.elicited = elicits, []
        self._last = 0
        can = {"elicitation": {"url": {}}} if elicits else {}
        info = {"name": "test", "version": "1"}
        self.ask("initialize", protocolVersion="2025-11-25", capabilities=can, clientInfo=info)
        self._say(method="notifications/initialized")

    def _say(self, **message):
        self.run.type(json.dumps({"jsonrpc": "2.0", **message}))

    def ask(self, method, **params):
        self._last += 1
        self._say(id=self._last, method=method, params=params)
        while "method" in (heard := self.run.any_event(90)) or heard["id"] != self._last:
            if heard.get("method") == "elicitation/create":
                self.elicited.append(heard["params"])
                self._say(id=heard["id"], result={"action": self.elicits})
        return heard

    def called(self, name):
        return json.dumps(self.ask("tools/call", name=name, arguments={}))

    @property
    def peak(self):
        """The most memory that it ever had, in bytes."""
        status = Path(f"/proc/{self.run.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024
