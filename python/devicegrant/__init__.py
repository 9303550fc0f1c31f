"""Sign-in for programs that have no browser: the OAuth 2.0 Device Authorization Grant (RFC 8628).

    client = devicegrant.Client("https://auth.example.com", client_id="my-program")
    await client.login()          # shows address and code
    token = await client.token()  # ready to stand behind Bearer; renewed where that is due

`devicegrant.sync.Client` is the same without `await`.
"""

from __future__ import annotations

# Not from typing: that module alone costs more than this one.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from ._client import Client as Client
    from ._errors import CodeExpired as CodeExpired
    from ._errors import Denied as Denied
    from ._errors import DeviceGrantError as DeviceGrantError
    from ._errors import Refused as Refused
    from ._errors import SignInNeeded as SignInNeeded
    from ._errors import StoreError as StoreError
    from ._errors import TryLater as TryLater
    from ._errors import Usage as Usage
    from ._native import Request as Request
    from ._native import Response as Response
    from ._store import Busy as Busy
    from ._store import Resting as Resting
    from ._store import Store as Store
    from ._step_up import is_step_up as is_step_up
    from ._transport import NotReached as NotReached
    from ._values import Health as Health
    from ._values import Pending as Pending
    from ._values import Prompt as Prompt
    from ._values import Tokens as Tokens

# Each is imported when it is first named: a program that signs nobody in today pays for nothing.
_HOME = {
    "Client": "_client",
    **dict.fromkeys(("Request", "Response"), "_native"),
    **dict.fromkeys(("Busy", "Resting", "Store"), "_store"),
    "is_step_up": "_step_up",
    "NotReached": "_transport",
    **dict.fromkeys(("Health", "Pending", "Prompt", "Tokens"), "_values"),
    **dict.fromkeys(
        ("DeviceGrantError", "SignInNeeded", "Denied", "CodeExpired", "TryLater", "Refused",
         "StoreError", "Usage"),
        "_errors",
    ),
}  # fmt: skip

__all__ = [*_HOME, "prompts", "sync"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOME:
        value: object = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in ("prompts", "sync", "httpx", "httpx2", "requests", "redis"):
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
