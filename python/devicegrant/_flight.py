"""Single flight: a thousand callers, one exchange, and all of them get its result."""

from __future__ import annotations

import threading
from typing import Any, Callable, Coroutine, Generic, TypeVar

from ._errors import DeviceGrantError
from ._stretch import Stretch
from ._ways import Ways

T = TypeVar("T")


class _Running(Generic[T]):
    def __init__(self, ways: Ways, demand: object) -> None:
        self.owner, self.demand = ways.owner, demand
        self.over = ways.event()
        self.started = False
        self.value: T | None = None
        self.error: Exception | None = None


class Flight(Generic[T]):
    """The work that is on its way, if any."""

    def __init__(self) -> None:
        self._running: _Running[T] | None = None
        self._lock = threading.Lock()

    def _enter(self, ways: Ways, demand: object) -> tuple[_Running[T], bool]:
        with self._lock:
            running = self._running
            # What another loop does cannot be waited for; the store's lease keeps the two apart.
            if running is not None and running.owner is ways.owner:
                return running, True
            self._running = running = _Running(ways, demand)
            return running, False

    def _leave(self, running: _Running[T]) -> None:
        with self._lock:
            if self._running is running:
                self._running = None
        running.over.set()

    async def join(
        self,
        ways: Ways,
        work: Callable[[Stretch], Coroutine[Any, Any, T]],
        demand: object = None,
    ) -> tuple[T, bool]:
        """Joins what is on its way (true), or starts it. Where that was begun for another demand,
        whoever joined may have to look again; why it failed is nothing to them."""
        while True:
            running, joined = self._enter(ways, demand)
            if not joined:
                return await self._lead(ways, running, work), False
            await running.over.wait()
            if running.error is not None and running.demand == demand:
                error = running.error
                # Each caller raises one of its own: a traceback grows with every raise.
                raise again(error)
            if running.value is not None:
                return running.value, True
            # Its caller left before anything had to finish, or it was another's: somebody starts.

    async def _lead(
        self, ways: Ways, running: _Running[T], work: Callable[[Stretch], Coroutine[Any, Any, T]]
    ) -> T:
        async def led(stretch: Stretch) -> T:
            running.started = True
            try:
                running.value = await work(stretch)
                return running.value
            except Exception as error:
                running.error = error
                raise
            finally:
                self._leave(running)

        try:
            return await ways.run(led)
        finally:
            # A task that was cancelled before its first step has run nothing of the above.
            if not running.started:
                self._leave(running)


def again(error: Exception) -> Exception:
    """The same for another caller to raise."""
    if not isinstance(error, DeviceGrantError):
        return error
    there = type(error)(error.message)
    there.__dict__.update(error.__dict__)
    return there
