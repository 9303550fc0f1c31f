"""Authorization of an MCP client by the device grant: written once for httpx and httpx2."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, AsyncGenerator, Generator, Union

from .._bearer import Bearer, _refused, _renewed
from .._client import Client
from .._errors import SignInNeeded, new
from .._flight import Flight
from .._ways import current

if TYPE_CHECKING:
    from ..sync import Client as SyncClient


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
        if isinstance(server, str):
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

    # No token stands in a variable: a traceback may show those.

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        self._must_be(sync=False)
        missing: SignInNeeded | None = None
        try:
            _renewed(request, await self._client.token())
        except SignInNeeded as error:
            # A server that demands nothing gets nothing; one that does says what it wants.
            missing = error
        response = yield request
        if response.status_code not in (401, 403) or not self._can_repeat(request):
            return
        if response.status_code == 401 and missing is None:
            try:
                _renewed(request, await self._client.token(reject=_refused(request)))
            except SignInNeeded as error:
                missing = error
        if response.status_code == 403 and not _wants_more(response):
            return
        if response.status_code == 403 or missing is not None:
            await self._ask(missing, response)
            _renewed(request, await self._client.token())
        yield request

    async def _ask(self, missing: SignInNeeded | None, response: Any) -> None:
        """However many requests need it at once, a person signs in once."""
        self._may_ask(missing, response)
        await self._flight.join(current(), lambda stretch: self._client.login(**_challenge(response)))

    def _may_ask(self, missing: SignInNeeded | None, response: Any) -> None:
        if not self.interactive:
            raise missing or new("more_scopes", "the server wants scopes that were not asked for")

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        self._must_be(sync=True)
        missing: SignInNeeded | None = None
        try:
            _renewed(request, self._client.token())
        except SignInNeeded as error:
            missing = error
        response = yield request
        if response.status_code not in (401, 403) or not self._can_repeat(request):
            return
        if response.status_code == 401 and missing is None:
            try:
                _renewed(request, self._client.token(reject=_refused(request)))
            except SignInNeeded as error:
                missing = error
        if response.status_code == 403 and not _wants_more(response):
            return
        if response.status_code == 403 or missing is not None:
            self._may_ask(missing, response)
            with self._lock:
                self._client.login(**_challenge(response))
            _renewed(request, self._client.token())
        yield request


def _wants_more(response: Any) -> bool:
    return "insufficient_scope" in response.headers.get("www-authenticate", "")


def _challenge(response: Any) -> dict[str, str]:
    challenge = response.headers.get("www-authenticate")
    return {"challenge": challenge} if challenge else {}
