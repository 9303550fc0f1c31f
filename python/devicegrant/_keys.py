"""The key of a client's store, had once and then kept in memory."""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from . import _native
from ._errors import call, new

if TYPE_CHECKING:
    from ._stretch import Stretch
    from ._ways import Ways


def key_of(given: bytes | str | _native.Key) -> _native.Key:
    """A key from its 32 bytes or its text."""
    try:
        if isinstance(given, _native.Key):
            return given
        return _native.Key.from_text(given) if isinstance(given, str) else _native.Key(given)
    except (_native.Failure, TypeError):
        error = new("bad_option", "a key is 32 bytes, or their text as DEVICEGRANT_KEY takes it")
    given = b""  # a traceback may show what stands here
    raise error


class Keys:
    def __init__(
        self,
        given: _native.Key | None = None,
        home: _native.Home | None = None,
        source: str | None = None,
        unattended: bool = False,
    ) -> None:
        self._key = given
        self._home = home
        self._source = source
        self._unattended = unattended
        self.opened: _native.Opened | None = None

    @classmethod
    def of_this_process(cls) -> Keys:
        return cls(_native.Key(urandom(32)))

    def chosen(self) -> str | None:
        """The source that the home's key was chosen to come from."""
        return None if self._home is None else call(self._home.chosen)

    async def key(self, create: bool, ways: Ways, stretch: Stretch) -> _native.Key:
        """The key; with `create` a home that is not there yet is made."""
        if self._key is None:
            self._key = await self._look(create, ways, stretch)
        return self._key

    async def _look(self, create: bool, ways: Ways, stretch: Stretch) -> _native.Key:
        home, source = self._home, self._source
        if home is None:
            return await ways.blocking(lambda: call(_native.Key.from_variables), stretch)
        unattended = self._unattended
        opened = await ways.blocking(lambda: call(home.open, source, create, unattended), stretch)
        if opened is None:
            message = "logins are kept here and home.json, which names their key, is gone"
            raise new("home_unreadable", message)
        self.opened = opened
        return opened.key
