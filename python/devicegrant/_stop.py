"""Ends that come from outside: a signal, or the time that the caller allowed."""

from __future__ import annotations

import contextlib
import signal
from typing import Any, Iterator

from ._errors import DeviceGrantError, new


class _Stopped(KeyboardInterrupt):
    code = "interrupted"
    message = "interrupted"


class _GaveUp(KeyboardInterrupt):
    code = "gave_up"
    message = "the time allowed by --timeout ran out before anybody approved"


def _stop(kind: type[KeyboardInterrupt]) -> Any:
    def handler(number: int, frame: Any) -> None:
        raise kind

    return handler


@contextlib.contextmanager
def unless_stopped(limit: float | None = None) -> Iterator[None]:
    """SIGINT, SIGTERM, a terminal that hangs up, and the limit end the work with an error."""
    error: DeviceGrantError | None = None
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop(_Stopped))
    if limit is not None and hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _stop(_GaveUp))
        signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    except KeyboardInterrupt as why:
        error = new(getattr(why, "code", "interrupted"), getattr(why, "message", "interrupted"))
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
    if error is not None:
        raise error
