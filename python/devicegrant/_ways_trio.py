"""Waiting on trio. It was imported by whoever called; here it is only looked up."""

from __future__ import annotations

import sys
from typing import Any, Callable, Coroutine, TypeVar

from ._job import Job
from ._stretch import Stretch
from ._ways import Event, Work

T = TypeVar("T")


class Trio:
    is_async = True

    def __init__(self) -> None:
        self._trio: Any = sys.modules["trio"]
        self._token: Any = self._trio.lowlevel.current_trio_token()
        self.owner: object = self._token

    async def sleep(self, seconds: float, stretch: Stretch) -> None:
        await self._trio.sleep(max(0.0, seconds))

    async def thread(
        self,
        work: Callable[[], T],
        stretch: Stretch,
        give_up: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> T:
        token, over = self._token, self._trio.Event()

        def finished() -> None:
            try:
                token.run_sync_soon(over.set)
            except RuntimeError:
                pass  # trio has ended meanwhile; nobody waits any more

        job = Job(work, finished)
        try:
            with self._trio.move_on_after(float("inf") if seconds is None else seconds):
                await over.wait()
        finally:
            if not job.done and give_up is not None:
                give_up()
        if not job.done:
            raise TimeoutError
        return job.result()

    async def limit(self, work: Coroutine[Any, Any, T], seconds: float, stretch: Stretch) -> T:
        with self._trio.move_on_after(seconds):
            return await work
        raise TimeoutError

    async def blocking(self, work: Callable[[], T], stretch: Stretch) -> T:
        return await self.thread(work, stretch)

    def event(self) -> Event:
        event: Event = self._trio.Event()
        return event

    async def run(self, work: Work[T]) -> T:
        # Nothing outlives its scope in trio, so here the caller waits for what must finish.
        with self._trio.CancelScope() as scope:
            value = await work(Stretch(lambda raised: setattr(scope, "shield", raised)))
        await self._trio.lowlevel.checkpoint_if_cancelled()
        return value
