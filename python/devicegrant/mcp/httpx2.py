"""`DeviceAuth` for httpx2: `httpx2.AsyncClient(auth=DeviceAuth("https://host/mcp"))`."""

from __future__ import annotations

import httpx2 as _httpx2

from ..httpx2 import _Unread
from ._auth import DeviceAuthBase


class DeviceAuth(DeviceAuthBase, _httpx2.Auth):
    """Signs in to an MCP server by the device grant (RFC 8628), found and registered from nothing
    but its address, and renews its tokens. Needs a `devicegrant.Client` for an `AsyncClient`, a
    `devicegrant.sync.Client` for a `Client`."""

    _not_read = _httpx2.RequestNotRead
    _unread = _Unread
