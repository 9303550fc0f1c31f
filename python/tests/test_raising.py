"""Callables that raise anything: the right exception, nothing hangs, nothing on stderr, no thread left."""

import asyncio
import sys
import time

import pytest

import devicegrant
import devicegrant.sync
from support import named

pytestmark = pytest.mark.usefixtures("quiet")


class Mine(Exception):
    pass


RAISED = [Mine("mine"), ValueError("v"), KeyboardInterrupt("k"), SystemExit(9)]


def raising(error):
    def prompt(_):
        raise error

    return prompt


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
def test_a_prompt_that_raises(server, loop, error):
    async def main():
        await devicegrant.Client(**{**named(server), "prompt": raising(error)}).login()

    with pytest.raises(type(error)) as why:
        loop(main())
    assert why.value is error or isinstance(why.value, BaseExceptionGroup if sys.version_info > (3, 11) else type(error))


@pytest.mark.parametrize("error", [*RAISED, asyncio.CancelledError()], ids=lambda e: type(e).__name__)
def test_a_prompt_that_raises_without_a_loop(server, error):
    client = devicegrant.sync.Client(**{**named(server), "prompt": raising(error)})
    with pytest.raises(type(error)) as why:
        client.login()
    assert why.value is error


def test_a_prompt_that_raises_cancelled_error(server):
    async def main():
        await devicegrant.Client(**{**named(server), "prompt": raising(asyncio.CancelledError())}).login()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(main(), 5))


def failing_transport(error, at):
    """Sends by urllib, until the request to `at`, where it raises."""
    import urllib.request

    def send(request):
        if request.url.endswith(at):
            raise error
        body = request.body if request.method == "POST" else None
        outgoing = urllib.request.Request(request.url, body, request.headers, method=request.method)
        with urllib.request.urlopen(outgoing) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return devicegrant.Response(status=answer.status, headers=headers, body=answer.read())

    return send


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
def test_a_transport_that_raises_in_mid_exchange(server, sign_in, error):
    """The exception as it is; and nobody has to wait for the lease to run out."""
    sign_in(server)
    transport = failing_transport(error, "/token")
    client = devicegrant.sync.Client(server.issuer, transport=transport)
    with pytest.raises(type(error)) as why:
        client.token(reject=server.access)
    assert why.value is error
    started = time.monotonic()
    assert devicegrant.sync.Client(server.issuer).token(reject=server.access) == server.access
    assert time.monotonic() - started < 5


def test_an_async_transport_that_raises_in_mid_exchange(server, sign_in, loop):
    sign_in(server)
    send = failing_transport(Mine("mine"), "/token")

    async def asynchronous(request):
        return send(request)

    async def main():
        await devicegrant.Client(server.issuer, transport=asynchronous).token(reject=server.access)

    with pytest.raises(Mine):
        loop(main())
    assert devicegrant.sync.Client(server.issuer).token(reject=server.access) == server.access


@pytest.mark.parametrize("error", [*RAISED, asyncio.CancelledError("c")], ids=lambda e: type(e).__name__)
def test_an_async_transport_that_raises_anything_on_asyncio(server, sign_in, error):
    """As the caller's own coroutine would: the loop lives on, and the lease is given back."""
    sign_in(server)
    send = failing_transport(error, "/token")

    async def asynchronous(request):
        return send(request)

    async def main():
        await devicegrant.Client(server.issuer, transport=asynchronous).token(reject=server.access)

    with pytest.raises(type(error)):
        asyncio.run(asyncio.wait_for(main(), 5))
    assert devicegrant.sync.Client(server.issuer).token(reject=server.access) == server.access


@pytest.mark.parametrize("error", [*RAISED, asyncio.CancelledError("c")], ids=lambda e: type(e).__name__)
def test_an_observer_that_raises(server, error):
    def observer(event):
        raise error

    with pytest.raises(type(error)) as why:
        devicegrant.sync.Client(**named(server), on_event=observer).login()
    assert why.value is error
    with pytest.raises(type(error)):
        asyncio.run(asyncio.wait_for(devicegrant.Client(**named(server), on_event=observer).login(), 5))


class FailingStore:
    def __init__(self, error):
        self.error = error

    def load(self, id):
        raise self.error

    save = lock = unlock = load


@pytest.mark.parametrize("error", [*RAISED[2:], asyncio.CancelledError("c")], ids=lambda e: type(e).__name__)
def test_a_store_that_raises_what_is_no_error(server, error):
    client = devicegrant.sync.Client(**named(server), store=FailingStore(error), key=bytes(32))
    with pytest.raises(type(error)) as why:
        client.token()
    assert why.value is error


@pytest.mark.parametrize("error", RAISED[:2], ids=lambda e: type(e).__name__)
def test_a_store_that_raises(server, loop, error):
    client = devicegrant.Client(**named(server), store=FailingStore(error), key=bytes(32))

    async def main():
        await client.token()

    with pytest.raises(type(error)) as why:
        loop(main())
    assert why.value is error
