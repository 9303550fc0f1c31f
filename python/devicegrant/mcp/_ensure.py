"""What a tool calls when it needs a token of the API behind it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import types
import typing
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union

from .._client import Client
from .._errors import DeviceGrantError, SignInNeeded, new
from .._need import Need, need_of
from .._values import Prompt
from ._call import Call, caller
from ._users import PerUser, User
from ._waiting import Waiting

if TYPE_CHECKING:
    from mcp_types import CallToolResult, InputRequiredResult

HOLD = 45.0
"""Seconds that a call is held at most: clients commonly give up after 60."""
_PROGRESS = 5.0
_WHY = "This needs you to sign in."
_ROUNDS = 2
"""Sign-ins that a call waits for at most: somebody else's for less than it needs, and its own."""

Function = TypeVar("Function", bound=Callable[..., Any])


async def ensure(
    ctx: Any,
    client: Union[Client, PerUser],
    *,
    why: str = _WHY,
    user: User | None = None,
    single_user: bool = False,
    hold: float = HOLD,
    reject: str | None = None,
    challenge: str | None = None,
) -> Union[str, CallToolResult, InputRequiredResult]:
    """The access token for the API behind a tool. Where nobody has signed in, the person is asked
    through the client, once, in the way that the client says it can.

        token = await ensure(ctx, api)
        if not isinstance(token, str):
            return token  # what the client shows the person, and then it calls again

    `ctx` is the `Context` that the tool is called with, of `mcp` 1.x, `mcp` 2.x or fastmcp. `client`
    is a `Client` in one person's own process, and a `PerUser` on a server that several share; over
    HTTP a `Client` is refused, unless `single_user` says that only one person reaches the server.
    `user` is who asks, where this server knows it from elsewhere than the SDK's access token.

    `reject` is the token that the API just answered 401 or 403, and `challenge` the
    `WWW-Authenticate` of that answer: another token is given, and where the API demands more scopes
    those are signed in for. What was asked for already is not asked for again.

        token = await ensure(ctx, api, reject=token, challenge=answer.headers.get("www-authenticate"))

    - A client that can show an address (elicitation in mode `url`) asks the person: by the server's
      own request or error -32042 up to 2025-11-25, by an `InputRequiredResult` since 2026-07-28.
    - Any other gets the address and the code as the tool's text.

    One sign-in runs in the background for each login, until the code's end, whoever asks or comes
    back. A call that comes meanwhile is held up to `hold` seconds, with progress.

    Raises the SDK's `ToolError` with a text that can be shown: why not, and what to do.
    """
    call = Call(ctx)
    try:
        try:
            need = need_of(60, reject, (), False, challenge)
        finally:
            reject = None  # a traceback may show what stands here
        of, own = _whose(call, client, user, single_user)
        end = asyncio.get_running_loop().time() + hold
        for _ in range(_ROUNDS):
            try:
                return await own.token(reject=need.reject, challenge=need.challenge)
            except SignInNeeded:
                pass
            waiting = Waiting.of(own, need)
            asked: Union[CallToolResult, InputRequiredResult, None] = await _ask(
                call, waiting, need, of, why, end, hold
            )
            if asked is not None:
                return asked
        return await own.token(reject=need.reject, challenge=need.challenge)
    except DeviceGrantError as error:
        raise call.told(_words(error)) from error


def _whose(
    call: Call, client: Union[Client, PerUser], user: User | None, single_user: bool
) -> tuple[str, Client]:
    if isinstance(client, PerUser):
        user = user or User.of(caller(call))
        return client.key(user), client.client(user)
    if call.request is not None and not single_user:
        message = (
            "this server can be reached by several people, and one Client would give each of them"
            " the same login: use PerUser, or single_user=True where only one person reaches it"
        )
        raise new("bad_option", message)
    return "", client


async def _ask(
    call: Call, waiting: Waiting, need: Need, of: str, why: str, end: float, hold: float
) -> Any:
    """None once one has to look again, as somebody has signed in; else what the client gets instead
    of a result."""
    prompt = await waiting.ready(need)
    if prompt is None:
        return None
    handle, message = waiting.handle(of), _message(why, prompt)
    address = prompt.verification_uri_complete or prompt.verification_uri
    answer = call.answer(handle)
    if answer is None and not waiting.asked:
        waiting.asked = True
        if not call.can_open:
            return call.shown(_text(why, prompt))
        if call.can_require:
            return call.required(handle, message, address)
        if not call.can_ask:
            if call.is_modern:
                return call.shown(_text(why, prompt))
            waiting.when_over(lambda: call.opened(handle))
            raise call.must_open(handle, message, address)
        answer = await _question(call, waiting, handle, message, address, end)
    if answer == "decline":
        await waiting.end()
        raise new("access_denied", "the person declined to sign in")
    if answer == "cancel":
        waiting.asked = False
        return call.shown("The person does not want to sign in now. Called again, this asks again.")
    if not await _held(call, waiting, end, hold):
        return call.shown(f"Nobody has approved yet. {_text(why, prompt)}")
    waiting.raise_if_failed()
    return None


