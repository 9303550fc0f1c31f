"""`Auth` for httpx: `httpx.AsyncClient(auth=devicegrant.httpx.Auth(client))`."""

from __future__ import annotations

import httpx as _httpx

from ._bearer import Bearer, Unread


class _Unread(Unread, _httpx.SyncByteStream, _httpx.AsyncByteStream):
    pass


class Auth(Bearer, _httpx.Auth):
    """Adds the token of a `devicegrant.Client` (for an `AsyncClient`) or of a
    `devicegrant.sync.Client`; a 401 renews it once."""

    _not_read = _httpx.RequestNotRead
    _unread = _Unread
