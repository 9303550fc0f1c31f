"""No secret in what is printed, logged, warned of or shown in a traceback; nothing is pickled."""

import asyncio
import copy
import io
import logging
import pickle
import traceback
import warnings

import pytest

import devicegrant
import devicegrant.httpx
import devicegrant.sync
from support import named

SECRET = "canary-client-secret-7Qz"
KEY = "Y2FuYXJ5LWtleS1jYW5hcnkta2V5LWNhbmFyeS1rZXk"


def everything(error):
    """A traceback as the most talkative tool prints it."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    words = "".join(told.format())
    from rich.console import Console
    from rich.traceback import Traceback

    into = io.StringIO()
    console = Console(file=into, width=400)
    shown = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, locals_max_string=10_000
    )
    console.print(shown)
    return words + into.getvalue() + repr(error) + str(error) + repr(vars(error))


@pytest.fixture
def clean(server, caplog):
    """Fails where a secret of the server's or the client's was told."""
    told = []
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield told
    words = "".join(told) + caplog.text + "".join(str(one.message) for one in warned)
    assert words
    for secret in [*server.secrets, SECRET, KEY, "refresh_token=", "device_code="]:
        assert secret not in words


def test_of_values(server, clean):
    client = devicegrant.sync.Client(**named(server), client_secret=SECRET, store="memory")
    tokens = client.login()
    pending = client.begin()
    token = client.token
    for value in (client, tokens, pending, pending.prompt, client.health(), client._engine.store,
                  client._engine.keys, tokens._held, pending._held, client._engine,
                  devicegrant.httpx.Auth(client)):  # fmt: skip
        clean.append(f"{value!r} {value} {value!s:.2000}")
    assert token() == server.access
    for value in (tokens, pending, pending.prompt, client):
        for take in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="secrets"):
                take(value)


def test_of_requests_and_answers(server, clean):
    seen = []

    def transport(request):
        seen.append(request)
        raise devicegrant.NotReached("not_sent")

    sender = devicegrant.sync.Client(
        token_endpoint=f"{server.issuer}/token", device_endpoint=f"{server.issuer}/device",
        client_id="c", client_secret=SECRET, client_auth="client_secret_post", transport=transport,
        store="memory",
    )  # fmt: skip
    sender._engine._ways = lambda: QuickWays()
    with pytest.raises(devicegrant.TryLater) as why:
        sender.begin()
    assert SECRET.encode() in seen[0].body
    answer = devicegrant.Response(status=200, headers={"a": SECRET}, body=SECRET.encode())
    for value in (*seen, answer):
        clean.append(f"{value!r} {value} {[value]}")
    clean.append(everything(why.value))


from devicegrant._ways_blocking import Blocking  # noqa: E402


class QuickWays(Blocking):
    async def sleep(self, seconds, stretch):
        pass


class Broken:
    """A store of the caller's own that breaks where it hurts most."""

    def __init__(self, at):
        self.at, self.there = at, {}

    def __getattr__(self, name):
        if name not in ("load", "save", "lock", "unlock"):
            raise AttributeError(name)
        if name == self.at:
            raise RuntimeError("broken store")
        if name == "load":
            return lambda id: self.there.get(id)
        return lambda *rest: "lease"


@pytest.mark.parametrize("make", ["sync", "async"])
def test_of_tracebacks_with_locals(server, clean, make):
    def fail(*_):
        raise RuntimeError("a callable of the caller's")

    def client(**more):
        kind = devicegrant.sync.Client if make == "sync" else devicegrant.Client
        return kind(**{**named(server), "client_secret": SECRET, "store": "memory", **more})

    def run(call):
        return call if make == "sync" else asyncio.run(call)

    calls = [
        lambda: run(client(prompt=fail).login()),
        lambda: run(client(prompt=lambda p: fail(p)).login()),
        lambda: run(client(transport=fail).login()),
        lambda: run(client(store=Broken("save"), key=KEY).login()),
        lambda: run(client().token(reject=server.secrets[0])),
        lambda: run(client().token(reject=server.secrets[0], challenge="Bearer " + "a" * 20_000)),
        lambda: client(client_auth="nonsense"),
        lambda: client(scopes=[7]),
        lambda: client(key=KEY + "wrong"),
        lambda: client(store="nonsense", key=KEY),
        lambda: devicegrant.Pending.from_bytes(KEY, b"not sealed"),
    ]
    for call in calls:
        with pytest.raises((RuntimeError, devicegrant.DeviceGrantError)) as why:
            call()
        # The test's own frames hold what it gave; ours must not.
        clean.append(everything(ours(why.value)))


def ours(error):
    """The error with the frames of the package alone: the caller's hold what the caller gave."""
    frames = [f for f, _ in traceback.walk_tb(error.__traceback__) if "/devicegrant/" in f.f_code.co_filename]
    there = error.__traceback__
    while there is not None and there.tb_frame not in frames:
        there = there.tb_next
    return error.with_traceback(there)


def test_of_an_exchange_that_fails(make_server, clean, server, sign_in):
    sign_in(server, client_secret=SECRET)
    old = server.access
    server.refresh = "spent elsewhere"
    with pytest.raises(devicegrant.SignInNeeded) as why:
        devicegrant.sync.Client(server.issuer, client_secret=SECRET).token(reject=old)
    assert why.value.code == "login_ended"
    clean.append(everything(ours(why.value)))
    assert pickle.loads(pickle.dumps(why.value)).code == "login_ended"


def test_a_canary_would_be_seen(server):
    """The net has no hole: an error that holds a secret is told."""

    def leak():
        secret = server.secrets[0]
        raise RuntimeError(len(secret))

    with pytest.raises(RuntimeError) as why:
        leak()
    assert server.secrets[0] in everything(why.value)
