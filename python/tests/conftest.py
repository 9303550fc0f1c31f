"""What the tests share. They run against the installed wheel, never against the sources."""

import asyncio
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "servers"), str(ROOT / "tests" / "servers" / "mcp"), str(ROOT / "tests" / "e2e")]

import devicegrant  # noqa: E402
import devicegrant.sync  # noqa: E402
from launch import Server  # noqa: E402
from protected import Protected  # noqa: E402
from scripted import Scripted  # noqa: E402
from support import BINARY, named, no_thread_left  # noqa: E402



@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own, whose key is a file; nothing of the machine's."""
    for name in list(os.environ):
        if name.startswith("DEVICEGRANT_") and name != "DEVICEGRANT_BIN" or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("DEVICEGRANT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def server():
    one = Scripted()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def oidc():
    """oidc-provider, between the tests of one file."""
    one = Server("oidc")
    yield one
    one.stop()


@pytest.fixture
def resource(server):
    """What the test's server protects, whichever server that is."""
    one = Protected(server.issuer)
    yield one
    one.stop()


@pytest.fixture
def make_server():
    made = []

    def make(**options):
        made.append(Scripted(**options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def sign_in(home):
    """Signs in; its token is expired afterwards where `ttl` of the server is short."""

    def sign_in(server, **more):
        devicegrant.sync.Client(**named(server, **more)).login()

    return sign_in


@pytest.fixture
def command(home):
    def run(*arguments, program=(BINARY,), timeout=60, **env):
        return subprocess.run(
            [*program, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
            env={**os.environ, **env}, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run


@pytest.fixture
def peers(tmp_path):
    """`peers.server("mcp2", …)`, `peers.client("mcp1", url=…)`: real MCP programs with homes of
    their own; whatever they are, they are stopped at the end."""
    import mcp_programs

    one = mcp_programs.Peers(tmp_path)
    yield one
    one.stop()


@pytest.fixture(params=["asyncio", "trio"])
def loop(request):
    """Runs an async function on either."""
    if request.param == "asyncio":
        return asyncio.run
    import trio

    return lambda coroutine: trio.run(lambda: coroutine)


@pytest.fixture
def quiet(capfd):
    """Nothing on stderr, however it ends."""
    yield
    gc.collect()
    assert capfd.readouterr().err == ""
    no_thread_left()
