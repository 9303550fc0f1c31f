"""The adapters for who keeps the SDKs' own authorization: as the SDKs use them, and sealed."""

import asyncio
import time

import pytest
from redis_server import Redis

import devicegrant
from devicegrant.mcp.storage import KeyValue, TokenStorage

SECRET = "refresh-token-that-nobody-may-see"
URL = "https://host.example/mcp"


@pytest.fixture
def redis_server():
    one = Redis()
    yield one
    one.stop()


def in_redis(server):
    import redis.asyncio

    from devicegrant.redis import RedisStore

    client = redis.asyncio.Redis.from_url(server.url)
    return KeyValue(RedisStore(client, "values"), key="A" * 43)


@pytest.fixture(params=["files", "redis"])
def values(request):
    if request.param == "files":
        return KeyValue
    server = request.getfixturevalue("redis_server")
    return lambda: in_redis(server)


def files_of(home):
    return [path.read_bytes() for path in home.rglob("*") if path.is_file()]


def test_it_is_what_py_key_value_calls_one(values):
    from key_value.aio.protocols import AsyncKeyValue
    from key_value.aio.protocols.key_value import AsyncKeyValueProtocol

    async def main():
        one: AsyncKeyValue = values()
        assert isinstance(one, AsyncKeyValueProtocol)
        assert await one.get("a") is None and await one.ttl("a") == (None, None)
        await one.put("a", {"x": [1, {"y": "ü"}]})
        await one.put("a", {"other": True}, collection="c")
        assert await one.get("a") == {"x": [1, {"y": "ü"}]}
        assert await one.get("a", collection="c") == {"other": True}
        await one.put("a", {"x": 2}, ttl=60)
        value, left = await one.ttl("a")
        assert value == {"x": 2} and 50 < left <= 60
        await one.put_many(["b", "c"], [{"n": 1}, {"n": 2}], ttl=0.2)
        assert await one.get_many(["b", "c", "d"]) == [{"n": 1}, {"n": 2}, None]
        assert [value for value, _ in await one.ttl_many(["b", "d"])] == [{"n": 1}, None]
        time.sleep(0.3)
        assert await one.get_many(["b", "c"]) == [None, None]
        assert await one.delete("a") is True and await one.delete("a") is False
        assert await one.get("a") is None and await one.get("a", collection="c") == {"other": True}
        # What was read as out of time is gone.
        assert await one.delete_many(["b", "c", "d"]) == 0

    asyncio.run(main())


def test_what_is_out_of_time_is_taken_away(home, redis_server):
    import redis

    def sizes():
        there = redis.Redis.from_url(redis_server.url)
        kept = [there.hlen(key) for key in there.keys("*:login")]
        return sum(map(len, files_of(home))), sorted(kept)

    async def main(make):
        await make().put("a", {"filler": "x" * 9000}, ttl=0.2)
        await make().put("b", {"x": 1}, ttl=0.2)
        full = sizes()
        time.sleep(0.3)
        assert await make().get("a") is None
        # One that is written again after it ran out stays.
        await make().put("b", {"x": 2})
        assert await make().get("b") == {"x": 2}
        return full, sizes()

    before, after = asyncio.run(main(KeyValue))
    assert before[0] > 9000 > after[0] + 6000
    before, after = asyncio.run(main(lambda: in_redis(redis_server)))
    # Its revision stays, and the value does not.
    assert (before[1], after[1]) == ([2, 2], [1, 2])


