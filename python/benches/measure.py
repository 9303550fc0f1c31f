"""Import time, the hot path, one flow, the wheel; then ten thousand logins (many.py).

    measure.py WHEEL [--quick]
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
IMPORTS = {
    "nothing": "pass",
    "devicegrant": "import devicegrant",
    "devicegrant, a Client made": "import devicegrant; devicegrant.Client('https://a.example', client_id='c')",
    "oauthlib": "import oauthlib.oauth2",
    "msal": "import msal",
    "authlib": "import authlib.integrations.requests_client",
    "requests-oauth2client": "import requests_oauth2client",
}


def imports(rounds: int) -> None:
    """Interleaved, so that a busy moment strikes all alike. The files are in the disk's cache."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in IMPORTS}
    for _ in range(rounds):
        for name, program in IMPORTS.items():
            words = [sys.executable, "-I", "-c", program]
            started = time.perf_counter()
            _, status, used = os.wait4(os.posix_spawn(words[0], words, os.environ), 0)
            assert status == 0, name
            cpu = used.ru_utime + used.ru_stime
            times[name].append(((time.perf_counter() - started) * 1000, cpu * 1000))

    def median(name: str) -> list[float]:
        return [statistics.median(each) for each in zip(*times[name])]

    empty = median("nothing")
    for name in times:
        clock, cpu = (one - none for one, none in zip(median(name), empty))
        print(f"import  {name:28} {clock:7.1f} ms, CPU {cpu:7.1f} ms over an empty interpreter ({empty[0]:.1f}, {empty[1]:.1f})")


def each(name: str, call, count: int) -> None:
    best = []
    for _ in range(7):
        started = time.perf_counter()
        for _ in range(count):
            call()
        best.append((time.perf_counter() - started) / count * 1e6)
    print(f"hot     {name:28} {statistics.median(best):7.2f} µs")


def hot() -> None:
    import devicegrant
    import devicegrant.sync
    import msal

    client = devicegrant.sync.Client(**at(), transport=answers(), prompt=lambda p: None, store="memory")
    hurry(client)
    client.login()
    client.token()
    each("devicegrant.sync token()", client.token, 20_000)
    asynchronous = devicegrant.Client(**at(), store="memory")
    asynchronous._engine = client._engine

    async def tokens():
        async def many():
            for _ in range(20_000):
                await asynchronous.token()

        best = []
        for _ in range(7):
            started = time.perf_counter()
            await many()
            best.append((time.perf_counter() - started) / 20_000 * 1e6)
        print(f"hot     {'await devicegrant token()':28} {statistics.median(best):7.2f} µs")

    asyncio.run(tokens())

    authority = "https://login.microsoftonline.com/common"

    class Http:
        def get(self, url, **_):
            return Answer({"authorization_endpoint": f"{authority}/a", "token_endpoint": f"{authority}/t", "issuer": authority, "device_authorization_endpoint": f"{authority}/d"})  # fmt: skip

        def post(self, url, **_):
            return Answer({"access_token": "a" * 40, "refresh_token": "r" * 40, "expires_in": 3600, "token_type": "Bearer", "scope": "read", "id_token_claims": {"sub": "1", "preferred_username": "ada"}, "client_info": "eyJ1aWQiOiIxIiwidXRpZCI6IjIifQ"})  # fmt: skip

        def close(self):
            pass

    class Answer:
        status_code, headers = 200, {}

        def __init__(self, value):
            self.text = json.dumps(value)

        def raise_for_status(self):
            pass

    there = msal.PublicClientApplication("c", authority=authority, http_client=Http(), instance_discovery=False)
    got = there.acquire_token_by_refresh_token("r", ["read"])
    assert "access_token" in got, got
    account = there.get_accounts()[0]
    assert there.acquire_token_silent(["read"], account)
    each("msal acquire_token_silent()", lambda: there.acquire_token_silent(["read"], account), 2000)


def at() -> dict:
    return {"device_endpoint": "https://a.example/d", "token_endpoint": "https://a.example/t", "client_id": "c"}


def answers(pending: int = 0):
    """A transport that has the answers: a code, so many pendings, tokens."""
    from devicegrant import Response

    left = pending

    def send(request):
        nonlocal left
        if request.url.endswith("/d"):
            left = pending
            value = {"device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": "https://a.example/o", "expires_in": 600, "interval": 5}  # fmt: skip
        elif left:
            left -= 1
            return Response(status=400, headers={}, body=b'{"error":"authorization_pending"}')
        else:
            value = {"access_token": "a" * 40, "token_type": "Bearer", "expires_in": 3600}
        return Response(status=200, headers={}, body=json.dumps(value).encode())

    return send


class Clock:
    """Nobody sleeps: the clock goes on instead."""

    def __init__(self):
        self.ms = 0

    def now(self):
        return 1_700_000_000_000 + self.ms, self.ms

    async def sleep_until(self, until, stretch):
        self.ms = max(self.ms, until)


def hurry(client) -> None:
    make = client._engine._host
    client._engine._host = lambda ways, clock=None: make(ways, _Now())


class _Now(Clock):
    def now(self):
        from devicegrant._host import now

        wall, steady = now()
        return wall + self.ms, steady + self.ms

    async def sleep_until(self, until, stretch):
        self.ms += max(0, until - self.now()[1])


def flow() -> None:
    """A device code, three polls, tokens: the machine and the driver, without store and network."""
    from os import urandom

    from devicegrant import _native
    from devicegrant._driver import drive
    from devicegrant._host import Host
    from devicegrant._store import Stored
    from devicegrant._transport import _Own
    from devicegrant._ways import current, finish
    from devicegrant._ways_blocking import Blocking

    options = _native.Options(**at())
    grant = finish(drive(_native.Flow.discover(options, None), Host(Blocking(), None, Stored(None)))).grant
    send = answers(pending=2)

    async def asynchronous(request):
        return send(request)

    def host(ways, own):
        return Host(ways, _Own(own), Stored(None), lambda p: None, clock=Clock())

    def blocking():
        finish(drive(_native.Flow.login(grant, urandom(32)), host(Blocking(), send)))

    each("one flow, 3 polls, blocking", blocking, 500)

    async def main():
        best = []
        for _ in range(7):
            started = time.perf_counter()
            for _ in range(500):
                await drive(_native.Flow.login(grant, urandom(32)), host(current(), asynchronous))
            best.append((time.perf_counter() - started) / 500 * 1e6)
        print(f"hot     {'one flow, 3 polls, asyncio':28} {statistics.median(best):7.2f} µs")

    asyncio.run(main())


def main() -> None:
    wheel, quick = Path(sys.argv[1]), "--quick" in sys.argv
    print(f"wheel   {wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB", flush=True)
    imports(5 if quick else 30)
    with tempfile.TemporaryDirectory() as home:
        os.environ["DEVICEGRANT_HOME"] = home
        hot()
        flow()
    many = ["500", "3"] if quick else ["10000", "60"]
    subprocess.run([sys.executable, HERE / "many.py", *many], check=True)


if __name__ == "__main__":
    main()
