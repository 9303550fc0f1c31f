"""A sign-in that runs in the background, once for each login, whoever asks or retries."""

from __future__ import annotations

import asyncio
from base64 import b32encode
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, Awaitable, Callable

from .._client import Client
from .._errors import CodeExpired, Refused, SignInNeeded, new
from .._flight import again
from .._need import Need
from .._values import Prompt


class Waiting:
    """Asks for a code, keeps it where every replica finds it, and polls until it ends: approved,
    denied, declined, or out of time. It needs nobody to come back, and outlives no code."""

    def __init__(self, client: Client, need: Need) -> None:
        self._engine = client._engine
        self._need = need
        self.prompt: Prompt | None = None
        self.asked = False
        """Whether the person has been told, here or by another replica."""
        self._error: Exception | None = None
        self._shown = asyncio.Event()
        self._over: list[Callable[[], Awaitable[None]]] = []
        self._code: str | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="devicegrant sign-in")
        # A loop that is closed without waiting for its tasks complains about them on stderr.
        setattr(self._task, "_log_destroy_pending", False)

    @classmethod
    def of(cls, client: Client, need: Need) -> Waiting:
        """The client's sign-in that is on its way, which somebody else began for what they need, or
        a new one for this need."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise new("bad_option", "a tool's sign-in runs on asyncio, and here is none") from None
        there: Waiting | None = getattr(client._engine, "waiting", None)
        if there is None or there.is_over or there._loop is not loop:
            there = cls(client, need)
            setattr(client._engine, "waiting", there)
        return there

    @property
    def is_over(self) -> bool:
        return self._task.done()

    async def _run(self) -> None:
        try:
            await self._sign_in()
        except Exception as error:  # whoever waits for it raises it
            self._error = error
        finally:
            self._shown.set()
            if getattr(self._engine, "waiting", None) is self:
                setattr(self._engine, "waiting", None)
        for call in self._over:
            await call()

    async def _sign_in(self) -> None:
        # Where more is demanded, what waits may not do: whether it does is seen when it is kept.
        if self._need.challenge is None:
            try:
                # What another replica, or this one before it was restarted, has begun.
                await self._engine.finish(True, self._show)
                return
            except (SignInNeeded, CodeExpired):
                if self.prompt is not None:
                    raise
        # None waits any more because it has just been approved: looked at in this order no replica
        # asks for what is there.
        if await self._is_met():
            return
        try:
            pending = await self._engine.begin(self._need.challenge)
        except Refused:
            # What is demanded was asked for meanwhile, and granted.
            if await self._is_met():
                return
            raise
        prompt = pending.prompt()
        self._code = None if prompt is None else prompt.fields().user_code
        await self._engine.keep_pending(pending, first=True)
        await self._engine.finish(True, self._show)

    async def _is_met(self) -> bool:
        try:
            await self._engine.best(self._need)
        except SignInNeeded:
            return False
        return True

    def _show(self, prompt: Prompt) -> None:
        if prompt.expires_at <= datetime.now(timezone.utc):
            return  # left behind by somebody who is gone; nobody could use it
        self.prompt = prompt
        # Whoever began it asks the person.
        self.asked = prompt.user_code != self._code
        self._shown.set()

    async def ready(self, need: Need) -> Prompt | None:
        """What the person has to be shown; none where somebody has signed in meanwhile, or could not
        be asked for what somebody else needs. Raises what ended one's own before that."""
        await self._shown.wait()
        if self.prompt is None and self._need.demand == need.demand:
            self.raise_if_failed()
        return self.prompt

    def raise_if_failed(self) -> None:
        """Raises what ended it, where that was no approval."""
        if self._error is not None:
            error = self._error
            raise again(error)

    def handle(self, user: str) -> str:
        """The name of the question, the same on every replica. It is no secret, and no way to
        anything: an answer counts only for the login of the user who brings it."""
        prompt = self.prompt
        assert prompt is not None
        whole = "\n".join((user, prompt.verification_uri, prompt.user_code, prompt.expires_at.isoformat()))
        return "sign-in-" + b32encode(sha256(whole.encode()).digest()).decode()[:26].lower()

    async def wait(self, *others: asyncio.Future[Any], seconds: float) -> bool:
        """Waits for the end, or for one of the others; true where the sign-in is over."""
        await asyncio.wait({self._task, *others}, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        return self.is_over

    def when_over(self, call: Callable[[], Awaitable[None]]) -> None:
        if len(self._over) < 32:  # nobody may pile up what is told to them
            self._over.append(call)

    async def end(self) -> None:
        """Gives it up, here and for every replica: nobody polls its code any more."""
        self._error = new("access_denied", "the person declined to sign in")
        self._task.cancel()
        await asyncio.wait({self._task})
        await self._engine.drop_pending()
