"""Waiting by blocking, for programs without a loop."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Coroutine, TypeVar

from ._job import Job
from ._stretch import LONGEST, Stretch
from ._ways import Event, Work, finish

T = TypeVar("T")


class GivenUp(BaseException):
    """Ends work in a thread whose caller was interrupted."""


class _Event:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        self._event.wait()


class Blocking:
    owner: object = None
    is_async = False

    async def sleep(self, seconds: float, stretch: Stretch) -> None:
        end = time.monotonic() + seconds
        woken = threading.Event()
        stretch.waking(woken.set)
        try:
            while (left := end - time.monotonic()) > 0:
                woken.wait(left)
                if stretch.given_up:
                    raise GivenUp
                woken.clear()
        finally:
            stretch.waking(None)

    async def thread(
        self,
        work: Callable[[], T],
        stretch: Stretch,
        give_up: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> T:
        end = None if seconds is None else time.monotonic() + seconds
        woken = threading.Event()
        job = Job(work, woken.set)
        stretch.waking(woken.set)
        try:
            while not job.done:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                woken.wait(left)
                if not job.done and stretch.given_up:
                    raise GivenUp
                if not job.done:
                    woken.clear()
        finally:
            stretch.waking(None)
            if not job.done and give_up is not None:
                give_up()
        return job.result()

    async def limit(self, work: Coroutine[Any, Any, T], seconds: float, stretch: Stretch) -> T:
        return await work

    async def blocking(self, work: Callable[[], T], stretch: Stretch) -> T:
        return work()

    def event(self) -> Event:
        return _Event()

    async def run(self, work: Work[T]) -> T:
        stretch = Stretch()
        # Only the main thread is interrupted; elsewhere nobody can leave.
        if threading.current_thread() is not threading.main_thread():
            return await work(stretch)
        import contextvars

        context = contextvars.copy_context()
        over = threading.Event()
        job = Job(lambda: context.run(finish, work(stretch)), over.set)
        try:
            over.wait()
        except BaseException:
            stretch.cancel()
            job.thread.join(LONGEST)
            raise
        return job.result()
