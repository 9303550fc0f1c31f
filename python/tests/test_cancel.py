"""Callers that leave: released at once, nothing hangs, nothing on stderr, no thread left; and what
must finish, finishes."""

import asyncio
import gc
import signal
import subprocess
import sys
import threading
import time

import pytest
import trio

import devicegrant
import devicegrant.sync
from support import named, no_thread_left, own_threads

pytestmark = pytest.mark.usefixtures("quiet")


def leave_after(seconds):
    """(run, raised): a caller who is cancelled after that time."""

    async def on_asyncio(coroutine):
        await asyncio.wait_for(coroutine, seconds)

    async def on_trio(coroutine):
        with trio.fail_after(seconds):
            await coroutine

    return on_asyncio, on_trio


def run_leaving(way, coroutine, seconds):
    on_asyncio, on_trio = leave_after(seconds)
    if way == "asyncio":
        asyncio.run(on_asyncio(coroutine))
    else:
        trio.run(on_trio, coroutine)


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_cancelled_in_mid_wait(server, way):
    server.pending = 100
    started = time.monotonic()
    with pytest.raises((TimeoutError, asyncio.TimeoutError, trio.TooSlowError)):
        run_leaving(way, devicegrant.Client(**named(server)).login(), 0.5)
    assert time.monotonic() - started < 1.2


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_cancelled_in_mid_request(server, way):
    server.pending, server.delay = 100, 8
    started = time.monotonic()
    with pytest.raises((TimeoutError, asyncio.TimeoutError, trio.TooSlowError)):
        run_leaving(way, devicegrant.Client(**named(server)).login(), 2.0)
    assert server.asked  # it was on its way
    assert time.monotonic() - started < 3


def test_cancelled_in_mid_exchange_on_asyncio(server, sign_in):
    """The caller is released at once; the loop lives on; the rotated token is in the store."""
    sign_in(server)
    server.delay = 2

    async def main():
        client = devicegrant.Client(server.issuer)
        started = time.monotonic()
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(client.token(reject=server.access), 0.5)
        released = time.monotonic() - started
        before = len(asyncio.all_tasks())
        await asyncio.sleep(2.5)
        return released, before, len(asyncio.all_tasks())

    released, before, after = asyncio.run(main())
    assert released < 1 and (before, after) == (2, 1)
    server.delay = 0
    assert devicegrant.sync.Client(server.issuer).token() == server.access
    assert server.refreshes == 1 and server.reused == 0


def test_cancelled_in_mid_exchange_and_the_loop_ends(server, sign_in):
    """`asyncio.run` cancels what is left; the exchange still is kept before it returns."""
    sign_in(server)
    server.delay = 2
    with pytest.raises((TimeoutError, asyncio.TimeoutError)):
        run_leaving("asyncio", devicegrant.Client(server.issuer).token(reject=server.access), 0.5)
    no_thread_left()
    server.delay = 0
    assert devicegrant.sync.Client(server.issuer).token() == server.access
    assert server.refreshes == 1 and server.reused == 0


def test_cancelled_in_mid_exchange_on_trio(server, sign_in):
    """Nothing outlives its scope in trio: the caller waits until it is kept."""
    sign_in(server)
    server.delay = 2
    started = time.monotonic()
    with pytest.raises(trio.TooSlowError):
        run_leaving("trio", devicegrant.Client(server.issuer).token(reject=server.access), 0.5)
    assert 1.9 < time.monotonic() - started < 4
    server.delay = 0
    assert devicegrant.sync.Client(server.issuer).token() == server.access
    assert server.refreshes == 1 and server.reused == 0


def test_cancelled_in_mid_exchange_with_an_httpx_client(server, sign_in):
    import httpx

    sign_in(server)
    server.delay = 1

    async def main():
        async with httpx.AsyncClient() as http:
            client = devicegrant.Client(server.issuer, transport=http)
            with pytest.raises((TimeoutError, asyncio.TimeoutError)):
                await asyncio.wait_for(client.token(reject=server.access), 0.3)
            await asyncio.sleep(1.5)

    asyncio.run(main())
    server.delay = 0
    assert devicegrant.sync.Client(server.issuer).token() == server.access
    assert server.refreshes == 1 and server.reused == 0


