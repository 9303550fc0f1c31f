"""Authorization of an MCP client by the device grant: written once for httpx and httpx2."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, AsyncGenerator, Generator, Union
from urllib.parse import urlsplit

from .._bearer import Bearer, _refused, _renewed
from .._client import Client
from .._errors import DeviceGrantError, SignInNeeded, new
from .._flight import Flight
from .._ways import current

if TYPE_CHECKING:
    from ..sync import Client as SyncClient

_PORTS = {"https": 443, "http": 80}


class DeviceAuthBase(Bearer):
    """What both have: a token in front of each request, a person only where there is no way
    around, and never a browser."""

    def __init__(
        self,
        server: Union[str, Client, SyncClient],
        *,
        interactive: bool = True,
        **options: Any,
    ) -> None:
        """`server` is the MCP server's address, or a client for it; `options` are those of `Client`.

        With `interactive` a person is asked where it is needed: by the client's `prompt`, or else
        on the terminal. Without it `SignInNeeded` is raised instead: a service wants that, with
        `devicegrant login ADDRESS` run before. A request waits for the person, and its time limits
        go on; `await auth.client.login()` before connecting keeps the two apart.
        """
        self._origin: tuple[str, str | None, int | None] | None = None
        if isinstance(server, str):
            at = urlsplit(server)
            self._origin = at.scheme, at.hostname, at.port or _PORTS.get(at.scheme)
            server = Client(server, **options)
        elif options:
            raise new("bad_option", "a client that is made already takes no options")
        super().__init__(server)
        self.interactive = interactive
        self._flight: Flight[Any] = Flight()
        self._lock = threading.Lock()

    @property
    def client(self) -> Any:
        """The client whose login it is."""
        return self._client

    def _is_for(self, request: Any) -> bool:
        """Whether it goes to the server that was named: its token is nobody else's business."""
        at = request.url
        there = at.scheme, at.host, at.port or _PORTS.get(at.scheme)
        return self._origin is None or there == self._origin

    # No token stands in a variable: a traceback may show those.

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        self._must_be(sync=False)
        if not self._is_for(request):
            yield request
            return
        try:
            _renewed(request, await self._client.token())
        except SignInNeeded:
            pass  # a server that demands nothing gets nothing; one that does says what it wants
        response = yield request
        if not self._can_repeat(request):
            return
        if response.status_code == 401:
            await self._again(request)
            yield request
        elif wanted := _wants_more(response):
            await self._again(request, challenge=wanted)
            yield request

    async def _again(self, request: Any, **challenge: str) -> None:
        refused = _sent(request)
        # However many requests need it at once, a person signs in once.
        await self._flight.join(current(), lambda stretch: self._other(refused, challenge))
        del refused
        _renewed(request, await self._client.token())

    async def _other(self, refused: _Sent, challenge: dict[str, str]) -> bool:
        """Another token than the refused one is there afterwards."""
        try:
            if not challenge:
                await self._client.token(reject=refused.token)
                return True
            if not refused.is_it(await self._client.token()):
                return True  # somebody has signed in for more meanwhile
            missing = new("more_scopes", "the server wants scopes that were not asked for")
        except SignInNeeded as error:
            missing = error
        self._may_ask(missing)
        await self._client.login(**challenge)
        return True

    def _may_ask(self, missing: DeviceGrantError) -> None:
        if not self.interactive:
            raise missing

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        self._must_be(sync=True)
        if not self._is_for(request):
            yield request
            return
        try:
            _renewed(request, self._client.token())
        except SignInNeeded:
            pass
        response = yield request
        if not self._can_repeat(request):
            return
        if response.status_code == 401:
            self._again_sync(request)
            yield request
        elif wanted := _wants_more(response):
            self._again_sync(request, challenge=wanted)
            yield request

    def _again_sync(self, request: Any, **challenge: str) -> None:
        refused = _sent(request)
        with self._lock:
            self._other_sync(refused, challenge)
        del refused
        _renewed(request, self._client.token())

    def _other_sync(self, refused: _Sent, challenge: dict[str, str]) -> None:
        try:
            if not challenge:
                self._client.token(reject=refused.token)
                return
            if not refused.is_it(self._client.token()):
                return
            missing = new("more_scopes", "the server wants scopes that were not asked for")
        except SignInNeeded as error:
            missing = error
        self._may_ask(missing)
        self._client.login(**challenge)


class _Sent:
    """The token that a request was refused with, where it had one; a traceback shows its type."""

    __slots__ = ("token",)

    def __init__(self, token: str | None) -> None:
        self.token = token

    def is_it(self, token: str) -> bool:
        return token == self.token


def _sent(request: Any) -> _Sent:
    return _Sent(_refused(request) if "Authorization" in request.headers else None)


def _wants_more(response: Any) -> str | None:
    """The challenge of a server that knows the token and wants more scopes (RFC 6750 §3.1)."""
    challenge: str = response.headers.get("www-authenticate", "")
    return challenge if response.status_code == 403 and "insufficient_scope" in challenge else None
