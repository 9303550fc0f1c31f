"""The token in front of a request, for httpx and httpx2: written once for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncGenerator, AsyncIterator, Generator, Iterator, Union

from . import _native
from ._errors import new

if TYPE_CHECKING:
    from ._client import Client
    from .sync import Client as SyncClient


class Unread:
    """The body of an answer that nobody wants. httpx reads it to its end before it sends the next
    request, and a server need not let it have one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


class Bearer:
    """Adds the token; where it is answered 401, asks once for another and tries again. However
    many requests are refused at once, that is one exchange."""

    _not_read: type[BaseException]
    _unread: type[Unread]

    def __init__(self, client: Union[Client, SyncClient]) -> None:
        from .sync import Client as SyncClient

        self._client: Any = client
        self._is_sync = isinstance(client, SyncClient)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client!r})"

    def _must_be(self, sync: bool) -> None:
        if self._is_sync != sync:
            there, want = ("AsyncClient", "Client") if self._is_sync else ("Client", "sync.Client")
            raise new("bad_option", f"an httpx {there} takes a devicegrant.{want} for its auth")

    def _can_repeat(self, request: Any) -> bool:
        try:
            request.content
        except self._not_read:
            return False  # a body that comes only once
        return True

    def _leave(self, response: Any) -> None:
        """Closes an answer unread: what comes next may take as long as a person does."""
        response.stream = self._unread(response.stream)
        response.read()

    async def _leave_async(self, response: Any) -> None:
        response.stream = self._unread(response.stream)
        await response.aread()

    # No token stands in a variable: a traceback may show those.

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        self._must_be(sync=True)
        must_be_private(request.url.scheme, request.url.host)
        request.headers["Authorization"] = f"Bearer {self._client.token()}"
        response = yield request
        if _is_refusal(request, response) and self._can_repeat(request):
            self._leave(response)
            _renewed(request, self._client.token(reject=_refused(request)))
            yield request

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        self._must_be(sync=False)
        must_be_private(request.url.scheme, request.url.host)
        request.headers["Authorization"] = f"Bearer {await self._client.token()}"
        response = yield request
        if _is_refusal(request, response) and self._can_repeat(request):
            await self._leave_async(response)
            _renewed(request, await self._client.token(reject=_refused(request)))
            yield request


def must_be_private(scheme: str, host: str | None) -> None:
    """A token goes to https addresses and to this machine only (RFC 6750 §5.3)."""
    name = f"[{host}]" if host and ":" in host else host
    if scheme != "https" and not _native.may_carry_token(f"{scheme}://{name}"):
        raise new("bad_option", f"{scheme}://{host} is neither https nor this machine: it gets no token")


def _is_answer(request: Any, response: Any) -> bool:
    """Whether it is from who was asked. After a redirect to another origin it is not: the token
    did not get there, and what is said there is about no token of ours."""
    asked, there = request.url, response.request.url
    return (asked.scheme, asked.host, asked.port) == (there.scheme, there.host, there.port)


def _is_refusal(request: Any, response: Any) -> bool:
    return response.status_code == 401 and _is_answer(request, response)


def _refused(request: Any) -> str:
    return str(request.headers["Authorization"])[len("Bearer ") :]


def _renewed(request: Any, token: str) -> None:
    request.headers["Authorization"] = f"Bearer {token}"
