"""Runs the `devicegrant` command as a person or a script would, and keeps what it said."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("DEVICEGRANT_BIN") or str(ROOT / "target" / "release" / "devicegrant")


def environment(home, **extra):
    """Nothing of the machine the tests run on: no proxy, no login, no locale, no colours."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "DEVICEGRANT_HOME": str(home / "store"), "LANG": "C.UTF-8"}
    return {**clean, **extra}


class Run:
    """A running command. `events` are the JSON lines of stdout as they come."""

    def __init__(self, argv, env, program=BINARY, stdin=subprocess.DEVNULL):
        self.stdout, self.stderr = [], []
        self._events = queue.Queue()
        self.process = subprocess.Popen(
            [program, *map(str, argv)], env=env, stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.stdout, self._events), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.stderr, None), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, kept, events):
        for line in stream:
            kept.append(line)
            if events is not None:
                events.put(line)

    def event(self, name, timeout=30):
        """The next event, which must be this one."""
        event = self.any_event(timeout, name)
        assert event["event"] == name, event
        return event

    def any_event(self, timeout=30, wanted="any"):
        """The next event."""
        try:
            line = self._events.get(timeout=timeout)
        except queue.Empty:
            self.process.kill()
            raise AssertionError(f"no event ({wanted}) within {timeout} s; stdout: {self.out} stderr: {self.err}") from None
        return json.loads(line)

    def type(self, line):
        """A line for the command to read (`start(…, typed=True)`)."""
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def wait_for_err(self, text, timeout=20):
        end = time.monotonic() + timeout
        while text not in self.err:
            assert time.monotonic() < end, f"{text!r} never came on stderr: {self.err}"
            time.sleep(0.02)

    @property
    def out(self):
        return b"".join(self.stdout).decode()

    @property
    def err(self):
        return b"".join(self.stderr).decode()

    def signal(self, number):
        os.kill(self.process.pid, number)

    def end(self, timeout=60):
        """Wait for the end; returns the exit code."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            raise AssertionError(f"still running after {timeout} s; stdout: {self.out} stderr: {self.err}") from None
        for reader in self._readers:
            reader.join(5)
        return code

    def events(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """The command with a home of its own."""

    def __init__(self, home):
        self.home = home
        self._runs = []

    def environment(self, **env):
        """For another program that shares its home."""
        return environment(self.home, **env)

    def start(self, *argv, typed=False, **env):
        stdin = subprocess.PIPE if typed else subprocess.DEVNULL
        self._runs.append(Run(argv, environment(self.home, **env), stdin=stdin))
        return self._runs[-1]

    def stop(self):
        """A test that failed half-way leaves no sign-in polling behind."""
        for run in self._runs:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()

    def run(self, *argv, timeout=60, **env):
        run = self.start(*argv, **env)
        run.code = run.end(timeout)
        return run

    def sign_in(self, *argv, **env):
        """A login that the server approves by itself; the `signed_in` event."""
        run = self.run("login", "--json", *argv, **env)
        assert run.code == 0, run.out + run.err
        return run.events()[-1]

    def token(self, *argv, **env):
        run = self.run("token", *argv, **env)
        assert run.code == 0, run.err
        return run.out.strip()

    def fails(self, *argv, timeout=60, **env):
        """A `login --json` that must end badly: (error event, the run)."""
        run = self.run("login", "--json", *argv, timeout=timeout, **env)
        assert run.code != 0, run.out
        error = run.events()[-1]
        assert error["event"] == "error" and error["exit"] == run.code, (run.code, run.out, run.err)
        return error, run


def peak_memory(argv, env):
    """(exit code, stdout, peak resident bytes). Linux lets a child inherit its parent's peak, so a
    small Python stands between this large one and the command."""
    launcher = (
        "import os,subprocess,sys\n"
        "child=subprocess.Popen(sys.argv[1:],stdin=subprocess.DEVNULL)\n"
        "_,status,usage=os.wait4(child.pid,0)\n"
        "os.write(2,b'\\nPEAK %d'%usage.ru_maxrss)\n"
        "os._exit(os.waitstatus_to_exitcode(status)&255)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", launcher, BINARY, *map(str, argv)],
        env=env, capture_output=True, timeout=60, check=False,
    )
    return done.returncode, done.stdout.decode(), int(done.stderr.rsplit(b"PEAK ", 1)[1]) * 1024
