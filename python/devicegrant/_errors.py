"""Errors, sorted by what the caller can do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, TypeVar

if TYPE_CHECKING:
    from . import _native

T = TypeVar("T")


class DeviceGrantError(Exception):
    """Everything that can end a call. It never holds a secret, and its texts are safe to print."""

    code: str
    """Stable; `devicegrant explain CODE` says what it means."""
    message: str
    """What happened, in one sentence."""
    hint: str
    """What to do next, in one sentence."""
    help: str | None
    """The address that explains the code, where there is one."""
    error: str | None
    """What the server said (RFC 6749 §5.2), cleaned."""
    error_description: str | None
    error_uri: str | None
    candidates: list[str]
    """The logins that fit, where the code is `ambiguous_login`."""
    exit: int
    """What a command that ends with this error exits with."""

    _failure: _native.Failure

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = details.get("code", "bad_option")
        self.hint = details.get("hint", "")
        self.help = details.get("help")
        self.error = details.get("error")
        self.error_description = details.get("error_description")
        self.error_uri = details.get("error_uri")
        self.candidates = list(details.get("candidates", ()))
        self.exit = details.get("exit", 1)

    def __reduce__(self) -> Any:
        details = {k: v for k, v in self.__dict__.items() if k not in ("message", "_failure")}
        return _rebuild, (type(self), self.message, details)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code}: {self.message})"


class SignInNeeded(DeviceGrantError):
    """Ask a person to sign in (again)."""


class Denied(DeviceGrantError):
    """The person said no."""


class CodeExpired(DeviceGrantError):
    """The code ran out before anybody approved; begin again."""


class TryLater(DeviceGrantError):
    """The server cannot be reached or is failing; nothing is wrong with the login."""


class Refused(DeviceGrantError):
    """The configuration has to change before this can work."""


class StoreError(DeviceGrantError):
    """The place where logins are kept does not answer."""


class Usage(DeviceGrantError, ValueError):
    """The call itself cannot be carried out as it was made."""


CLASSES: dict[str, type[DeviceGrantError]] = {
    c.__name__: c for c in (SignInNeeded, Denied, CodeExpired, TryLater, Refused, StoreError, Usage)
}


def _rebuild(kind: type[DeviceGrantError], message: str, details: dict[str, Any]) -> DeviceGrantError:
    return kind(message, **details)


def of(failure: _native.Failure, help_base: str | None = None) -> DeviceGrantError:
    """The error of a failure, with the address that explains it where there is a base for one."""
    import os

    details = failure.details()
    base = help_base or os.environ.get("DEVICEGRANT_HELP")
    error = CLASSES.get(details._class, DeviceGrantError)(
        details.message,
        code=details.code,
        hint=details.hint,
        help=base + details.code if base else None,
        error=details.error,
        error_description=details.error_description,
        error_uri=details.error_uri,
        candidates=details.candidates,
        exit=details.exit,
    )
    error._failure = failure
    return error


def new(code: str, message: str) -> DeviceGrantError:
    """An error of this host's own, by a code of the catalog."""
    from . import _native

    return of(_native.Failure(code, message))


def failure_of(error: DeviceGrantError) -> _native.Failure:
    """What a flow is told of an error."""
    from . import _native

    there = getattr(error, "_failure", None)
    return there if isinstance(there, _native.Failure) else _native.Failure(error.code, error.message)


def call(function: Callable[..., T], *arguments: Any) -> T:
    """Calls the native side. Its own exception and frames stay behind: they hold raw arguments."""
    from . import _native

    try:
        return function(*arguments)
    except _native.Failure as failure:
        error = of(failure)
    del arguments  # a traceback may show what stands here
    raise error
