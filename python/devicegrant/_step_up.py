"""Whether a sign-in can mend a 403."""

from __future__ import annotations

from . import _native
from ._errors import call


def is_step_up(challenge: str) -> bool:
    """Whether the `WWW-Authenticate` of a 403 says that the token has too few scopes (RFC 6750
    §3.1), so that a sign-in can mend it: `token` and `login` take it as their `challenge`.

    Raises `Refused` (`body_too_large`) for more than any honest server says.
    """
    there: bool = call(_native.is_step_up, challenge)
    return there