def test_whoever_writes_while_another_finds_it_out_of_time_wins():
    class Raced:
        """A store in which somebody writes just before the value is taken away."""

        def __init__(self):
            self.there, self.raced = {}, False

        def load(self, id):
            return self.there.get(id)

        async def save(self, id, bytes, expected):
            if bytes is None and not self.raced:
                self.raced = True
                await KeyValue(self, key="A" * 43).put("a", {"x": "new"})
            if self.there.get(id, (None, 0))[1] != expected:
                return None
            self.there[id] = bytes, expected + 1
            return expected + 1

        def lock(self, id, ttl):
            return "lease"

        def unlock(self, lease):
            pass

    async def main():
        store = Raced()
        one = KeyValue(store, key="A" * 43)
        await one.put("a", {"x": "old"}, ttl=0.1)
        time.sleep(0.2)
        assert await one.get("a") is None and store.raced
        assert await one.get("a") == {"x": "new"}

    asyncio.run(main())


def test_many_write_at_once_and_nothing_is_torn(values):
    async def main():
        many = [values() for _ in range(4)]
        await many[0].put("a", {"n": -1})
        await asyncio.gather(*(one.put("a", {"n": at, "filler": "x" * 9000}) for at, one in enumerate(many)))
        there = await values().get("a")
        assert there["n"] in range(4) and len(there["filler"]) == 9000

    asyncio.run(main())


def test_sealed_and_no_login(home, sign_in, server, command):
    async def main():
        await KeyValue().put(f"{URL}/tokens", {"refresh_token": SECRET})

    asyncio.run(main())
    everything = b"".join(files_of(home))
    assert SECRET.encode() not in everything and b"host.example" not in everything
    with pytest.raises(devicegrant.SignInNeeded):
        devicegrant.sync.Client().token()
    sign_in(server)
    told = command("status", "--json")
    assert told.stdout.count('"event":"login"') == 1, told.stdout
    assert asyncio.run(KeyValue().get(f"{URL}/tokens")) == {"refresh_token": SECRET}


def test_another_key_opens_nothing(redis_server):
    async def main():
        await in_redis(redis_server).put("a", {"x": 1})
        import redis.asyncio

        from devicegrant.redis import RedisStore

        other = KeyValue(RedisStore(redis.asyncio.Redis.from_url(redis_server.url), "values"), key=b"\x02" * 32)
        with pytest.raises(devicegrant.StoreError) as caught:
            await other.get("a")
        assert caught.value.code == "seal_broken"

    asyncio.run(main())


def test_what_is_too_large_is_said():
    with pytest.raises(devicegrant.StoreError) as caught:
        asyncio.run(KeyValue().put("a", {"x": "y" * 70_000}))
    assert caught.value.code == "store_unwritable"


def test_the_token_storage_of_the_sdk(home):
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

    async def main():
        one = TokenStorage(URL)
        assert await one.get_tokens() is None and await one.get_client_info() is None
        await one.set_tokens(OAuthToken(access_token="a", refresh_token=SECRET, expires_in=100, scope="read"))
        info = OAuthClientInformationFull(client_id="c", client_secret="s3cret-of-client", redirect_uris=["http://127.0.0.1/cb"])
        await one.set_client_info(info)
        metadata = OAuthClientMetadata(redirect_uris=["http://127.0.0.1/cb"])
        provider = OAuthClientProvider(URL, metadata, TokenStorage(URL))
        await provider._initialize()
        assert provider.context.current_tokens.refresh_token == SECRET
        assert 90 < provider.context.current_tokens.expires_in <= 100
        assert provider.context.client_info == info
        assert await TokenStorage("https://other.example/mcp").get_tokens() is None

    asyncio.run(main())
    assert all(SECRET.encode() not in there and b"s3cret" not in there for there in files_of(home))


def test_fastmcps_own_storage_over_ours():
    from fastmcp.client.auth.oauth import TokenStorageAdapter
    from mcp.shared.auth import OAuthToken

    async def main():
        await TokenStorageAdapter(KeyValue(), URL).set_tokens(OAuthToken(access_token="a", expires_in=5))
        again = TokenStorageAdapter(KeyValue(), URL)
        assert (await again.get_tokens()).access_token == "a"
        assert await again.get_token_expiry() == pytest.approx(time.time() + 5, abs=3)
        await again.clear()
        assert await again.get_tokens() is None

    asyncio.run(main())
