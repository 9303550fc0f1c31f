"""A real MCP server, by whichever SDK: `mcp` 1.x, `mcp` 2.x or fastmcp.

Over HTTP one JSON line on stdout says where it listens; without `--http` it speaks on stdio.
`whoami` tells who called. `weather` needs a login at an upstream server, which `ensure` asks for.
With `--api` there is `write` too: it calls that API, and signs in for what the API demands.
"""

import argparse
import asyncio
import hashlib
import json
import logging
import os
import socket
import sys
import threading

# The server of `mcp` 1.x comes with httpx, the others with httpx2.
try:
    import httpx2 as http
except ImportError:
    import httpx as http

import devicegrant
from devicegrant.mcp import PerUser, ensure, signed_in


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdk", choices=["mcp1", "mcp2", "fastmcp"], required=True)
    parser.add_argument("--http", type=int, help="a port, 0 for any free one")
    parser.add_argument("--protect", help="an issuer whose tokens are demanded")
    parser.add_argument("--introspect", default="/token/introspection", help="where the issuer vouches for a token")
    parser.add_argument("--introspect-as", default="basic:basic%3As3cret%2B%2F%25%26%3D", help="CLIENT:SECRET")
    parser.add_argument("--audience", action="store_true", help="tokens are for this server alone (RFC 8707)")
    parser.add_argument("--scope", default="read")
    parser.add_argument("--users", default="", help="NAME=TOKEN,NAME=TOKEN: who may call, instead of an issuer")
    parser.add_argument("--upstream", default="{}", help="options of the Client for the tool's login, as JSON")
    parser.add_argument("--api", help="the API that `write` calls, at the word it is given")
    parser.add_argument("--redis", help="where the tool's logins are kept")
    parser.add_argument("--expect", help="per user: the account is this option of Client, its value the user's name")
    parser.add_argument("--single-user", action="store_true")
    parser.add_argument("--hold", type=float, default=45.0)
    parser.add_argument("--json-response", action="store_true")
    parser.add_argument("--stateless", action="store_true")
    parser.add_argument("--debug", action="store_true", help="every library says all it can on stderr")
    return parser.parse_args()


OPT = options()


async def vouched(token):
    """What the issuer says of the token, in the words of RFC 7662; none where it is not good."""
    if OPT.users:
        users = dict(one.split("=") for one in OPT.users.split(","))
        name = next((name for name, there in users.items() if there == token), None)
        return name and {"sub": name, "client_id": "a-client", "scope": OPT.scope, "iss": "https://here.example"}
    async with http.AsyncClient(trust_env=False) as asking:
        said = await asking.post(
            OPT.protect.removesuffix("/") + OPT.introspect, data={"token": token}, auth=tuple(OPT.introspect_as.split(":", 1)),
        )
    there = said.json()
    return there if there.get("active") is True else None


async def access_token(kind, token):
    there = await vouched(token)
    if not there:
        return None
    subject = there.get("sub") or there.get("username")
    audience = there.get("aud")
    if isinstance(audience, list):
        audience = audience[0] if audience else None
    named = {} if kind.__module__.startswith("fastmcp.") else {"subject": subject}
    return kind(
        token=token, client_id=there.get("client_id") or "unknown", scopes=there.get("scope", "").split(),
        expires_at=there.get("exp"), resource=audience, claims={"iss": there.get("iss"), "sub": subject}, **named,
    )


def upstream():
    named = json.loads(OPT.upstream)
    if OPT.redis:
        import redis.asyncio
        from devicegrant.redis import RedisStore

        named["store"] = RedisStore(redis.asyncio.Redis.from_url(OPT.redis))
    if OPT.expect:
        return PerUser(**named, **{OPT.expect: lambda user: user.subject})
    return devicegrant.Client(**named)


