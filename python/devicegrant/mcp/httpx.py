"""`DeviceAuth` for httpx: `httpx.AsyncClient(auth=DeviceAuth("https://host/mcp"))`."""

from __future__ import annotations

import httpx as _httpx

from ..httpx import _Unread
from ._auth import DeviceAuthBase


class DeviceAuth(DeviceAuthBase, _httpx.Auth):
    """Signs in to an MCP server by the device grant (RFC 8628), found and registered from nothing
    but its address, and renews its tokens. Needs a `devicegrant.Client` for an `AsyncClient`, a
    `devicegrant.sync.Client` for a `Client`."""

    _not_read = _httpx.RequestNotRead
    _unread = _Unread
