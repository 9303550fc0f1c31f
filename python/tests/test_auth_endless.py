"""A 401 whose body never ends: the request is repeated at once, and nobody reads it."""

import asyncio
import importlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

import devicegrant
import devicegrant.requests
import devicegrant.sync

BOTH = pytest.mark.parametrize("name", ["httpx", "httpx2"])
EACH = pytest.mark.parametrize("endless", ["fast", "slow", "zipped"])
PIECE = b"x" * 65536


class Endless:
    """Whoever brings another token than the server gave last is answered 401, for ever."""

    def __init__(self, server):
        self.sent, self.kind, self.left = 0, "fast", threading.Event()
        self._closing = threading.Event()
        one = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.headers["Authorization"] == f"Bearer {server.access}":
                    self.send_response(200)
                    self.send_header("Content-Length", "4")
                    self.end_headers()
                    self.wfile.write(b"good")
                else:
                    self.endless()

            def endless(self):
                self.close_connection = True
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Bearer error="invalid_token"')
                if one.kind == "zipped":
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                # Without an end: not past some 200 MB, as far as this machine is concerned.
                try:
                    while one.sent < 200 << 20 and not one._closing.is_set():
                        one.sent += self.wfile.write(b"x" if one.kind == "slow" else PIECE)
                        if one.kind == "slow":
                            time.sleep(0.2)
                except OSError:
                    one.left.set()

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/api"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endless_server(server, sign_in):
    sign_in(server)
    server.access = server.secret("another")  # what is kept is refused
    one = Endless(server)
    yield one
    one.stop()


def at_once(server, there, kind, ask):
    there.kind = kind
    began = time.monotonic()
    answer = ask()
    assert (answer.status_code, answer.content) == (200, b"good")
    assert time.monotonic() - began < 3 and server.refreshes == 1
    # The connection was closed, and no more was sent than fits between the two.
    assert there.left.wait(5) and there.sent < 32 << 20
    return answer


def asynchronous(library, auth, address):
    async def main():
        async with library.AsyncClient(auth=auth, trust_env=False, timeout=20) as http:
            return await http.get(address)

    return lambda: asyncio.run(main())


def blocking(library, auth, address):
    def main():
        with library.Client(auth=auth, trust_env=False, timeout=20) as http:
            return http.get(address)

    return main


@BOTH
@EACH
@pytest.mark.parametrize("how, client", [(asynchronous, devicegrant.Client), (blocking, devicegrant.sync.Client)], ids=["async", "sync"])
def test_httpx(server, endless_server, name, endless, how, client):
    library, ours = importlib.import_module(name), importlib.import_module(f"devicegrant.{name}")
    answer = at_once(server, endless_server, endless, how(library, ours.Auth(client(server.issuer)), endless_server.address))
    # The refused answer stands in the history, without a body.
    assert [(one.status_code, one.content) for one in answer.history] == [(401, b"")]


@BOTH
@EACH
@pytest.mark.parametrize("how", [asynchronous, blocking], ids=["async", "sync"])
def test_of_an_mcp_server(server, endless_server, name, endless, how):
    library, ours = importlib.import_module(name), importlib.import_module(f"devicegrant.mcp.{name}")
    kind = devicegrant.Client if how is asynchronous else devicegrant.sync.Client
    auth = ours.DeviceAuth(kind(server.issuer), interactive=False)
    # Its login is at the one server, and what it guards at the other.
    auth._origin = ("http", "127.0.0.1", int(endless_server.address.split(":")[2].split("/")[0]))
    at_once(server, endless_server, endless, how(library, auth, endless_server.address))


@EACH
def test_requests(server, endless_server, endless):
    auth = devicegrant.requests.Auth(devicegrant.sync.Client(server.issuer))
    session = requests.Session()
    session.trust_env = False

    answer = at_once(server, endless_server, endless, lambda: session.get(endless_server.address, auth=auth, timeout=20))
    assert [one.status_code for one in answer.history] == [401]
