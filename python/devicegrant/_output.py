"""What goes to stdout for programs, and to stderr for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ._errors import DeviceGrantError
from ._values import moment

if TYPE_CHECKING:
    from . import _native


def line(text: str) -> None:
    """A line for a program. One that no longer reads has all it wanted."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        pass


def event(value: dict[str, Any]) -> None:
    line(json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def rfc3339(at_ms: int | None) -> str | None:
    at = moment(at_ms)
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def fail(error: DeviceGrantError, as_json: bool) -> int:
    """Tells an error, and returns the exit code."""
    help = error.help or f"devicegrant explain {error.code}"
    if as_json:
        event({
            "event": "error", "code": error.code, "message": error.message, "hint": error.hint,
            "help": help, "error": error.error, "error_description": error.error_description,
            "error_uri": error.error_uri, "exit": error.exit,
        })  # fmt: skip
        return error.exit
    note(f"error: {error.message}")
    for candidate in error.candidates:
        note(f"  {candidate}")
    note(f"hint:  {error.hint}")
    note(f"help:  {help}")
    return error.exit


def whose(header: _native.Header) -> dict[str, Any]:
    names = ("profile", "issuer", "target", "client_id", "resource", "account")
    return {name: getattr(header, name) for name in names}


def name(header: _native.Header) -> str:
    """How a person names this login and no other."""
    return str(header.name)
