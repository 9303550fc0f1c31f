"""Lines of standard input that may hold a code: on a terminal they are not shown, so that no
scrollback keeps them, and one that is longer than a terminal's own line is not too long."""

from __future__ import annotations

import os
import sys
from typing import Any

from ._errors import new

_LONGEST = 64 * 1024  # what lies behind is read and forgotten
_BACKSPACE, _END_OF_INPUT, _ERASE_LINE = (0x08, 0x7F), 0x04, 0x15


class Typed:
    """`with Typed() as typed: typed.line()`: afterwards the terminal is as it was, however that
    ends; a thread may still wait for a line then."""

    def __init__(self) -> None:
        self._before: Any = None

    def __enter__(self) -> Typed:
        return self

    def __exit__(self, *_: object) -> None:
        self._loud()

    def line(self) -> str | None:
        """None where the input has ended.

        Raises `SignInNeeded` (`no_prompt`) for an input that cannot be read.
        """
        try:
            edited = is_terminal() and self._quiet()
            return _line(edited)
        except OSError as why:
            raise new("no_prompt", f"standard input could not be read: {why}") from None
        finally:
            self._loud()

    def _quiet(self) -> bool:
        try:
            import termios
        except ImportError:  # elsewhere the system's own editing of a line is left alone
            return False
        before = termios.tcgetattr(0)
        quiet = [*before]
        quiet[3] &= ~(termios.ICANON | termios.ECHO)
        self._before = before
        termios.tcsetattr(0, termios.TCSANOW, quiet)
        return True

    def _loud(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            import termios

            # What was typed ahead stays for whoever reads next.
            termios.tcsetattr(0, termios.TCSANOW, before)


def is_terminal() -> bool:
    return sys.stdin is not None and os.isatty(0)


def _line(edited: bool) -> str | None:
    line = bytearray()
    while True:
        read = os.read(0, 1)
        if not read:
            return None if not line else line.decode("utf-8", "replace")
        byte = read[0]
        if byte == 0x0A or edited and byte == 0x0D:
            return line.decode("utf-8", "replace")
        if edited and byte == _END_OF_INPUT and not line:
            return None
        if edited and byte == _ERASE_LINE:
            line.clear()
        elif edited and byte in _BACKSPACE:
            del line[-1:]
        elif len(line) < _LONGEST:
            line.append(byte)
