"""Blocking work in a daemon thread of our own. Never the default executor: leaving a loop waits
for its threads, and so for a socket's whole time limit."""

from __future__ import annotations

import threading
from typing import Callable, Generic, TypeVar

T = TypeVar("T")


class Job(Generic[T]):
    """One call in one thread. `finished` is called there, once, whatever happened."""

    __slots__ = ("_work", "_finished", "_outcome", "_error", "done", "thread")

    def __init__(self, work: Callable[[], T], finished: Callable[[], None]) -> None:
        self._work: Callable[[], T] | None = work
        self._finished = finished
        self._error: BaseException | None = None
        self.done = False
        self.thread = threading.Thread(target=self._run, name="devicegrant", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        work, self._work = self._work, None
        try:
            assert work is not None
            self._outcome = work()
        except BaseException as error:  # handed to whoever waits
            self._error = error
        self.done = True
        self._finished()

    def result(self) -> T:
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error
            finally:
                del error  # no cycle with its own traceback
        return self._outcome
