"""Both clients' calls, written once."""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Any, Callable

from . import _native
from ._driver import drive
from ._errors import DeviceGrantError, SignInNeeded, call, failure_of, new
from ._flight import Flight
from ._host import Clock, Host, now
from ._need import USUAL, Need
from ._stretch import Stretch

if TYPE_CHECKING:
    from ._keys import Keys
    from ._host import Sender
    from ._store import Stored
    from ._ways import Ways

Flow, Output = _native.Flow, _native.Output


class Engine:
    """Signs a person in at one place, as one client, and keeps the token fresh."""

    def __init__(
        self,
        options: _native.Options,
        own_provider: str | None,
        ways: Callable[[], Ways],
        sender: Sender,
        store: Stored,
        keys: Keys,
        prompt: Callable[[Any], Any] | None,
        observer: Callable[[str], None] | None,
        server: str | None,
    ) -> None:
        self._options = options
        self.server = server
        self._own_provider = own_provider
        self._ways = ways
        self._sender = sender
        self.store = store
        self.keys = keys
        self._prompt = prompt
        self._observer = observer
        self.help_base = options.help_base(own_provider)
        self._flight: Flight[_native.Cached] = Flight()
        self.forget()

    def forget(self) -> None:
        self._cached: _native.Cached | None = None
        self._token: str | None = None
        self._id: str | None = None
        # Tokens that could not be written, and why; the last renewal that failed, and when.
        self._unwritten: tuple[_native.Login, _native.Failure] | None = None
        self._failure: tuple[_native.Failure, int] | None = None

    def _host(
        self, ways: Ways, clock: Clock | None = None, prompt: Callable[[Any], Any] | None = None
    ) -> Host:
        prompt = prompt or self._prompt
        return Host(ways, self._sender, self.store, prompt, self._observer, clock, self.help_base)

    # The hot path, and what stands behind it.

    def remembered(self, need: Need) -> str | None:
        cached = self._cached
        if cached is None:
            return None
        if need is USUAL:
            # The same question, and only numbers cross the boundary.
            return self._token if cached.is_good(*now()) else None
        return cached.token(*now(), need)

    async def best(self, need: Need) -> _native.Cached:
        cached = self._cached
        if cached is not None and cached.token(*now(), need) is not None:
            return cached
        return await self.renew(need)

    async def renew(self, need: Need, force: bool = False) -> _native.Cached:
        ways = self._ways()
        while True:
            cached, joined = await self._flight.join(
                ways, lambda stretch: self._exchange(need, ways, stretch), need.demand
            )
            # Whoever joined may need more than was asked for; alone one gets the best there is.
            if not joined or force or cached.token(*now(), need) is not None:
                return cached

    async def _exchange(
        self, need: Need, ways: Ways, stretch: Stretch
    ) -> _native.Cached:
        try:
            return await self._exchange_once(need, ways, stretch)
        except DeviceGrantError as error:
            self._failure = failure_of(error), now()[0]
            if isinstance(error, SignInNeeded):
                # Whoever signs in next may do so under another name that fits as well.
                self._id = None
            raise

    async def _exchange_once(
        self, need: Need, ways: Ways, stretch: Stretch
    ) -> _native.Cached:
        host = self._host(ways)
        if self._id is None:
            found = await drive(call(Flow.find, self._options, False), host, stretch)
            self._id = found.found.header().id
        key = await self.keys.key(False, ways, stretch)
        random = urandom(33)
        login = self._unwritten[0] if self._unwritten else None
        flow = call(Flow.session, self._id, key, need, random[:32], login, self._options)
        try:
            output = await drive(flow, host, stretch)
        except BaseException as error:
            # Else it is still the only copy.
            if isinstance(error, SignInNeeded):
                self._unwritten = None
            raise
        renewal = output.renewal
        wall, steady = now()
        unsaved, rest = renewal.unsaved(), renewal.rest()
        self._unwritten = (renewal.login(), unsaved) if unsaved else None
        message = "the token could not be renewed the last time it was tried"
        self._failure = (_native.Failure(rest.code, message), wall) if rest else None
        cached: _native.Cached = renewal.cached(wall, steady, random[32])
        self._token, self._cached = renewal.login().tokens().access_token(), cached
        return cached

    @property
    def unsaved(self) -> _native.Failure | None:
        return self._unwritten[1] if self._unwritten else None

    # Signing in.

    def _ask_somebody(self) -> None:
        if self._prompt is None:
            message = "there is neither a prompt nor a terminal to ask a person through"
            raise new("no_prompt", message)

    async def _discover(
        self, new: Any, host: Host, stretch: Stretch, challenge: str | None
    ) -> _native.Grant:
        wider = (await drive(call(Flow.widen, self._options, challenge), host, stretch)).wider
        flow = call(new, self._options, self._own_provider, wider)
        grant: _native.Grant = (await drive(flow, host, stretch)).grant
        return grant

    async def _ask_for_a_code(
        self, host: Host, stretch: Stretch, challenge: str | None
    ) -> _native.Pending:
        grant = await self._discover(Flow.discover_registering, host, stretch, challenge)
        if not grant.client_is_unknown():
            return await self._begin(grant, host, stretch)
        # Who has to register a client keeps it, so the key is needed before anybody is asked.
        key = await self.keys.key(True, host.ways, stretch)
        register = call(Flow.register, self._options, grant, key, urandom(32))
        registered = (await drive(register, host, stretch)).registered
        try:
            return await self._begin(registered.grant(), host, stretch)
        except DeviceGrantError as error:
            anew = registered.anew(failure_of(error), key, urandom(32))
            if anew is None:
                raise
        registered = (await drive(anew, host, stretch)).registered
        return await self._begin(registered.grant(), host, stretch)

    async def _begin(
        self, grant: _native.Grant, host: Host, stretch: Stretch
    ) -> _native.Pending:
        output = await drive(call(Flow.begin, grant, urandom(32)), host, stretch)
        pending: _native.Pending = output.pending
        return pending

    async def _keep(
        self, grant: _native.Grant, tokens: _native.Tokens, host: Host, stretch: Stretch
    ) -> _native.Login:
        key = await self.keys.key(True, host.ways, stretch)
        wall = host.clock.now()[0]
        flow = call(Flow.keep, self._options, grant, tokens, wall, key, urandom(32))
        output = await drive(flow, host, stretch)
        return self._remember(output.login)

    def _remember(self, login: _native.Login) -> _native.Login:
        self.forget()
        self._id = login.header().id
        return login

    async def login(self, challenge: str | None = None) -> _native.Login:
        self._ask_somebody()
        ways, stretch = self._ways(), Stretch()
        host = self._host(ways)
        # Whoever cannot keep the login should not ask for it.
        await self.keys.key(True, ways, stretch)
        pending = await self._ask_for_a_code(host, stretch, challenge)
        output = await drive(Flow.resume(pending), host, stretch)
        return await self._keep(pending.grant(), output.tokens, host, stretch)

    async def login_by_paste(
        self, paste: Callable[[Any], Any], challenge: str | None = None
    ) -> _native.Login:
        ways = self._ways()
        host = self._host(ways)
        host.paste = paste

        async def work(stretch: Stretch) -> _native.Login:
            # Whoever cannot keep the login should not ask for it.
            key = await self.keys.key(True, ways, stretch)
            found = await self._discover(Flow.discover_paste, host, stretch, challenge)
            register = call(Flow.register, self._options, found, key, urandom(32))
            grant: _native.Grant = (await drive(register, host, stretch)).registered.grant()
            output = await drive(call(Flow.paste, grant, urandom(32)), host, stretch)
            return await self._keep(grant, output.tokens, host, stretch)

        return await ways.run(work)

    async def begin(self, challenge: str | None = None) -> _native.Pending:
        return await self._ask_for_a_code(self._host(self._ways()), Stretch(), challenge)

    async def poll(self, pending: _native.Pending) -> _native.Pending | _native.Tokens:
        ways = self._ways()
        host = self._host(ways)

        async def work(stretch: Stretch) -> _native.Pending | _native.Tokens:
            output = await drive(Flow.poll(pending), host, stretch)
            if isinstance(output, Output.PENDING):
                there: _native.Pending = output.pending
                return there
            return (await self._keep(pending.grant(), output.tokens, host, stretch)).tokens()

        return await ways.run(work)

    async def keep_pending(self, pending: _native.Pending, first: bool = False) -> None:
        """Keeps a sign-in that was begun; as the `first` only where no other waits already."""
        ways, stretch = self._ways(), Stretch()
        host = self._host(ways)
        key = await self.keys.key(True, ways, stretch)
        wall = host.clock.now()[0]
        flow = call(Flow.keep_pending, self._options, pending, wall, key, urandom(32), first)
        await drive(flow, host, stretch)

    async def drop_pending(self) -> None:
        """Gives up the kept sign-in, for whoever polls it."""
        await drive(call(Flow.drop_pending, self._options), self._host(self._ways()))

    async def finish(
        self, to_the_end: bool, prompt: Callable[[Any], Any] | None = None
    ) -> _native.Pending | _native.Login:
        """Polls a kept sign-in under its lease: once, or to the end."""
        if to_the_end and prompt is None:
            self._ask_somebody()
        ways = self._ways()
        host = self._host(ways, prompt=prompt)
        found = await drive(call(Flow.find_pending, self._options), host)
        id = found.found.header().id

        async def work(stretch: Stretch) -> Any:
            key = await self.keys.key(False, ways, stretch)
            flow = call(Flow.finish, id, key, to_the_end, urandom(32))
            return await drive(flow, host, stretch)

        output = await ways.run(work)
        if isinstance(output, Output.PENDING):
            pending: _native.Pending = output.pending
            return pending
        return self._remember(output.login)

    # Looking, and the end.

    async def look(self) -> _native.Found:
        """The login that is named, even one that the server ended."""
        output = await drive(call(Flow.find, self._options, True), self._host(self._ways()))
        found: _native.Found = output.found
        return found

    async def survey(self) -> tuple[list[_native.Found], list[_native.Failure]]:
        output = await drive(Flow.survey(), self._host(self._ways()))
        return output.found, output.unreadable

    async def health(self, found: _native.Found | None = None) -> _native.Health:
        """How the login that is named, or that one, is doing; no server is asked."""
        login, why = None, _native.Failure("no_login", "nobody has signed in")
        try:
            found = found or await self.look()
            key = await self.keys.key(False, self._ways(), Stretch())
            login = call(found.open, key)
        except DeviceGrantError as error:
            why = failure_of(error)
        failure, at = self._failure or (None, 0)
        return _native.health(login, why, failure, at, now()[0])

    async def logout(self) -> Any:
        ways, stretch = self._ways(), Stretch()
        host = self._host(ways)
        try:
            id = (await self.look()).header().id
        except SignInNeeded:
            return Output.REVOKED("nothing", None)
        lost: DeviceGrantError | None = None
        try:
            key = await self.keys.key(False, ways, stretch)
        except DeviceGrantError as error:
            # A key that is gone must not keep anybody from signing out.
            key, lost = _native.Key(bytes(32)), error
        outcome = await drive(Flow.revoke(id, key), host, stretch)
        self.forget()
        if lost is not None and outcome.how == "failed":
            return Output.REVOKED("failed", failure_of(lost))
        return outcome
