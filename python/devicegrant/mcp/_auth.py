"""Authorization of an MCP client by the device grant: written once for httpx and httpx2."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, AsyncGenerator, Generator, Union
from urllib.parse import urlsplit

from .._bearer import Bearer, _is_answer, _refused, _renewed
from .._client import Client
from .._errors import SignInNeeded, new
from .._flight import Flight
from .._step_up import is_step_up
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
        address = server if isinstance(server, str) else server.server
        at = urlsplit(address or "")
        if at.hostname is None:
            raise new("bad_option", "DeviceAuth wants the MCP server's address, or a client for one: its token goes nowhere else")
        self._origin = at.scheme, at.hostname, at.port or _PORTS.get(at.scheme)
        if isinstance(server, str):
            server = Client(server, **options)
        elif options:
            raise new("bad_option", "a client that is made already takes no options")
        super().__init__(server)
        self.interactive = interactive
        self._flight: Flight[bool] = Flight()
        self._lock = threading.Lock()

    @property
    def client(self) -> Any:
        """The client whose login it is."""
        return self._client

    def _is_for(self, request: Any) -> bool:
        """Whether it goes to the server that was named: its token is nobody else's business."""
        at = request.url
        there = at.scheme, at.host, at.port or _PORTS.get(at.scheme)
        return there == self._origin

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
        challenge = _challenge(request, response)
        if challenge is not None and self._can_repeat(request):
            await self._leave_async(response)
            await self._another(_sent(request), challenge)
            _renewed(request, await self._client.token())
            yield request

    async def _another(self, refused: _Sent, challenge: str) -> None:
        """Another token than the refused one, good for what is demanded, is there afterwards.
        However many requests need it at once, a person signs in once; whoever joined what was done
        for another demand, and is not served by it, has its own done."""
        for _ in range(2):
            _, joined = await self._flight.join(
                current(), lambda stretch: self._other(refused, challenge), challenge
            )
            if not joined or await self._is_met(refused, challenge):
                return

    async def _other(self, refused: _Sent, challenge: str) -> bool:
        if not await self._is_met(refused, challenge):
            await self._client.login(challenge)
        return True

    async def _is_met(self, refused: _Sent, challenge: str) -> bool:
        try:
            await self._client.token(reject=refused.token, challenge=challenge)
        except SignInNeeded:
            if not self.interactive:
                raise
            return False
        return True

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
        challenge = _challenge(request, response)
        if challenge is not None and self._can_repeat(request):
            self._leave(response)
            with self._lock:
                self._other_sync(_sent(request), challenge)
            _renewed(request, self._client.token())
            yield request

    def _other_sync(self, refused: _Sent, challenge: str) -> None:
        try:
            self._client.token(reject=refused.token, challenge=challenge)
        except SignInNeeded:
            if not self.interactive:
                raise
            self._client.login(challenge)


class _Sent:
    """The token that a request was refused with, where it had one; a traceback shows its type."""

    __slots__ = ("token",)

    def __init__(self, token: str | None) -> None:
        self.token = token


def _sent(request: Any) -> _Sent:
    return _Sent(_refused(request) if "Authorization" in request.headers else None)


def _challenge(request: Any, response: Any) -> str | None:
    """What was said to a request that a token, or one with more scopes, could mend."""
    if not _is_answer(request, response):
        return None
    challenge: str = response.headers.get("www-authenticate", "")
    if response.status_code == 401 or response.status_code == 403 and is_step_up(challenge):
        return challenge
    return None
