"""One request as a tool sees it, whichever SDK and era it came by: `mcp` 1.x, `mcp` 2.x, fastmcp.

Nothing of an SDK is imported here before one of its contexts is in hand: whoever has the one need
not have the others.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any, Mapping

# The first revision without requests of the server's own: what a person has to do stands in the
# result, and the client calls again (SEP-2322). Revisions are dates, so they compare as text.
INPUT_REQUIRED = "2026-07-28"
# What may be answered so; nothing else may.
CARRIERS = ("tools/call", "prompts/get", "resources/read")


class Call:
    """The request, and what its client says it can."""

    def __init__(self, context: Any) -> None:
        self._context = context
        # A handler of the low-level server has the request's context itself.
        self._is_lowlevel = not hasattr(context, "request_context") and hasattr(context, "session")
        about = context if self._is_lowlevel else getattr(context, "request_context", None)
        if about is None or getattr(about, "session", None) is None:
            raise TypeError("ensure takes the Context of the request that a tool is called with")
        # fastmcp wraps the SDK's own.
        self._about: Any = getattr(about, "_srctx", about)
        self._session: Any = about.session
        self._request_id = str(about.request_id)
        package = type(context).__module__.split(".")[0]
        self._is_fastmcp = package == "fastmcp"
        # `mcp` 1.x knows of no version in a request, and speaks none of the new ones.
        self.is_modern = str(getattr(about, "protocol_version", "")) >= INPUT_REQUIRED
        self._is_v2 = hasattr(about, "protocol_version")

    @property
    def request(self) -> Any:
        """The HTTP request that brought it; none on stdio, where one person has it all."""
        return getattr(self._about, "request", None)

    @property
    def method(self) -> str:
        return str(getattr(self._about, "method", "tools/call"))

    # What the client can.

    @property
    def can_open(self) -> bool:
        """Whether it can show a person an address to open (elicitation in mode `url`)."""
        if self._is_v2:
            able = self._session.client_capabilities
        else:
            able = getattr(self._session.client_params, "capabilities", None)
        elicitation = getattr(able, "elicitation", None)
        return getattr(elicitation, "url", None) is not None

    @property
    def can_ask(self) -> bool:
        """Whether a request of the server's own reaches it, and its answer us."""
        if self.is_modern:
            return False
        if self._is_v2:
            return bool(self._session.can_send_request)
        with suppress(Exception):
            return not self._context.fastmcp.settings.json_response
        return True

    @property
    def can_require(self) -> bool:
        return self.is_modern and self.method in CARRIERS

    # Asking.

    def answer(self, handle: str) -> str | None:
        """`accept`, `decline` or `cancel`, where the client brings the answer to that question."""
        answers = (getattr(self._about, "params", None) or {}).get("inputResponses")
        answer = answers.get(handle) if isinstance(answers, Mapping) else None
        action = answer.get("action") if isinstance(answer, Mapping) else None
        return action if isinstance(action, str) else None

    def required(self, handle: str, message: str, address: str) -> Any:
        """The result by which a client of the newer era is asked. It carries no `requestState`: the
        name of the question is all that has to come back, and a state would tie the retry to the
        replica that sealed it."""
        types: Any = import_module("mcp_types")
        params = types.ElicitRequestURLParams(message=message, url=address)
        return types.InputRequiredResult(input_requests={handle: types.ElicitRequest(params=params)})

    async def ask(self, handle: str, message: str, address: str) -> str:
        """Asks a client of the older era, and returns what the person chose."""
        result = await self._session.elicit_url(
            message, address, handle, related_request_id=self._request_id
        )
        return str(result.action)

    def must_open(self, handle: str, message: str, address: str) -> Exception:
        """Error -32042, for a client of the older era that no request of the server's reaches."""
        module = "mcp.shared.exceptions"
        name = "elicitation_id" if self._is_v2 else "elicitationId"
        types: Any = import_module("mcp_types" if self._is_v2 else "mcp.types")
        params = types.ElicitRequestURLParams(message=message, url=address, **{name: handle})
        error: Exception = import_module(module).UrlElicitationRequiredError([params])
        return error

    async def opened(self, handle: str) -> None:
        """Tells a client of the older era that the person is through."""
        if not self.is_modern:
            with suppress(Exception):  # it may be gone, and loses nothing by it
                await self._session.send_elicit_complete(handle)

    async def progress(self, done: float, total: float, message: str) -> None:
        with suppress(Exception):
            whose = self._session if self._is_lowlevel else self._context
            await whose.report_progress(done, total, message)

    def shown(self, text: str) -> Any:
        """The result that shows this text to a person. It is marked as an error: it is not what the
        tool promises, and a model goes on by reading it.

        Where it can be returned it is not raised: the newer SDKs log what a tool raises, and the
        code of a sign-in has no place there.
        """
        if not self._is_v2 or self.method != "tools/call":
            raise self.told(text)
        types: Any = import_module("mcp_types")
        return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)

    def told(self, text: str) -> Exception:
        """What a tool raises so that the client is shown this text."""
        if self.method != "tools/call" or self._is_lowlevel and self._is_v2:
            return _error(text)
        if self._is_fastmcp:
            place = "fastmcp.exceptions"
        else:
            place = f"mcp.server.{'mcpserver' if self._is_v2 else 'fastmcp'}.exceptions"
        error: Exception = import_module(place).ToolError(text)
        return error


def _error(text: str) -> Exception:
    error: Exception = import_module("mcp.shared.exceptions").MCPError(-32600, text)
    return error


def caller(call: Call) -> Any:
    """The access token that the request was let in by, as the SDK's own middleware checked it."""
    # Of this very request: a session outlives the token that it was opened with.
    scope = getattr(call.request, "scope", None)
    user = scope.get("user") if scope is not None else None
    token = getattr(user, "access_token", None)
    if token is not None or call.request is not None:
        return token
    with suppress(ImportError):
        return import_module("mcp.server.auth.middleware.auth_context").get_access_token()
    return None
