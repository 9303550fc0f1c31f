"""How this process waits: on asyncio, on trio, or by blocking.

Everything above is written once as `async def`. On a loop it suspends; without one each wait
blocks, so that `finish` runs the same code to its end in one go.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Coroutine, Protocol, TypeVar

from ._stretch import Stretch

T = TypeVar("T")

Work = Callable[[Stretch], Coroutine[Any, Any, T]]


class Event(Protocol):
    """Set once; whoever waits goes on then."""

    def set(self) -> object: ...

    async def wait(self) -> object: ...


class Ways(Protocol):
    """What a driver needs of a world, besides the effects themselves."""

    owner: object
    """The loop; waiting on what another loop does would never end."""

    is_async: bool

    async def sleep(self, seconds: float, stretch: Stretch) -> None: ...

    async def thread(
        self,
        work: Callable[[], T],
        stretch: Stretch,
        give_up: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> T:
        """Blocking work. Ends with `TimeoutError` after `seconds`. A caller who leaves is released
        at once, after `give_up`, except in a stretch that must finish."""
        ...

    async def limit(self, work: Coroutine[Any, Any, T], seconds: float, stretch: Stretch) -> T:
        """Async work of the caller's own, with a time limit; as `thread` else."""
        ...

    async def blocking(self, work: Callable[[], T], stretch: Stretch) -> T:
        """Blocking work of files and keyrings: off the loop, where there is one."""
        ...

    def event(self) -> Event: ...

    async def run(self, work: Work[T]) -> T:
        """Work whose caller may leave: that ends it, except in a stretch that must finish."""
        ...


def current() -> Ways:
    """The ways of the caller: trio's, else asyncio's. Neither is imported to find out."""
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            pass
        else:
            from ._ways_trio import Trio

            return Trio()
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            from ._ways_asyncio import Asyncio

            return Asyncio(loop)
    raise RuntimeError(
        "neither asyncio nor trio is running here: await this in one of them, or use devicegrant.sync"
    )


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Runs to its end what never suspends."""
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    work.close()
    raise RuntimeError("an async callable was given to devicegrant.sync: give a plain one")


def is_coroutine_function(callable: Callable[..., object]) -> bool:
    # A sixth of an import's time, and only a store or transport of the caller's asks.
    from inspect import iscoroutinefunction

    return iscoroutinefunction(callable)