def made(origin):
    """The server's object, its Context, and what runs it over HTTP."""
    demanded = bool(OPT.protect or OPT.users)
    if OPT.sdk == "fastmcp":
        from fastmcp import Context, FastMCP
        from fastmcp.server.auth import AccessToken, RemoteAuthProvider, TokenVerifier

        class Verifier(TokenVerifier):
            async def verify_token(self, token):
                return await access_token(AccessToken, token)

        auth = None
        if demanded:
            issuer = OPT.protect or "https://here.example"
            auth = RemoteAuthProvider(Verifier(required_scopes=[OPT.scope]), [issuer], origin)
        server = FastMCP("test", auth=auth)
        return server, Context, lambda: server.http_app(path="/mcp", json_response=OPT.json_response, stateless_http=OPT.stateless)

    from mcp.server.auth.provider import AccessToken
    from mcp.server.auth.settings import AuthSettings

    class Verifier:
        async def verify_token(self, token):
            return await access_token(AccessToken, token)

    named = {}
    if demanded:
        issuer = OPT.protect or "https://here.example"
        named["auth"] = AuthSettings(issuer_url=issuer, resource_server_url=f"{origin}/mcp", required_scopes=[OPT.scope], validate_token_resource=bool(OPT.protect and OPT.audience))
        named["token_verifier"] = Verifier()
    if OPT.sdk == "mcp1":
        from mcp.server.fastmcp import Context, FastMCP

        server = FastMCP("test", stateless_http=OPT.stateless, json_response=OPT.json_response, **named)
        return server, Context, server.streamable_http_app
    from mcp.server.mcpserver import Context, MCPServer

    server = MCPServer("test", **named)
    return server, Context, lambda: server.streamable_http_app(json_response=OPT.json_response, stateless_http=OPT.stateless)


def tools(server, Context):
    api = upstream()

    def digest(token):
        return hashlib.sha256(token.encode()).hexdigest()[:12]

    @server.tool()
    async def whoami(ctx: Context) -> str:
        """Who called."""
        request = ctx.request_context.request
        user = request.scope.get("user") if request is not None else None
        token = getattr(user, "access_token", None)
        return "nobody" if token is None else f"{(token.claims or {}).get('sub')} {digest(token.token)}"

    @server.tool()
    @signed_in(api, hold=OPT.hold, single_user=OPT.single_user, why="The weather needs you to sign in.")
    async def weather(city: str, ctx: Context, token: str) -> str:
        """The weather somewhere, asked of the upstream server."""
        return f"{city} {digest(token)}"

    @server.tool()
    async def tasks() -> int:
        """How many sign-ins run in the background."""
        return sum(task.get_name() == "devicegrant sign-in" for task in asyncio.all_tasks())

    if OPT.api:

        @server.tool()
        async def write(word: str, ctx: Context):
            """Calls the API, which may demand more than the login has."""
            how = {"hold": OPT.hold, "single_user": OPT.single_user}
            token = await ensure(ctx, api, **how)
            if not isinstance(token, str):
                return token
            said = await answered(token, word)
            if said.status_code in (401, 403):
                token = await ensure(ctx, api, reject=token, challenge=said.headers.get("www-authenticate"), **how)
                if not isinstance(token, str):
                    return token
                said = await answered(token, word)
            return f"{word} {said.status_code} {digest(token)}"

    @server.prompt()
    @signed_in(api, hold=OPT.hold, single_user=OPT.single_user)
    async def summary(ctx: Context, token: str) -> str:
        """A prompt that needs the login too."""
        return f"Summarise {digest(token)}"


async def answered(token, word):
    async with http.AsyncClient(trust_env=False, timeout=30) as asking:
        return await asking.get(f"{OPT.api}/{word}", headers={"Authorization": f"Bearer {token}"})


def watch_stdin():
    """Ends when whoever started us is gone."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main():
    if OPT.debug:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    if OPT.http is None:
        server, Context, _ = made("")
        tools(server, Context)
        if OPT.sdk == "fastmcp":
            server.run(transport="stdio", show_banner=False)
        else:
            server.run()
        return
    import uvicorn

    listener = socket.create_server(("127.0.0.1", OPT.http))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server, Context, app = made(origin)
    tools(server, Context)
    threading.Thread(target=watch_stdin, daemon=True).start()
    print(json.dumps({"ready": True, "address": f"{origin}/mcp"}), flush=True)
    config = uvicorn.Config(app(), log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


main()
