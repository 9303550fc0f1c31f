"""What must finish, finishes: whether a flow is where it must not be cut off."""

from __future__ import annotations

from typing import Callable

LONGEST = 30.0
"""A stretch ends by itself within 25 seconds; a little more for the disk."""


class Stretch:
    """Raised from the lease, or from an exchange, to its save and unlock."""

    __slots__ = ("raised", "cancelled", "_changed", "_waker")

    def __init__(self, changed: Callable[[bool], None] | None = None) -> None:
        self.raised = False
        self.cancelled = False
        self._changed = changed
        self._waker: Callable[[], None] | None = None

    def _set(self, raised: bool) -> None:
        if raised != self.raised:
            self.raised = raised
            if self._changed:
                self._changed(raised)

    def raise_if(self, must_finish: bool) -> None:
        if must_finish:
            self._set(True)

    def lower_if(self, over: bool) -> None:
        if over:
            self._set(False)

    # For work in a thread, which nothing but a word can end.

    def cancel(self) -> None:
        self.cancelled = True
        waker = self._waker
        if waker:
            waker()

    def waking(self, waker: Callable[[], None] | None) -> None:
        self._waker = waker
        if self.cancelled and waker:
            waker()

    @property
    def given_up(self) -> bool:
        """The caller is gone, and nothing needs to be brought to its end."""
        return self.cancelled and not self.raised
