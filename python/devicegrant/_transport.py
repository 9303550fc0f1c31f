"""Whose client sends the requests: ours, an httpx client of the caller's, or a callable."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable, Iterable

from . import _native
from ._errors import new
from ._ways import is_coroutine_function

if TYPE_CHECKING:
    from ._host import Sender
    from ._stretch import Stretch
    from ._ways import Ways

Unreachable = _native.Unreachable


class NotReached(Exception):
    """Raised by a transport of the caller's own where there is no whole answer: `not_sent` where
    certainly nothing arrived, else `maybe_sent`, `timed_out`, `tls_untrusted`, `tls_expired`,
    `tls_wrong_host` or `tls_other`."""

    def __init__(self, reason: str = "maybe_sent") -> None:
        self.reason: _native.Unreachable = getattr(Unreachable, reason.upper())
        super().__init__(reason)


def headers_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By name in small letters, as the machines take them. Several challenges are one list (RFC 9110
    §5.3), in one header or in more; no other header that they read may be sent twice: the first."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        if name not in headers:
            headers[name] = value
        elif name == "www-authenticate":
            headers[name] += f", {value}"
    return headers


def sender(given: Any, roots: str | None) -> Sender:
    """The sender for what the caller gave."""
    if given is None:
        return _Default(roots)
    if callable(getattr(given, "build_request", None)) and callable(getattr(given, "send", None)):
        return _Httpx(given)
    send = given if callable(given) else getattr(given, "send", None)
    if not callable(send):
        raise new("bad_option", "transport is an httpx client, or a callable that sends a Request")
    return _Own(send)


class _Default:
    """The standard library's; imported with the first request, or to check the roots."""

    def __init__(self, roots: str | None) -> None:
        self._http: Sender | None = None
        if roots is not None:
            from ._http import Http

            self._http = Http(roots)

    async def send(self, request: _native.Request, ways: Ways, stretch: Stretch) -> Any:
        if self._http is None:
            from ._http import Http

            self._http = Http()
        return await self._http.send(request, ways, stretch)


class _Own:
    def __init__(self, send: Callable[[_native.Request], Any]) -> None:
        self._send = send

    async def send(self, request: _native.Request, ways: Ways, stretch: Stretch) -> Any:
        try:
            if ways.is_async and not is_coroutine_function(self._send):
                answer = await ways.thread(lambda: self._send(request), stretch)
            else:
                answer = self._send(request)
            return await answer if isinstance(answer, Awaitable) else answer
        except NotReached as why:
            return why.reason


class _Httpx:
    """httpx or httpx2, whichever the caller's client is of."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._library: Any = sys.modules[type(client).__mro__[-2].__module__.partition(".")[0]]
        self._is_async = is_coroutine_function(client.send)

    async def send(self, request: _native.Request, ways: Ways, stretch: Stretch) -> Any:
        seconds = request.timeout_ms / 1000
        try:
            if self._is_async:
                return await ways.limit(self._exchange(request), seconds, stretch)
            return await ways.thread(lambda: self._exchange_now(request), stretch, None, seconds)
        except (TimeoutError, self._library.TimeoutException) as why:
            not_sent = isinstance(why, self._library.ConnectTimeout)
            return Unreachable.NOT_SENT if not_sent else Unreachable.TIMED_OUT
        except self._library.ConnectError as why:
            from ._tls import problem

            return problem(why) or Unreachable.NOT_SENT
        except self._library.TransportError:
            return Unreachable.MAYBE_SENT

    def _built(self, request: _native.Request) -> Any:
        return self._client.build_request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body if request.method == "POST" else None,
            timeout=request.timeout_ms / 1000,
        )

    async def _exchange(self, request: _native.Request) -> _native.Response:
        # No `auth`: the client's own may well be ours.
        answer = await self._client.send(
            self._built(request), stream=True, auth=None, follow_redirects=False
        )
        body = bytearray()
        try:
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > request.max_body:
                    break
        finally:
            await answer.aclose()
        return _response(answer, body, request.max_body)

    def _exchange_now(self, request: _native.Request) -> _native.Response:
        answer = self._client.send(
            self._built(request), stream=True, auth=None, follow_redirects=False
        )
        body = bytearray()
        try:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > request.max_body:
                    break
        finally:
            answer.close()
        return _response(answer, body, request.max_body)


def _response(answer: Any, body: bytearray, most: int) -> _native.Response:
    return _native.Response(
        status=answer.status_code,
        headers=headers_of(answer.headers.multi_items()),
        body=bytes(body[: most + 1]),
    )
