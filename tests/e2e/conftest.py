"""Fixtures of the end-to-end tests: the command, and servers that are started once per worker."""

import functools
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "servers"), str(HERE.parent / "servers" / "mcp")]

from command import BINARY, Command  # noqa: E402
from demo import Demo  # noqa: E402
from faults import Proxy  # noqa: E402
from hostile import Hostile  # noqa: E402
from launch import Server  # noqa: E402
from redis_server import Redis  # noqa: E402
from terminal import Terminal  # noqa: E402

# `cargo xtask test` names here what it could not install, and says so at its end.
WITHOUT = set(filter(None, os.environ.get("DEVICEGRANT_WITHOUT", "").split(",")))


def serve(kind, **options):
    if kind in WITHOUT:
        pytest.skip(f"{kind} could not be installed here")
    return Server(kind, **options)


def pytest_sessionstart():
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f"no command at {BINARY}: cargo build --release -p devicegrant-cli, or set DEVICEGRANT_BIN", 2)


@pytest.fixture
def command(tmp_path):
    one = Command(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def start(*argv, **env):
        opened.append(Terminal(tmp_path, *argv, **env))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def shared():
    """`shared("dot", interval=1)`: the same server for every test of this worker that asks alike."""
    started = []

    @functools.lru_cache(maxsize=None)
    def get(kind, **options):
        started.append(serve(kind, **options))
        return started[-1]

    yield get
    for server in started:
        server.stop()


@pytest.fixture
def own():
    """A server for one test alone, for those that count what its log says."""
    started = []

    def get(kind, **options):
        started.append(serve(kind, **options))
        return started[-1]

    yield get
    for server in started:
        server.stop()


@pytest.fixture
def demo(tmp_path):
    """`demo(access_ttl=2)`: a demo server of this test's own, whose log says what happened."""
    started = []

    def start(**script):
        started.append(Demo(tmp_path, **script))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def redis():
    if "redis" in WITHOUT:
        pytest.skip("redis-server could not be installed here")
    one = Redis()
    yield one
    one.stop()


@pytest.fixture
def proxy():
    one = Proxy()
    yield one
    one.close()


@pytest.fixture(scope="session")
def _hostile():
    server = Hostile().start()
    server.elsewhere = Hostile().start()
    yield server
    server.stop()
    server.elsewhere.stop()


@pytest.fixture
def hostile(_hostile):
    """A test's own view of it: nothing was asked yet."""
    for server in (_hostile, _hostile.elsewhere):
        server.requests.clear()
        server.forms.clear()
        server.poured = 0
    return _hostile


def _at(server, client_id="public"):
    """The arguments that name a Django OAuth Toolkit, which does not advertise its device endpoint."""
    return [
        "--client-id", client_id,
        "--device-endpoint", server.device_endpoint, "--token-endpoint", server.token_endpoint,
    ]


@pytest.fixture(scope="session")
def at():
    return _at
