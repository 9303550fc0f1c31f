"""One login for each person that a server serves."""

from __future__ import annotations

import json
from collections import OrderedDict
from hashlib import sha256
from typing import Any, Callable, Mapping, Optional

from .._client import Client
from .._errors import new

# A client weighs little, but not nothing; one that is made again finds its login in the store.
_MOST = 4096


class _NoClaim(KeyError):
    """A claim that is not there; any other `KeyError` is the caller's own."""


class _Claims(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise _NoClaim(name)


class User:
    """Who asks, as this server's own authentication knows them."""

    __slots__ = ("issuer", "subject", "claims")

    def __init__(
        self, subject: str, issuer: str = "", claims: Mapping[str, Any] | None = None
    ) -> None:
        """`subject` is unique at its `issuer` (`sub` and `iss` of their token)."""
        if not subject:
            raise new("bad_option", "a user has a subject: the caller's token names nobody")
        self.issuer, self.subject, self.claims = issuer, subject, _Claims(claims or {})

    @classmethod
    def of(cls, token: Any) -> User:
        """The user of an SDK's `AccessToken`."""
        claims: dict[str, Any] = getattr(token, "claims", None) or {}
        subject = getattr(token, "subject", None) or claims.get("sub")
        if token is None or not subject:
            what = "the request was let in by no token" if token is None else "the token names no `sub`"
            raise new("bad_option", f"whose login is meant? {what}: authenticate callers, or give user=")
        return cls(str(subject), str(claims.get("iss") or ""), claims)

    def __repr__(self) -> str:
        return f"User(subject={self.subject!r}, issuer={self.issuer!r})"


Expected = Callable[[User], Optional[str]]


def _named(wish: Expected, user: User) -> str | None:
    try:
        return wish(user)
    except _NoClaim as missing:
        claim = missing.args[0]
    raise new("bad_option", f"no account can be expected of {user!r}, whose token has no claim {claim!r}")


class PerUser:
    """For a server that serves several people: a client for each, which finds nobody else's login.

        api = PerUser("https://auth.example.com", client_id="our-server", store=RedisStore(redis),
                      expected_sub=lambda user: user.claims["upstream_sub"])

    A device page cannot show who asked, so whoever is sent a code could approve it with an account
    of their own, or talk somebody else into approving theirs. Therefore one of `expected_sub` and
    `expected_account` says which account at the upstream server belongs to the user that asks; a
    login by another is refused before anything is kept.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        expected_sub: Expected | None = None,
        expected_account: Expected | None = None,
        **options: Any,
    ) -> None:
        """`options` are those of `Client`, besides `profile`, which is the user's.

        Raises `Usage` (`bad_option`) without an account check, and for what `Client` does.
        """
        if expected_sub is None and expected_account is None:
            message = "a login for each user needs expected_sub or expected_account"
            raise new("bad_option", message)
        if "profile" in options:
            raise new("bad_option", "the profile of a user's login is the user's own")
        self._server = server
        self._expected = {"expected_sub": expected_sub, "expected_account": expected_account}
        self._options = options
        places = (server, *(options.get(name) for name in ("issuer", "provider", "device_endpoint")))
        place = next((place for place in places if place), "")
        self._what = [place, options.get("client_id") or "", options.get("resource") or ""]
        self._clients: OrderedDict[tuple[Any, ...], Client] = OrderedDict()
        Client(server, **self._of(User("nobody"), lambda wish: "nobody"))  # what is wrong is said now

    def key(self, user: User) -> str:
        """What the user's login is kept under, the same in Node: it tells no name, and neither
        another user nor another API has it."""
        whole = json.dumps([*self._what, user.issuer, user.subject], separators=(",", ":"), ensure_ascii=False)
        return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _of(self, user: User, ask: Callable[[Expected], str | None]) -> dict[str, Any]:
        wishes = {name: ask(wish) for name, wish in self._expected.items() if wish is not None}
        if not all(wishes.values()):
            missing = next(name for name, value in wishes.items() if not value)
            raise new("bad_option", f"{missing} names no account for {user!r}")
        return {**self._options, **wishes, "profile": f"user-{self.key(user)}"}

    def client(self, user: User) -> Client:
        """The user's client. Which account is expected is asked at every call: it may change."""
        options = self._of(user, lambda wish: _named(wish, user))
        key = options["profile"], *(options.get(name) for name in self._expected)
        there = self._clients.get(key)
        if there is None:
            there = self._clients[key] = Client(self._server, **options)
            while len(self._clients) > _MOST:
                self._clients.popitem(last=False)
        self._clients.move_to_end(key)
        return there

    def __repr__(self) -> str:
        return f"PerUser({self._server!r})"