def test_one_of_many_leaves(server, sign_in, loop):
    """A caller who leaves takes nothing from those who wait."""
    sign_in(server)
    server.delay = 0.5

    async def on_asyncio(client, old):
        first = asyncio.ensure_future(client.token(reject=old))
        others = [asyncio.ensure_future(client.token(reject=old)) for _ in range(20)]
        await asyncio.sleep(0.2)
        first.cancel()
        return set(await asyncio.gather(*others))

    async def on_trio(client, old):
        got = set()

        async def one():
            got.add(await client.token(reject=old))

        async with trio.open_nursery() as nursery:
            with trio.move_on_after(0.2):
                nursery.start_soon(one)
                for _ in range(20):
                    nursery.start_soon(one)
        return got

    async def main():
        client = devicegrant.Client(server.issuer)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return await on_trio(client, server.access)
        return await on_asyncio(client, server.access)

    assert loop(main()) == {server.access}
    assert server.refreshes == 1


def test_a_loop_that_is_closed_under_it(server, sign_in):
    """Closed without waiting for its tasks: nothing hangs, and the next loop finds its way."""
    sign_in(server)
    server.delay = 1
    client = devicegrant.Client(server.issuer)
    loop = asyncio.new_event_loop()
    task = loop.create_task(client.token(reject=server.access))
    task._log_destroy_pending = False  # the caller's own task is the caller's to wait for
    loop.run_until_complete(asyncio.sleep(0.3))
    loop.close()
    del task
    gc.collect()
    time.sleep(1.2)
    no_thread_left()
    server.delay = 0
    server.issue()

    async def again():
        with pytest.raises(devicegrant.DeviceGrantError):
            await asyncio.wait_for(client.token(reject="x", force=True), 60)

    # Its answer went down with the loop, and so did the login: told as what it is, not a hang.
    asyncio.run(again())


@pytest.mark.parametrize("delay", [0, 8], ids=["wait", "request"])
def test_a_loop_that_is_closed_under_a_sign_in(server, delay):
    """Closed in mid-wait, or with a request on its way: no thread stays for the socket's time limit."""
    server.pending, server.delay = 100, delay
    loop = asyncio.new_event_loop()
    task = loop.create_task(devicegrant.Client(**named(server)).login())
    task._log_destroy_pending = False  # the caller's own task is the caller's to wait for
    loop.run_until_complete(asyncio.sleep(2 if delay else 0.5))
    assert bool(delay) == bool(own_threads())
    loop.close()
    del task
    gc.collect()
    no_thread_left()


PROGRAM = """
import sys, devicegrant.sync
client = devicegrant.sync.Client(sys.argv[1], **{kind})
print("go", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def interrupted(server, kind, call, after):
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(kind=kind, call=call), server.issuer],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stdout.readline() == "go\n"
    after()
    started = time.monotonic()
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert (out, err) == ("interrupted\n", ""), err
    return time.monotonic() - started


def test_ctrl_c_in_mid_exchange_waits_until_it_is_kept(server, sign_in):
    sign_in(server)
    server.delay = 2
    server.arrived.clear()
    old = server.access
    took = interrupted(server, {}, f"client.token(reject={old!r})", lambda: server.arrived.wait(10))
    assert 1 < took < 4
    server.delay = 0
    assert devicegrant.sync.Client(server.issuer).token() == server.access != old
    assert server.refreshes == 1 and server.reused == 0


def test_ctrl_c_while_it_waits_ends_at_once(server):
    server.pending = 100
    server.arrived.clear()
    kind = {"client_id": "c", "scopes": ["read"]}
    call = "client._engine._prompt = lambda p: None; client.login()"
    assert interrupted(server, kind, call, lambda: server.arrived.wait(10)) < 1


def test_another_thread_may_call(server, sign_in):
    sign_in(server)
    client, got = devicegrant.sync.Client(server.issuer), []
    old = server.access
    threads = [threading.Thread(target=lambda: got.append(client.token(reject=old))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == [server.access] * 30 and server.refreshes == 1
