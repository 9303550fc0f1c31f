"""Programs that wait for one another: each is held back until all are let go at once."""

import subprocess

# A command that knows nothing of it, behind a shell that waits for the end of its stdin.
HELD_BACK = 'read -r x; exec "$0" "$@"'


class Gate:
    def __init__(self):
        # When `cat` ends, so does what all of them read.
        self._cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.running = []

    def start(self, argv, env):
        self.running.append(subprocess.Popen(
            argv, env=env, stdin=self._cat.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ))
        return self.running[-1]

    def open(self):
        self._cat.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()
        self._cat.stdin.close()
        self._cat.wait()
        self._cat.stdout.close()
