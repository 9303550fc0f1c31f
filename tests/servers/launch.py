"""Starts and stops the real servers for tests, each by its own process id."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMANDS = {
    "oidc": ["node", str(HERE / "oidc-provider" / "server.mjs")],
    "dot": [sys.executable, str(HERE / "dot" / "server.py")],
}


class Server:
    """`Server("dot", device_ttl=8)`: started, ready and logging to a file of its own."""

    def __init__(self, kind, **options):
        self.kind = kind
        handle, log = tempfile.mkstemp(prefix=f"{kind}-", suffix=".jsonl")
        os.close(handle)
        self._log = Path(log)
        self._read = 0
        # --watch-stdin: should this process die, the pipe closes and the server ends by itself.
        argv = [*COMMANDS[kind], "--watch-stdin", "--log", log]
        for name, value in options.items():
            argv += [f"--{name.replace('_', '-')}", str(value)]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        line = self._first_line(30)
        self.ready = json.loads(line)
        for name in ("issuer", "origin", "device_endpoint", "token_endpoint"):
            setattr(self, name, self.ready[name])

    def _first_line(self, seconds):
        if select.select([self.process.stdout], [], [], seconds)[0]:
            line = self.process.stdout.readline()
            if line:
                return line
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        raise RuntimeError(f"{self.kind} did not start: {self.errors.read().decode(errors='replace')[-2000:]}")

    def log(self, **wanted):
        """The requests so far, oldest first; `log(endpoint="token", status=200)` picks."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [line for line in lines if all(line[name] == value for name, value in wanted.items())]

    def new_log(self):
        """The requests since the last call of this: for runs that ask ten thousand times."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        lines = lines[: lines.rfind(b"\n") + 1]
        self._read += len(lines)
        return [json.loads(line) for line in lines.splitlines()]

    def wait_for(self, count, timeout=60, **wanted):
        """Block until the log holds `count` such requests."""
        end = time.monotonic() + timeout
        while len(self.log(**wanted)) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.kind}: wanted {count} of {wanted}, got {self.log()}")
            time.sleep(0.05)
        return self.log(**wanted)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()
        self._log.unlink(missing_ok=True)