async def _question(
    call: Call, waiting: Waiting, handle: str, message: str, address: str, end: float
) -> str | None:
    """What the person chose; none where they approved first, or where nobody could be asked."""
    loop = asyncio.get_running_loop()
    question = loop.create_task(call.ask(handle, message, address))
    try:
        over = await waiting.wait(question, seconds=end - loop.time())
        if question.done() and question.exception() is None:
            return question.result()
    except asyncio.CancelledError:
        waiting.asked = False  # the question is gone with the call: the next one may ask
        raise
    finally:
        question.cancel()
        await asyncio.wait({question})
        if not question.cancelled():
            question.exception()
    if over:
        await call.opened(handle)
    return None


async def _held(call: Call, waiting: Waiting, end: float, hold: float) -> bool:
    loop = asyncio.get_running_loop()
    while (left := end - loop.time()) > 0:
        await call.progress(hold - left, hold, "waiting until somebody has signed in")
        if await waiting.wait(seconds=min(left, _PROGRESS)):
            return True
    return waiting.is_over


def _message(why: str, prompt: Prompt) -> str:
    if prompt.verification_uri_complete is None:
        what = f"Open {prompt.verification_uri} and enter the code {prompt.user_code}."
    else:
        what = f"Check that the page shows the code {prompt.user_code}."
    return f"{why} {what}"


def _text(why: str, prompt: Prompt) -> str:
    until = prompt.expires_at.strftime("%H:%M UTC")
    return f"{why}\n{prompt.plain}\nThe code is good until {until}. Once that is done, call this again."


def _words(error: DeviceGrantError) -> str:
    message = error.message[:1].upper() + error.message[1:]
    return f"{message}. {error.hint}".strip()


def signed_in(
    client: Union[Client, PerUser],
    *,
    into: str = "token",
    why: str = _WHY,
    user: User | None = None,
    single_user: bool = False,
    hold: float = HOLD,
) -> Callable[[Function], Function]:
    """Puts `ensure` in front of a tool, prompt or resource. It must take the `Context`; a parameter
    `token` (or what `into` says) gets the access token, and no client is told of it.

        @server.tool()
        @signed_in(api)
        async def activities(days: int, ctx: Context, token: str) -> list[Activity]: ...

    The other options are those of `ensure`. A token that the API refuses, or for which it demands
    more scopes, is found out in the tool: that calls `ensure` itself, with `reject` and `challenge`.
    """

    def around(function: Function) -> Function:
        hints = typing.get_type_hints(function, include_extras=True)
        signature = inspect.signature(function)
        context = next((name for name in signature.parameters if _is_context(hints.get(name))), None)
        if context is None:
            name = getattr(function, "__name__", "it")
            raise new("bad_option", f"{name} takes no Context: add a parameter of that type")
        takes_token = into in signature.parameters

        @functools.wraps(function)
        async def tool(**given: Any) -> Any:
            token = await ensure(
                given[context], client, why=why, user=user, single_user=single_user, hold=hold
            )
            if not isinstance(token, str):
                return token
            if takes_token:
                given[into] = token
            del token  # a traceback may show what stands here
            if inspect.iscoroutinefunction(function):
                return await function(**given)
            return await asyncio.to_thread(function, **given)

        # What the SDK makes the tool's schema of.
        seen = [one.replace(annotation=hints.get(name, one.annotation))
                for name, one in signature.parameters.items() if name != into]  # fmt: skip
        returns = hints.get("return", signature.return_annotation)
        setattr(tool, "__signature__", signature.replace(parameters=seen, return_annotation=returns))
        tool.__annotations__ = {name: hint for name, hint in hints.items() if name != into}
        del tool.__wrapped__
        return typing.cast(Function, tool)

    return around


def _is_context(hint: Any) -> bool:
    """Also of one with parameters, of a subclass, of `Context | None` and of an annotated one. A type
    with parameters is asked by its bases: pydantic says that the module which wrote it made it."""
    kind = typing.get_origin(hint) or hint
    if kind in (typing.Union, types.UnionType, typing.Annotated):
        return any(map(_is_context, typing.get_args(hint)))
    return any(
        base.__name__ == "Context" and base.__module__.split(".")[0] in ("mcp", "fastmcp")
        for base in getattr(kind, "__mro__", ())
    )
