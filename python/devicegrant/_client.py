"""The friendly face, for asyncio and trio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable, Callable, Literal, Mapping, Sequence, Union

from . import _native
from ._build import Given, build
from ._engine import Engine
from ._need import USUAL, need_of
from ._values import Health, Kept, PastePrompt, Pending, Prompt, Tokens
from ._ways import current

if TYPE_CHECKING:
    from os import PathLike

    from ._store import Store


class Client(Kept):
    """Signs a person in at one place, as one client, and keeps the token fresh. Any number of
    tasks may share one."""

    __slots__ = ("_engine",)

    _engine: Engine

    def __init__(
        self,
        server: str | None = None,
        *,
        issuer: str | None = None,
        provider: str | None = None,
        device_endpoint: str | None = None,
        token_endpoint: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        client_auth: Literal["client_secret_basic", "client_secret_post", "none"] | None = None,
        client_metadata: str | None = None,
        scopes: Sequence[str] = (),
        audience: str | None = None,
        resource: str | None = None,
        params: Mapping[str, str] | None = None,
        pkce: bool | None = None,
        redirect_uri: str | None = None,
        expected_sub: str | None = None,
        expected_account: str | None = None,
        profile: str | None = None,
        home: str | PathLike[str] | None = None,
        store: Store | Literal["auto", "file", "memory"] = "auto",
        key: bytes | str | None = None,
        key_source: Literal["keyring", "env", "command", "passphrase", "file"] | None = None,
        unattended: bool = False,
        transport: Any = None,
        ca: str | PathLike[str] | None = None,
        prompt: Callable[[Prompt], Union[None, Awaitable[None]]] | None = None,
        on_event: Callable[[Mapping[str, Any]], object] | None = None,
        help_base: str | None = None,
    ) -> None:
        """Nothing is asked of any server yet.

        `server` is an address, of an authorization server or of a protected resource such as an MCP
        server (RFC 9728), or a provider as `NAME` or `NAME/ARGUMENT`. Without a `client_id` the
        client is registered at the server (RFC 7591), once for each issuer, or named by
        `client_metadata`, the https address of its own metadata document.

        `home` is the folder of logins, before `DEVICEGRANT_HOME`. `store` is `"auto"` (files),
        `"memory"`, or an object with the methods of `Store`, which needs a `key`, `DEVICEGRANT_KEY`
        or `DEVICEGRANT_KEY_COMMAND`. `unattended` refuses a key that a service cannot reach.
        `transport` is a client of httpx or httpx2, or a callable that sends a `Request`. `ca` names
        a file of root certificates to trust too. `prompt` shows a `Prompt`; without one the terminal
        or the notebook does. `on_event` gets what happens.

        `expected_sub` is the `sub` of the account that has to approve, `expected_account` the same
        by what a person knows: a verified `email`, a `preferred_username`, or the `sub`. Somebody
        else's approval is `Denied` (`wrong_account`), and nothing is kept of it. Where a program
        serves several people, expect the `sub`.

        Raises `Usage` (`bad_option`) and `StoreError` for what cannot be used.
        """
        given = Given(dict(
            target=server, issuer=issuer, provider=provider, device_endpoint=device_endpoint,
            token_endpoint=token_endpoint, client_id=client_id, client_secret=client_secret,
            client_auth=client_auth, client_metadata=client_metadata, audience=audience, resource=resource, pkce=pkce,
            redirect_uri=redirect_uri,
            expected_sub=expected_sub, expected_account=expected_account, profile=profile, help_base=help_base, key=key,
        ))  # fmt: skip
        # A traceback may show what stands here.
        client_secret = key = None
        self._engine = build(
            current, given, scopes=scopes, params=params, home=home, store=store,
            key_source=key_source, unattended=unattended, transport=transport, ca=ca, prompt=prompt, on_event=on_event,
        )  # fmt: skip

    async def login(self, challenge: str | None = None) -> Tokens:
        """Signs a person in, keeps the login, and returns its tokens (RFC 8628).

        `challenge` is the `WWW-Authenticate` of a 401 or 403, several joined by commas: discovery
        follows it, and where it says `insufficient_scope` what it demands is asked for besides what
        was asked for before. The wider login takes the narrower one's place. What was asked for
        already is not asked for again: `Refused` with the code `scope_loop`.

        Raises every class of error. Without a prompt and without a terminal on stderr it is
        `SignInNeeded` with the code `no_prompt`, before anything is asked of the server.
        """
        return Tokens((await self._engine.login(challenge)).tokens())

    async def login_by_paste(
        self,
        paste: Callable[[PastePrompt], Union[str, None, Awaitable[Union[str, None]]]],
        challenge: str | None = None,
    ) -> Tokens:
        """Signs a person in who opens one address and pastes another: the authorization code grant
        with PKCE, for servers that have no device endpoint. `paste` shows a `PastePrompt` and
        returns the line that was pasted; none where there is nothing to be read. A plain callable
        is called in a thread. `challenge` as for `login`."""
        return Tokens((await self._engine.login_by_paste(paste, challenge)).tokens())

    async def begin(self, challenge: str | None = None) -> Pending:
        """Asks for a code and returns at once; `challenge` as for `login`."""
        return Pending(await self._engine.begin(challenge))

    async def poll(self, pending: Pending) -> Pending | Tokens:
        """Polls once; before its time it sends nothing. Tokens are kept before they are returned,
        also where the caller leaves meanwhile. One at a time: two polls at once make some servers
        revoke the grant; `keep` and `poll_kept` see to that across processes."""
        there = await self._engine.poll(pending._held)
        return Pending(there) if isinstance(there, _native.Pending) else Tokens(there)

    async def keep(self, pending: Pending) -> None:
        """Keeps a sign-in that was begun, so that any process or replica can finish it."""
        await self._engine.keep_pending(pending._held)

    async def poll_kept(self) -> Pending | Tokens:
        """Polls the kept sign-in once, under its lease."""
        there = await self._engine.finish(False)
        return Pending(there) if isinstance(there, _native.Pending) else Tokens(there.tokens())

    async def resume(self) -> Tokens:
        """Shows the kept sign-in's prompt again and goes on with it to the end."""
        there = await self._engine.finish(True)
        assert isinstance(there, _native.Login)
        return Tokens(there.tokens())

    async def token(
        self,
        min_ttl: float = 60,
        reject: str | None = None,
        *,
        scopes: Sequence[str] = (),
        force: bool = False,
        challenge: str | None = None,
    ) -> str:
        """An access token that is good for another `min_ttl` seconds (above half of its lifetime
        that counts as half), ready to stand behind `Bearer`; renewed where that is due, at most
        once for however many callers. It never asks a person.

        `reject` is the token that was just answered 401: another one is given. `scopes` have to
        have been asked for at the sign-in. `force` renews in any case. `challenge` is the
        `WWW-Authenticate` that came with the 401 or 403: where it says `insufficient_scope`, another
        token is given if it has the scopes, else it is `SignInNeeded` with the code `more_scopes`,
        for which `login` takes the challenge; or `Refused` with the code `scope_loop`.

        Raises `SignInNeeded` where a person has to sign in; `TryLater`, `Refused` and `StoreError`
        leave the login as it is.
        """
        try:
            need = need_of(min_ttl, reject, scopes, force, challenge)
        finally:
            reject = None  # a traceback may show what stands here
        there = self._engine.remembered(need)
        if there is not None:
            return there
        return self._taken(await self._engine.renew(need, force))

    @staticmethod
    def _taken(cached: _native.Cached) -> str:
        return cached.login().tokens().access_token()

    async def tokens(self) -> Tokens:
        """The tokens that are kept, good as `token` gives them."""
        return Tokens((await self._engine.best(USUAL)).login().tokens())

    async def health(self) -> Health:
        """How the login is doing; no server is asked."""
        return Health(await self._engine.health())

    async def logout(self) -> bool:
        """Signs out: the tokens are revoked at the server (RFC 7009) and nothing is kept of them,
        whatever the server says. True where the server took them back."""
        return bool((await self._engine.logout()).how == "at_server")

    @property
    def server(self) -> str | None:
        """What `server` named."""
        return self._engine.server

    @property
    def store(self) -> str:
        """Where logins are kept, for a person."""
        return self._engine.store.describe()

    def __repr__(self) -> str:
        # Also of one whose making failed, as a traceback may show it.
        return f"Client(store={self.store!r})" if hasattr(self, "_engine") else "Client()"
