"""The command on a real pseudo-terminal of 80 by 24, its output drawn by a terminal emulator."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time

import pyte
from command import BINARY, environment

COLUMNS, LINES = 80, 24


class Terminal:
    def __init__(self, home, *argv, lines=LINES, **env):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, COLUMNS, 0, 0))
        self.before = self.after = termios.tcgetattr(self.slave)
        self.raw = b""
        self._screen = pyte.Screen(COLUMNS, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            [BINARY, *map(str, argv)], env=environment(home, TERM="xterm-256color", **env),
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            # The terminal must control the session, or ^C and a hang-up would signal nobody.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

    @property
    def text(self):
        """What stands on the 24 lines now."""
        with self._lock:
            return "\n".join(self._screen.display)

    @property
    def cursor_hidden(self):
        with self._lock:
            return self._screen.cursor.hidden

    def wait_for(self, *words, timeout=20):
        """Block until all of these stand on the screen at the same time."""
        end = time.monotonic() + timeout
        while not all(word in self.text for word in words):
            assert time.monotonic() < end, f"{words} never stood on the screen together:\n{self.text}"
            assert self.process.poll() is None or all(w in self.text for w in words), f"ended early:\n{self.text}"
            time.sleep(0.02)

    def press(self, keys):
        os.write(self.master, keys)

    def end(self, timeout=30):
        code = self.process.wait(timeout)
        # With the last slave closed the reader comes to an end, and has taken every byte by then.
        self.after = termios.tcgetattr(self.slave)
        self._close_slave()
        self._reader.join(timeout)
        assert not self._reader.is_alive()
        return code

    def _close_slave(self):
        if self.slave is not None:
            os.close(self.slave)
            self.slave = None

    def restored(self):
        """Line settings as before, cursor shown, and not left on the alternate screen."""
        raw = self.raw
        assert self.after == self.before
        assert not self.cursor_hidden
        assert raw.count(b"\x1b[?1049h") == raw.count(b"\x1b[?1049l")
        return True

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._close_slave()
        self._reader.join(5)
        os.close(self.master)
