"""Stores of the caller's own, plain and async; Redis; memory. And a disk that is full."""

import asyncio
import os
import shutil
import socket
import subprocess
import time

import pytest

import devicegrant
import devicegrant.sync
from support import named

KEY = bytes(range(32))


class Dict:
    """The least that is a store."""

    def __init__(self):
        self.there, self.held, self.calls = {}, {}, []

    def load(self, id):
        self.calls.append("load")
        return self.there.get(id)

    def save(self, id, bytes, expected):
        self.calls.append("save")
        if self.there.get(id, (None, 0))[1] != expected:
            return None
        self.there[id] = bytes, expected + 1
        return expected + 1

    def lock(self, id, ttl):
        self.calls.append("lock")
        assert 30 <= ttl <= 60
        if id in self.held:
            return devicegrant.Busy(self.held[id])
        self.held[id] = time.monotonic()
        return id

    def unlock(self, lease):
        self.calls.append("unlock")
        del self.held[lease]


class Async(Dict):
    async def load(self, id):
        await pause()
        return super().load(id)

    async def save(self, id, bytes, expected):
        await pause()
        return super().save(id, bytes, expected)

    async def lock(self, id, ttl):
        await pause()
        return super().lock(id, ttl)

    async def unlock(self, lease):
        await pause()
        super().unlock(lease)


async def pause():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        import trio

        await trio.sleep(0.01)
    else:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", [Dict, Async])
def test_of_the_caller_s_own(server, loop, kind):
    store = kind()

    async def main():
        client = devicegrant.Client(**named(server), store=store, key=KEY)
        tokens = await client.login()
        other = devicegrant.Client(**named(server), store=store, key=KEY)
        return tokens.access_token, await other.token(), await other.token(reject=tokens.access_token)

    first, same, second = loop(main())
    assert first == same != second == server.access and server.refreshes == 1
    assert store.calls.count("lock") == store.calls.count("unlock") == 1 and not store.held
    assert isinstance(store, devicegrant.Store)
    ((record, revision),) = store.there.values()
    assert revision == 2 and not any(secret.encode() in record for secret in server.secrets)


def test_plain_in_the_plain_client_and_async_is_refused_there(server):
    client = devicegrant.sync.Client(**named(server), store=Dict(), key=KEY)
    assert client.login().access_token == client.token()
    with pytest.raises(devicegrant.Usage, match="plain"):
        devicegrant.sync.Client(**named(server), store=Async(), key=KEY).login()


def test_a_plain_store_never_stops_the_loop(server):
    class Slow(Dict):
        def load(self, id):
            time.sleep(0.3)
            return super().load(id)

    async def main():
        beats = 0

        async def beat():
            nonlocal beats
            while True:
                await asyncio.sleep(0.01)
                beats += 1

        heart = asyncio.ensure_future(beat())
        await devicegrant.Client(**named(server), store=Slow(), key=KEY).login()
        heart.cancel()
        return beats

    assert asyncio.run(main()) > 60


def test_without_a_key(server):
    with pytest.raises(devicegrant.StoreError) as why:
        devicegrant.sync.Client(**named(server), store=Dict()).login()
    assert why.value.code == "key_needed" and server.asked == []


def test_what_is_no_store(server):
    for store in ("nonsense", object()):
        with pytest.raises(devicegrant.Usage):
            devicegrant.sync.Client(**named(server), store=store, key=KEY)


def test_memory_is_of_one_client(server):
    client = devicegrant.sync.Client(**named(server), store="memory")
    assert client.login().access_token == client.token(min_ttl=10)
    with pytest.raises(devicegrant.SignInNeeded):
        devicegrant.sync.Client(**named(server), store="memory").token()


def test_a_token_that_cannot_be_kept_is_given_and_written_later(server):
    """The server has rotated it: losing it would end the login."""

    class Full(Dict):
        full = False

        def save(self, id, bytes, expected):
            if self.full:
                raise OSError(28, "No space left on device")
            return super().save(id, bytes, expected)

    store = Full()
    client = devicegrant.sync.Client(**named(server), store=store, key=KEY)
    client.login()
    store.full = True
    second = client.token(force=True)
    assert second == server.access and client._engine.unsaved is not None
    store.full = False
    assert client.token(force=True) == server.access and client._engine.unsaved is None
    assert devicegrant.sync.Client(**named(server), store=store, key=KEY).token() == server.access
    assert server.reused == 0


# Redis: a server of our own, on a port of its own.


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory):
    assert shutil.which("redis-server"), "redis-server is missing: apt-get install redis-server"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
         "--dir", str(tmp_path_factory.mktemp("redis"))],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    import redis

    client, end = redis.Redis(port=port), time.monotonic() + 10
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            assert time.monotonic() < end
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("kind", ["plain", "asyncio"])
def test_redis(server, redis_port, kind, monkeypatch):
    import redis
    import redis.asyncio

    from devicegrant.redis import RedisStore

    monkeypatch.setenv("DEVICEGRANT_KEY", "A" * 43)

    async def main():
        there = (redis if kind == "plain" else redis.asyncio).Redis(port=redis_port, db=1)
        store = RedisStore(there, prefix=f"{kind}:")
        client = devicegrant.Client(**named(server), store=store)
        tokens = await client.login()
        others = [devicegrant.Client(issuer=server.issuer, store=store) for _ in range(5)]
        got = await asyncio.gather(*(other.token(reject=tokens.access_token) for other in others))
        await client.logout()
        with pytest.raises(devicegrant.SignInNeeded):
            await others[0].token(force=True)
        if kind == "asyncio":
            await there.aclose()
        return set(got)

    assert asyncio.run(main()) == {server.access}
    assert server.refreshes == 1 and len(server.revoked) == 2
    plain = redis.Redis(port=redis_port, db=1)
    assert not any(secret.encode() in (plain.hget(key, "record") or b"")
                   for key in plain.keys("*login") for secret in server.secrets)  # fmt: skip


def test_redis_that_is_away_or_refuses(server, redis_port, monkeypatch):
    import redis

    from devicegrant.redis import RedisStore

    monkeypatch.setenv("DEVICEGRANT_KEY", "A" * 43)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(devicegrant.Usage, match="decode_responses"):
        RedisStore(redis.Redis(port=redis_port, decode_responses=True))
    cases = [
        (RedisStore(redis.Redis(port=port)), devicegrant.StoreError, "store_unreachable"),
        (RedisStore(redis.Redis(port=redis_port, username="nobody", password="pw-canary")), devicegrant.StoreError, "store_refused"),
    ]
    for store, kind, code in cases:
        with pytest.raises(kind) as why:
            devicegrant.sync.Client(**named(server), store=store).token()
        assert why.value.code == code, why.value
        assert "pw-canary" not in repr(store) + repr(why.value)
        assert f"localhost:{port if code == 'store_unreachable' else redis_port}/0" in str(why.value)


def test_redis_is_what_the_command_uses(server, redis_port, command, monkeypatch):
    """The command's `--store redis` and this store are one."""
    import redis

    from devicegrant.redis import RedisStore

    monkeypatch.setenv("DEVICEGRANT_KEY", "A" * 43)
    url = f"redis://127.0.0.1:{redis_port}/2"
    store = RedisStore(redis.Redis.from_url(url))
    devicegrant.sync.Client(**named(server), store=store).login()
    import sys

    done = command("token", "--store", "redis", server.issuer, program=(sys.executable, "-m", "devicegrant"), DEVICEGRANT_REDIS_URL=url)  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == (server.access, 0), done.stderr
    assert os.environ["DEVICEGRANT_KEY"] not in done.stdout + done.stderr
