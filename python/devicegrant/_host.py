"""What a flow's effects are performed with."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable, Protocol

from . import _native
from ._errors import DeviceGrantError, failure_of, new
from ._stretch import Stretch
from ._ways import Ways

if TYPE_CHECKING:
    from ._store import Stored

Input: Any = _native.Input


class Clock(Protocol):
    def now(self) -> tuple[int, int]: ...

    async def sleep_until(self, until: int, stretch: Stretch) -> None: ...


def now() -> tuple[int, int]:
    """The wall clock and the steady one, in milliseconds."""
    return time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000


class SystemClock:
    def __init__(self, ways: Ways) -> None:
        self._ways = ways

    def now(self) -> tuple[int, int]:
        return now()

    async def sleep_until(self, until: int, stretch: Stretch) -> None:
        # Rounded up: a timer that ends a fraction early would only be asked for again.
        left = until - time.monotonic_ns() // 1_000_000
        await self._ways.sleep(max(0, left) / 1000, stretch)


class Sender(Protocol):
    """Sends one request, and says why where there is no whole answer."""

    async def send(self, request: _native.Request, ways: Ways, stretch: Stretch) -> Any: ...


class Host:
    """One call's world: how it waits, sends, keeps, shows and tells."""

    def __init__(
        self,
        ways: Ways,
        transport: Sender,
        store: Stored,
        prompt: Callable[[Any], Any] | None = None,
        observer: Callable[[str], None] | None = None,
        clock: Clock | None = None,
        help_base: str | None = None,
    ) -> None:
        self.ways = ways
        self.transport = transport
        self.store = store
        self.prompt = prompt
        self.observer = observer
        self.clock = clock or SystemClock(ways)
        self.help_base = help_base

    def once(self) -> Host:
        """The same, for one flow: a store remembers what it raised in it."""
        there = object.__new__(Host)
        there.__dict__.update(self.__dict__)
        there.store = self.store.with_ways(self.ways)
        return there

    async def send(self, request: _native.Request, stretch: Stretch) -> Any:
        answer = await self.transport.send(request, self.ways, stretch)
        if isinstance(answer, _native.Unreachable):
            _log("%s %s: %s", request.method, request.url, answer.name.lower())
            return Input.UNREACHABLE(answer)
        _log("%s %s: %s", request.method, request.url, answer.status)
        return Input.RESPONSE(answer)

    async def show(self, prompt: _native.Prompt) -> None:
        if self.prompt is None:
            raise new("no_prompt", "there is nobody to show the code to")
        from ._values import Prompt

        shown = self.prompt(Prompt(prompt))
        if isinstance(shown, Awaitable):
            await shown

    def observe(self, event: str) -> None:
        _log("%s", event)
        if self.observer is not None:
            self.observer(event)

    def original(self, failure: _native.Failure) -> BaseException | None:
        """What the caller's own store raised, where that is what ended the flow."""
        return self.store.original(failure)


def _log(words: str, *arguments: object) -> None:
    # Who has not imported logging listens to nothing.
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.getLogger("devicegrant").debug(words, *arguments)


def told(error: DeviceGrantError) -> Any:
    return Input.FAILED(failure_of(error))
