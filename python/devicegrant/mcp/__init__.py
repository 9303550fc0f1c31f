"""MCP: tools that need a person's login elsewhere, and clients of servers that demand one.

    from devicegrant.mcp import DeviceAuth, PerUser, ensure, signed_in

Works with `mcp` 1.x, `mcp` 2.x and fastmcp; whichever is there is imported when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._cause import cause_of
from ._ensure import ensure, signed_in
from ._users import PerUser, User

if TYPE_CHECKING:
    from .httpx2 import DeviceAuth

__all__ = ["DeviceAuth", "PerUser", "User", "cause_of", "ensure", "signed_in"]


def __getattr__(name: str) -> Any:
    if name == "DeviceAuth":
        from importlib.util import find_spec

        # `mcp` 2.x and fastmcp speak HTTP by httpx2, `mcp` 1.x by httpx.
        if find_spec("httpx2") is not None and find_spec("mcp_types") is not None:
            from .httpx2 import DeviceAuth
        else:
            from .httpx import DeviceAuth  # type: ignore[assignment]
        return DeviceAuth
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
