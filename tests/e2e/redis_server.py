"""A real redis-server of one's own, with a password, on a free port of this machine."""

import socket
import subprocess
import time


class Redis:
    password = "a-password-that-nobody-may-see"

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        # By its input: an argument would show the password.
        self.process = subprocess.Popen(["redis-server", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        config = f'port {self.port}\nbind 127.0.0.1\nsave ""\nrequirepass {self.password}\n'
        self.process.stdin.write(config.encode())
        self.process.stdin.close()
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        end = time.monotonic() + 10
        while not self._listens():
            assert time.monotonic() < end, "redis-server does not listen"
            time.sleep(0.02)

    def _listens(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def keys(self):
        """Every key there is, sorted."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as one:
            one.sendall(f"AUTH {self.password}\r\nKEYS *\r\nPING\r\n".encode())
            text = b""
            while b"+PONG" not in text:
                text += one.recv(65536)
        return sorted(line for line in text.decode().split("\r\n") if line.startswith("devicegrant:"))

    def stop(self):
        self.process.kill()
        self.process.wait()
