"""The default transport: the standard library, a thread of our own and a connection a request."""

from __future__ import annotations

import http.client
import socket
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from . import _native
from ._errors import new
from ._tls import problem
from ._transport import headers_of

if TYPE_CHECKING:
    from ._stretch import Stretch
    from ._ways import Ways

Unreachable = _native.Unreachable
_LOOPBACK = ("localhost", "::1")


def is_loopback(host: str | None) -> bool:
    return host in _LOOPBACK or (host or "").startswith("127.")


class Http:
    """https only, except to this machine; no redirects; proxies from the environment."""

    def __init__(self, roots: str | None = None) -> None:
        """`roots` names a PEM file of root certificates that are trusted too."""
        self._context: ssl.SSLContext | None = None
        if roots is not None:
            try:
                self.context.load_verify_locations(roots)
            except (OSError, ssl.SSLError) as why:
                message = f"the root certificates in {roots} cannot be used: {why}"
            else:
                return
            raise new("bad_option", message)

    @property
    def context(self) -> ssl.SSLContext:
        """Made when it is first needed: that reads every certificate of the machine."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    async def send(self, request: _native.Request, ways: Ways, stretch: Stretch) -> Any:
        exchange = _Exchange(request, self)
        try:
            return await ways.thread(
                exchange.run, stretch, exchange.give_up, request.timeout_ms / 1000
            )
        except TimeoutError:
            return Unreachable.TIMED_OUT


class _Exchange:
    """One request and its answer. It never raises: what went wrong is the answer."""

    def __init__(self, request: _native.Request, owner: Http) -> None:
        self._request = request
        self._owner = owner
        # A second name of the socket: TLS takes the first one over while it shakes hands.
        self._handle: socket.socket | None = None
        self._given_up = False

    def give_up(self) -> None:
        self._given_up = True
        handle = self._handle
        if handle is not None:
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def run(self) -> Any:
        connection = None
        try:
            try:
                connection = self._connection(urlsplit(self._request.url))
                if connection is None:
                    return Unreachable.NOT_SENT
                connection.connect()
            except Exception as why:
                return problem(why) or Unreachable.NOT_SENT
            try:
                return self._exchange(connection)
            except TimeoutError:
                return Unreachable.TIMED_OUT
            except Exception:
                return Unreachable.MAYBE_SENT
        finally:
            if connection is not None:
                connection.close()
            if self._handle is not None:
                self._handle.close()

    def _exchange(self, connection: http.client.HTTPConnection) -> Any:
        request, url = self._request, urlsplit(self._request.url)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        body = request.body if request.method == "POST" else None
        headers = {"user-agent": "devicegrant-python", "connection": "close", **request.headers}
        connection.request(request.method, target, body, headers)
        answer = connection.getresponse()
        most = request.max_body + 1
        read = answer.read(most)
        # A body that was cut short: whoever sent it meant more.
        if answer.length and len(read) < most:
            return Unreachable.MAYBE_SENT
        headers = headers_of(answer.getheaders())
        return _native.Response(status=answer.status, headers=headers, body=read)

    def _connection(self, url: SplitResult) -> http.client.HTTPConnection | None:
        host, port = url.hostname or "", url.port
        seconds = self._request.timeout_ms / 1000
        connection: http.client.HTTPConnection
        if url.scheme == "http":
            if not is_loopback(host):
                return None
            connection = http.client.HTTPConnection(host, port, timeout=seconds)
        elif url.scheme == "https":
            # A proxy's loopback is never the one that is meant.
            proxy = None if is_loopback(host) else _proxy(url)
            if proxy is None:
                connection = http.client.HTTPSConnection(
                    host, port, timeout=seconds, context=self._owner.context
                )
            elif proxy.scheme == "http":
                connection = http.client.HTTPSConnection(
                    proxy.hostname or "", proxy.port or 80, timeout=seconds, context=self._owner.context
                )
                connection.set_tunnel(host, port or 443, _proxy_headers(proxy))
            else:
                return None
        else:
            return None
        setattr(connection, "_create_connection", self._open)
        return connection

    def _open(self, address: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
        why: OSError | None = None
        for family, kind, proto, _, where in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
            sock = socket.socket(family, kind, proto)
            try:
                sock.settimeout(timeout)
                self._handle = sock.dup()
                if self._given_up:
                    raise OSError("given up")
                sock.connect(where)
                return sock
            except OSError as error:
                why = error
                sock.close()
                if self._handle is not None:
                    self._handle.close()
                    self._handle = None
        raise why or OSError("the name has no address")


def _proxy(url: SplitResult) -> SplitResult | None:
    import urllib.request

    proxies = urllib.request.getproxies()
    there = proxies.get("https") or proxies.get("all")
    if not there or urllib.request.proxy_bypass(url.hostname or ""):
        return None
    return urlsplit(there if "://" in there else f"http://{there}")


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(words.encode()).decode()}
