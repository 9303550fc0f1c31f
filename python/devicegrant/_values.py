"""What a sign-in shows and brings. Printed, nothing here shows a secret; nothing is pickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NoReturn

from . import _native

if TYPE_CHECKING:
    from datetime import datetime


def moment(at_ms: int | None) -> datetime | None:
    from datetime import datetime, timedelta, timezone

    if at_ms is None:
        return None
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(
        milliseconds=min(at_ms, 253_402_300_799_000)
    )


class Kept:
    """A value around a native object that holds secrets."""

    __slots__ = ("_held", "_fields")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds secrets and is not pickled or copied")


class Tokens(Kept):
    """What a server issued."""

    _held: _native.Tokens

    def __init__(self, native: _native.Tokens) -> None:
        self._held = native
        self._fields = native.fields()

    @property
    def access_token(self) -> str:
        """Stands behind `Bearer`."""
        return self._held.access_token()

    @property
    def refresh_token(self) -> str | None:
        return self._held.refresh_token()

    @property
    def id_token(self) -> str | None:
        """OpenID Connect's, unchecked."""
        return self._held.id_token()

    @property
    def token_type(self) -> str:
        return str(self._fields.token_type)

    @property
    def expires_at(self) -> datetime | None:
        """When the access token ends, by this machine's clock; none where the server did not say."""
        return moment(self._fields.expires_at_ms)

    @property
    def refresh_expires_at(self) -> datetime | None:
        return moment(self._fields.refresh_expires_at_ms)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What was granted."""
        return tuple(self._fields.scopes)

    @property
    def issuer(self) -> str | None:
        issuer: str | None = self._fields.issuer
        return issuer

    @property
    def sub(self) -> str | None:
        """Whose they are: the `sub` of who approved, where the server said so and it holds."""
        sub: str | None = self._fields.sub
        return sub

    @property
    def extra(self) -> Mapping[str, Any]:
        """Every other field of the answer."""
        import json

        return {name: json.loads(value) for name, value in self._held.extra().items()}

    def __repr__(self) -> str:
        return (
            f"Tokens(token_type={self.token_type!r}, expires_at={self.expires_at!r},"
            f" scopes={self.scopes!r}, issuer={self.issuer!r})"
        )


class _Shown(Kept):
    """What a person is asked with, whichever way."""

    __slots__ = ()

    _held: Any
    _fields: Any

    def __init__(self, native: _native.Prompt | _native.PastePrompt) -> None:
        self._held = native
        self._fields = native.fields()

    @property
    def expires_at(self) -> datetime:
        """Until when the person is waited for."""
        at = moment(self._fields.expires_at_ms)
        assert at is not None
        return at

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is asked for."""
        return tuple(self._fields.scopes)

    @property
    def text(self) -> str:
        """Several lines for a terminal."""
        return str(self._held.text())

    @property
    def plain(self) -> str:
        """Plain sentences, for a screen reader or a log that people read."""
        return str(self._held.plain())

    @property
    def qr(self) -> list[str] | None:
        """The QR code as lines of half blocks, to be drawn white on black."""
        lines: list[str] | None = self._held.qr_lines()
        return lines

    @property
    def qr_modules(self) -> list[list[bool]] | None:
        """The QR code as rows of modules, true where dark."""
        flat = self._held.qr_modules()
        if flat is None:
            return None
        size = round(len(flat) ** 0.5)
        return [flat[at : at + size] for at in range(0, len(flat), size)]


class Prompt(_Shown):
    """Everything a person needs to approve (RFC 8628 §3.3)."""

    _held: _native.Prompt
    _fields: _native.PromptFields

    @property
    def user_code(self) -> str:
        return str(self._fields.user_code)

    @property
    def verification_uri(self) -> str:
        return str(self._fields.verification_uri)

    @property
    def verification_uri_complete(self) -> str | None:
        complete: str | None = self._fields.verification_uri_complete
        return complete

    @property
    def interval(self) -> int:
        """The least time between two polls, in seconds."""
        return int(self._fields.interval)

    @property
    def message(self) -> str | None:
        """The server's own words."""
        message: str | None = self._fields.message
        return message

    @property
    def spoken(self) -> str:
        """The code spelled to be heard."""
        return self._held.spoken()

    def __repr__(self) -> str:
        return f"Prompt(verification_uri={self.verification_uri!r}, expires_at={self.expires_at!r})"

    def _repr_html_(self) -> str:
        from .prompts import html

        return html(self)

    def __rich__(self) -> Any:
        from .prompts import panel

        return panel(self)


class PastePrompt(_Shown):
    """What a person needs to open one address and to bring back another."""

    _held: _native.PastePrompt
    _fields: _native.PasteFields

    @property
    def authorization_uri(self) -> str:
        """The address to open; for one person and no log."""
        return str(self._fields.authorization_uri)

    @property
    def redirect_uri(self) -> str:
        """What the address to bring back begins with."""
        return str(self._fields.redirect_uri)

    @property
    def trouble(self) -> str | None:
        """What was wrong with what was pasted before; none at the first time."""
        trouble: str | None = self._fields.trouble
        return trouble

    def __repr__(self) -> str:
        return f"PastePrompt(redirect_uri={self.redirect_uri!r}, trouble={self.trouble!r})"


class Pending(Kept):
    """A sign-in that waits for its person, as a value: begun here, finished anywhere."""

    _held: _native.Pending

    def __init__(self, native: _native.Pending) -> None:
        self._held = native

    @property
    def prompt(self) -> Prompt | None:
        prompt = self._held.prompt()
        return None if prompt is None else Prompt(prompt)

    @property
    def expires_at(self) -> datetime:
        at = moment(self._held.expires_at_ms())
        assert at is not None
        return at

    def to_bytes(self, key: bytes | str) -> bytes:
        """Sealed with 32 bytes (or their text, as `DEVICEGRANT_KEY` takes it)."""
        from os import urandom

        from ._errors import call
        from ._keys import key_of

        native, key = key_of(key), b""  # a traceback may show what stands here
        return call(self._held.to_bytes, native, urandom(32))

    @classmethod
    def from_bytes(cls, key: bytes | str, sealed: bytes) -> Pending:
        """Opens what `to_bytes` sealed. Raises `StoreError` (`seal_broken`)."""
        from ._errors import call
        from ._keys import key_of

        native, key = key_of(key), b""  # a traceback may show what stands here
        return cls(call(_native.Pending.from_bytes, native, sealed))

    def __repr__(self) -> str:
        return f"Pending(expires_at={self.expires_at!r})"


class Health:
    """How a login is doing; nothing in it is a secret."""

    state: str
    """`fresh`, `expiring`, `signed_out` or `unreachable`."""
    at: datetime
    code: str | None
    reason: str | None
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    refreshable: bool
    warnings: list[str]

    def __init__(self, native: _native.Health) -> None:
        at = moment(native.at_ms)
        assert at is not None
        self.state, self.at = native.state, at
        self.code, self.reason = native.code, native.reason
        self.expires_at = moment(native.expires_at_ms)
        self.refresh_expires_at = moment(native.refresh_expires_at_ms)
        self.refreshable, self.warnings = native.refreshable, list(native.warnings)

    def __repr__(self) -> str:
        return f"Health(state={self.state!r}, code={self.code!r}, expires_at={self.expires_at!r})"
