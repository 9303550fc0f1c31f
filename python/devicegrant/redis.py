"""Logins on a Redis server, shared by programs on several machines: the same keys and scripts as
the command's `--store redis` (docs/REDIS.md). Needs redis-py: `pip install devicegrant[redis]`."""

from __future__ import annotations

from collections.abc import Awaitable
from os import urandom
from typing import Any, Callable

from . import _native
from ._errors import DeviceGrantError, call, new, of
from ._host import now
from ._ways import finish

_NO_ANSWER = ("ConnectionError", "TimeoutError")
# redis-py makes a class of the word that the server puts in front; core reads the word.
_SAID = {
    "BusyLoadingError": "LOADING",
    "ReadOnlyError": "READONLY",
    "MasterDownError": "MASTERDOWN",
    "ClusterDownError": "CLUSTERDOWN",
    "TryAgainError": "TRYAGAIN",
    "NoPermissionError": "NOPERM",
    "AuthorizationError": "DENIED",
    "OutOfMemoryError": "OOM",
    "MovedError": "MOVED",
    "AskError": "ASK",
}


class RedisStore:
    """Give it a client of redis-py: a `redis.asyncio.Redis` for `devicegrant.Client`, a
    `redis.Redis` for either. It must not decode answers (`decode_responses=False`).

    The store has no key of its own: give the client a `key`, or set `DEVICEGRANT_KEY` or
    `DEVICEGRANT_KEY_COMMAND`.
    """

    keeps_rests = True

    def __new__(cls, redis: Any, prefix: str | None = None) -> Any:
        is_async = hasattr(redis, "__aenter__")
        return object.__new__(_AsyncRedisStore if is_async and cls is RedisStore else cls)

    def __init__(self, redis: Any, prefix: str | None = None) -> None:
        pool = getattr(redis, "connection_pool", None)
        self._about: dict[str, Any] = getattr(pool, "connection_kwargs", {})
        if self._about.get("decode_responses"):
            raise new("bad_option", "the redis client decodes answers: give decode_responses=False")
        self._redis = redis
        self._calls = call(_native.RedisCalls, prefix)

    def __repr__(self) -> str:
        return f"RedisStore({self.describe()})"

    def describe(self) -> str:
        about = self._about
        place = about.get("path") or f"{about.get('host', '?')}:{about.get('port', '')}"
        return f"Redis at {place}/{about.get('db', 0)}"

    def load(self, id: str) -> Any:
        return finish(self._load(id))

    def save(self, id: str, bytes: bytes | None, expected: int) -> Any:
        return finish(self._save(id, bytes, expected))

    def lock(self, id: str, ttl: float, force: bool) -> Any:
        return finish(self._lock(id, ttl, force))

    def unlock(self, lease: str, rest: Any) -> Any:
        return finish(self._unlock(lease, rest))

    def list(self) -> Any:
        return finish(self._list())

    # Written once: with a plain client nothing in here suspends.

    async def _load(self, id: str) -> tuple[bytes | None, int]:
        answer = await self._ask(lambda again: self._calls.load(id))
        there = call(self._calls.loaded, _parts(answer))
        return there.bytes, there.revision

    async def _save(self, id: str, bytes: bytes | None, expected: int) -> int | None:
        await self._ask(lambda again: self._calls.enlist(id))
        answer = await self._ask(lambda again: self._calls.save(id, bytes, expected, again))
        return call(self._calls.saved, expected, _part(answer))

    async def _lock(self, id: str, ttl: float, force: bool) -> Any:
        lease = call(self._calls.lease, id, urandom(32))
        asked = call(self._calls.lock, id, int(ttl * 1000), force, lease)
        return call(self._calls.locked, lease, _parts(await self._ask(lambda again: asked)), *now())

    async def _unlock(self, lease: str, rest: Any) -> None:
        if rest is not None:
            rest = _native.Rest(until_ms=int(rest.until * 1000), code=rest.code)
        asked = call(self._calls.unlock, lease, rest, now()[0])
        await self._ask(lambda again: asked)

    async def _list(self) -> Any:
        answer = await self._ask(lambda again: self._calls.list())
        return call(self._calls.listed, _parts(answer))

    async def _ask(self, asked: Callable[[bool], _native.Call]) -> Any:
        """The answer. A call whose answer was lost is repeated once, and says so."""
        again = False
        while True:
            one = asked(again)
            try:
                answer = self._redis.eval(one.script, len(one.keys), *one.keys, *one.args)
                return await answer if isinstance(answer, Awaitable) else answer
            except Exception as why:
                told = _told(why)
                if again or not _native.redis_passes(*told):
                    error: DeviceGrantError = of(_native.redis_failed(self.describe(), *told))
                    break
            again = True
        raise error


class _AsyncRedisStore(RedisStore):
    async def load(self, id: str) -> Any:
        return await self._load(id)

    async def save(self, id: str, bytes: bytes | None, expected: int) -> Any:
        return await self._save(id, bytes, expected)

    async def lock(self, id: str, ttl: float, force: bool) -> Any:
        return await self._lock(id, ttl, force)

    async def unlock(self, lease: str, rest: Any) -> Any:
        await self._unlock(lease, rest)

    async def list(self) -> Any:
        return await self._list()


def _told(why: Exception) -> tuple[bool, bool, str]:
    """What core makes an error of: whether no answer came, whether nobody was let in, the words."""
    name = type(why).__name__
    word = _SAID.get(name)
    return name in _NO_ANSWER, name == "AuthenticationError", f"{word} {why}" if word else str(why)


def _part(answer: Any) -> _native.Part:
    number = answer if isinstance(answer, int) else None
    return _native.Part(bytes=answer if isinstance(answer, bytes) else None, number=number)


def _parts(answer: Any) -> list[_native.Part]:
    return [_part(one) for one in answer] if isinstance(answer, list) else []
