"""`Auth` for httpx2: `httpx2.AsyncClient(auth=devicegrant.httpx2.Auth(client))`."""

from __future__ import annotations

import httpx2 as _httpx2

from ._bearer import Bearer, Unread


class _Unread(Unread, _httpx2.SyncByteStream, _httpx2.AsyncByteStream):
    pass


class Auth(Bearer, _httpx2.Auth):
    """Adds the token of a `devicegrant.Client` (for an `AsyncClient`) or of a
    `devicegrant.sync.Client`; a 401 renews it once."""

    _not_read = _httpx2.RequestNotRead
    _unread = _Unread
