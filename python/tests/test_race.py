""" "Stay signed in": fifty processes of Python and fifty of the command, one exchange per expiry."""

import subprocess
import sys
import time

import devicegrant.sync
from support import BINARY

PROGRAM = """
import sys, devicegrant.sync
print(devicegrant.sync.Client(sys.argv[1]).token())
"""


def test_fifty_of_python_and_fifty_of_the_command(make_server, sign_in):
    server = make_server(ttl=2)
    sign_in(server)
    for expiry in (1, 2):
        if expiry == 2:
            server.ttl = 2
            devicegrant.sync.Client(server.issuer).token(force=True)
        time.sleep(2.1)
        # What is renewed now lives long enough for the slowest of them to find it good.
        server.ttl, before = 3600, server.refreshes
        programs = [[BINARY, "token", server.issuer], [sys.executable, "-c", PROGRAM, server.issuer]]
        waiting = [_start(programs[at % 2]) for at in range(100)]
        told = [process.communicate(timeout=120) for process in waiting]
        codes = {process.returncode for process in waiting}
        assert codes == {0}, [err for _, err in told if err][:3]
        assert {out.strip() for out, _ in told} == {server.access}
        assert (server.refreshes - before, server.reused) == (1, 0)


def test_a_thousand_tasks_are_one_exchange(server, sign_in, loop):
    import asyncio

    import trio

    sign_in(server)
    old, got = server.access, set()
    client = devicegrant.Client(server.issuer)

    async def one():
        got.add(await client.token(reject=old))

    async def main():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            async with trio.open_nursery() as nursery:
                for _ in range(1000):
                    nursery.start_soon(one)
        else:
            await asyncio.gather(*(one() for _ in range(1000)))

    loop(main())
    assert got == {server.access} and server.refreshes == 1


def _start(argv):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, text=True, **pipes)
