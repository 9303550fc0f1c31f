"""Where logins are kept: files, memory, or an object of the caller's own."""

from __future__ import annotations

from typing import Any, Awaitable, Protocol, Sequence, Union, runtime_checkable

from . import _native
from ._errors import DeviceGrantError, new
from ._host import told
from ._stretch import Stretch
from ._ways import Ways, is_coroutine_function

Input: Any = _native.Input
Locked = _native.Locked


class Busy:
    """The lease is somebody else's, since that moment of `time.monotonic()`."""

    def __init__(self, since: float = 0.0) -> None:
        self.since = since


class Resting:
    """Nobody should take the lease before that moment (seconds since 1970), for that reason."""

    def __init__(self, until: float, code: str) -> None:
        self.until, self.code = until, code


@runtime_checkable
class Store(Protocol):
    """Keeps logins. The bytes are sealed before they get here. No method waits for another
    process; each may be a plain or an async function. A store that also has
    `list() -> Sequence[str]` is one whose logins can be found without being named."""

    def load(self, id: str, /) -> Union[tuple[bytes | None, int], None, Awaitable[tuple[bytes | None, int] | None]]:
        """The record and its revision; none where nothing was ever written."""
        ...

    def save(self, id: str, bytes: bytes | None, expected: int, /) -> Union[int, None, Awaitable[int | None]]:
        """Writes if the revision still is the expected one, and returns the next; else none."""
        ...

    def lock(self, id: str, ttl: float, /) -> Union[str, Busy, Resting, Awaitable[Union[str, Busy, Resting]]]:
        """Takes the lease for at most `ttl` seconds."""
        ...

    def unlock(self, lease: str, /) -> Union[None, Awaitable[None]]:
        """Gives it back; one that has run out is no error."""
        ...


class Stored:
    """A store as the driver calls it: each method answers with what the flow is told."""

    def __init__(self, store: Any, ways: Ways | None = None) -> None:
        self._store = store
        self._ways = ways
        self._native = isinstance(store, (_native.FileStore, _native.MemoryStore))
        self._in_memory = isinstance(store, _native.MemoryStore)
        self._rests = self._native or bool(getattr(store, "keeps_rests", False))
        self._raised: tuple[str, BaseException] | None = None

    def with_ways(self, ways: Ways) -> Stored:
        return Stored(self._store, ways)

    def describe(self) -> str:
        describe = getattr(self._store, "describe", None)
        return str(describe()) if callable(describe) else type(self._store).__name__

    def original(self, failure: _native.Failure) -> BaseException | None:
        raised = self._raised
        return raised[1] if raised and str(failure) == raised[0] else None

    async def _call(self, stretch: Stretch, name: str, *arguments: Any) -> Any:
        method, ways = getattr(self._store, name), self._ways
        assert ways is not None
        is_async = not self._native and is_coroutine_function(method)
        if not ways.is_async and is_async:
            raise new("bad_option", "devicegrant.sync takes a store of plain methods, not async ones")
        if self._in_memory or is_async or not ways.is_async:
            answer = method(*arguments)
        else:
            answer = await ways.blocking(lambda: method(*arguments), stretch)
        return await answer if isinstance(answer, Awaitable) else answer

    async def _ask(self, stretch: Stretch, name: str, *arguments: Any) -> tuple[Any, Any]:
        """The answer, or else what the flow is told of why there is none."""
        try:
            return await self._call(stretch, name, *arguments), None
        except _native.Failure as failure:
            return None, Input.FAILED(failure)
        except DeviceGrantError as error:
            self._raised = error.message, error
            return None, told(error)
        except Exception as error:
            words = f"the store raised {type(error).__name__} in {name}"
            self._raised = words, error
            return None, Input.FAILED(_native.Failure("store_unreachable", words))

    async def load(self, id: str, stretch: Stretch) -> Any:
        there, failed = await self._ask(stretch, "load", id)
        if failed is not None:
            return failed
        if self._native:
            return Input.LOADED(there.bytes, there.revision)
        return Input.LOADED(*(there or (None, 0)))

    async def list(self, stretch: Stretch) -> Any:
        if not hasattr(self._store, "list"):
            return Input.LISTED([])
        ids, failed = await self._ask(stretch, "list")
        return failed if failed is not None else Input.LISTED(list(ids))

    async def save(self, id: str, data: bytes | None, expected: int, stretch: Stretch) -> Any:
        revision, failed = await self._ask(stretch, "save", id, data, expected)
        if failed is not None:
            return failed
        return Input.CONFLICT() if revision is None else Input.SAVED(revision)

    async def lock(self, id: str, ttl_ms: int, force: bool, stretch: Stretch) -> Any:
        wish: Sequence[Any] = (ttl_ms, force) if self._native else (ttl_ms / 1000, force)
        held, failed = await self._ask(stretch, "lock", id, *(wish if self._rests else wish[:1]))
        if failed is not None:
            return failed
        if isinstance(held, (Locked.YES, str)):
            return Input.LOCKED(held if isinstance(held, str) else held.lease)
        if isinstance(held, Locked.RESTING):
            return Input.RESTING(held.rest)
        if isinstance(held, Resting):
            return Input.RESTING(_native.Rest(until_ms=int(held.until * 1000), code=held.code))
        return Input.BUSY(int(held.since if isinstance(held, Locked.BUSY) else held.since * 1000))

    def release(self, lease: str) -> None:
        """Gives the lease back where that can be done without waiting."""
        if self._native:
            try:
                self._store.unlock(lease, None)
            except _native.Failure:
                pass  # it runs out by itself

    async def unlock(self, lease: str, rest: _native.Rest | None, stretch: Stretch) -> Any:
        told: Any = rest
        if rest is not None and not self._native:
            told = Resting(rest.until_ms / 1000, rest.code)
        _, failed = await self._ask(stretch, "unlock", lease, *((told,) if self._rests else ()))
        return failed if failed is not None else Input.GO()
