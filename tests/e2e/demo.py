"""The command's own demo server, as a script tells it to behave: `Demo(access_ttl=2)`."""

import json
import subprocess
import threading
import time

import httpx
from command import BINARY, environment

# Approved at the first poll, and no time is lost between polls.
QUICK = {"interval": 0, "control": True, "decide": {"approve": {}}}


class Demo:
    def __init__(self, home, **script):
        self.process = subprocess.Popen(
            [BINARY, "demo", "--serve", "0", "--script", json.dumps({**QUICK, **script})],
            env=environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.issuer = json.loads(self.process.stdout.readline())["issuer"]
        self.device_endpoint = f"{self.issuer}/device_authorization"
        self.token_endpoint = f"{self.issuer}/token"
        self._words = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self._words.append(line.decode())

    def count(self, words):
        """How many lines of what happened hold these words."""
        return sum(words in line for line in list(self._words))

    def wait_for(self, words, count=1, timeout=20):
        end = time.monotonic() + timeout
        while self.count(words) < count:
            assert time.monotonic() < end, f"{words!r} did not happen {count} times: {self._words}"
            time.sleep(0.02)

    def exactly(self, words, count):
        """Asserts that they stand there so often. The server tells it a moment after it has answered."""
        self.wait_for(words, count)
        time.sleep(0.1)
        assert self.count(words) == count, self._words

    def approve(self, user_code):
        httpx.post(f"{self.issuer}/demo/approve", data={"user_code": user_code}, trust_env=False).raise_for_status()

    def accepts(self, token):
        """Whether the API behind the server takes the token."""
        bearer = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{self.issuer}/api/whoami", headers=bearer, trust_env=False).status_code == 200

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
