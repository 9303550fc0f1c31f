"""Waiting on asyncio."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, TypeVar

from ._job import Job
from ._stretch import Stretch
from ._ways import Event, Work

T = TypeVar("T")

# A loop holds its tasks weakly; what must finish is held here.
_tasks: set[asyncio.Task[Any]] = set()


def _over(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled():
        task.exception()  # its caller may be gone; nobody has to be told on stderr


def _bury() -> None:
    """Of a loop that was closed under its tasks nothing goes on any more; their leases go back."""
    for task in [task for task in _tasks if task.get_loop().is_closed()]:
        _tasks.discard(task)
        coroutine: Any = task.get_coro()
        try:
            coroutine.close()
        except RuntimeError:
            pass  # somebody else waited for it on that loop


class _Closed:
    """Held by the loop alone, as one of its timers: it goes when the loop is closed under its tasks,
    and then gives up what no coroutine is told to give up any more."""

    __slots__ = ("_loop", "_armed")

    def __init__(self, loop: asyncio.AbstractEventLoop, armed: list[Callable[[], None]]) -> None:
        self._loop = loop
        self._armed = armed
        loop.call_later(1, self)

    def __call__(self) -> None:
        if self._armed:
            self._loop.call_later(1, self)

    def __del__(self) -> None:
        if self._loop.is_closed():
            for give_up in self._armed:
                give_up()


class Asyncio:
    is_async = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.owner: object = loop
        self._loop = loop

    async def sleep(self, seconds: float, stretch: Stretch) -> None:
        end = self._loop.time() + seconds
        while True:
            try:
                return await asyncio.sleep(max(0.0, end - self._loop.time()))
            except asyncio.CancelledError:
                if not stretch.raised:
                    raise

    async def thread(
        self,
        work: Callable[[], T],
        stretch: Stretch,
        give_up: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> T:
        loop, woken = self._loop, self._loop.create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        def finished() -> None:
            try:
                loop.call_soon_threadsafe(wake)
            except RuntimeError:
                pass  # the loop was closed meanwhile; nobody waits any more

        job = Job(work, finished)
        limit = None if seconds is None else loop.call_later(seconds, wake)
        armed = [] if give_up is None else [give_up]
        if armed:
            _Closed(loop, armed)
        try:
            while not woken.done():
                try:
                    await asyncio.shield(woken)
                except asyncio.CancelledError:
                    # Also when the loop is shut down: `asyncio.run` waits for what goes on.
                    if not stretch.raised:
                        raise
        finally:
            armed.clear()
            if limit is not None:
                limit.cancel()
            if not job.done and give_up is not None:
                give_up()
        if not job.done:
            raise TimeoutError
        return job.result()

    async def limit(self, work: Coroutine[Any, Any, T], seconds: float, stretch: Stretch) -> T:
        end = self._loop.time() + seconds
        task = self._keep(work)
        while not task.done():
            try:
                left = end - self._loop.time()
                if left <= 0 or not (await asyncio.wait({task}, timeout=left))[0]:
                    task.cancel()
                    raise TimeoutError
            except asyncio.CancelledError:
                if not stretch.raised:
                    task.cancel()
                    raise
        if task.cancelled() and stretch.raised:
            # The loop is shut down; what the server did of it nobody can tell.
            raise TimeoutError
        return task.result()

    async def blocking(self, work: Callable[[], T], stretch: Stretch) -> T:
        return await self.thread(work, stretch)

    def event(self) -> Event:
        return asyncio.Event()

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        _bury()
        task = self._loop.create_task(work)
        # A loop that is closed without waiting for its tasks complains about them on stderr.
        setattr(task, "_log_destroy_pending", False)
        _tasks.add(task)
        task.add_done_callback(_over)
        return task

    async def run(self, work: Work[T]) -> T:
        stretch = Stretch()
        task = self._keep(work(stretch))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done() and not stretch.raised:
                task.cancel()
            raise
