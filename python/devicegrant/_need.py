"""What a caller needs of a token."""

from __future__ import annotations

from typing import Sequence

from . import _native
from ._errors import call


class Need(_native.Need):
    """The core's, which says nothing of itself, with what it demands of the login: what a renewal
    for one demand ends with may be no answer to another."""

    def __init__(
        self,
        min_ttl_ms: int = 60_000,
        reject: str | None = None,
        scopes: Sequence[str] = (),
        force: bool = False,
        challenge: str | None = None,
    ) -> None:
        super().__init__(min_ttl_ms, reject, list(scopes), force, challenge)
        # Shown by no traceback: those print the type of this.
        self.reject, self.challenge = reject, challenge
        self.demand = tuple(scopes), challenge


USUAL = Need()


def need_of(
    min_ttl: float,
    reject: str | None,
    scopes: Sequence[str],
    force: bool,
    challenge: str | None = None,
) -> Need:
    if min_ttl == 60 and reject is None and not scopes and not force and challenge is None:
        return USUAL
    try:
        return call(Need, int(min_ttl * 1000), reject, scopes, force, challenge)
    finally:
        reject = None  # a traceback may show what stands here
