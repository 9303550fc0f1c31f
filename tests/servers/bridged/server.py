"""A real MCP server on 127.0.0.1, protected by an authorization server: `mcp` 1.x, `mcp` 2.x or
fastmcp, whichever this Python has. One JSON line on stdout says where it listens.

    server.py ISSUER [--sdk mcp|fastmcp] [--port N] [--refused FILE] [--scoped]

Whose SHA-256 stands in FILE, a line each, is refused though the authorization server vouches for it.
"""

import argparse
import asyncio
import hashlib
import json
import os
import socket
import sys
import threading
from pathlib import Path

import httpx
import uvicorn

BASIC = ("basic", "basic%3As3cret%2B%2F%25%26%3D")


async def introspect(issuer, token):
    async with httpx.AsyncClient(trust_env=False) as http:
        said = await http.post(f"{issuer}/token/introspection", data={"token": token}, auth=BASIC)
    return said.json()


async def vouched(given, address, token):
    """What is known of a token that is good here."""
    said = await introspect(given.issuer, token)
    refused = given.refused and hashlib.sha256(token.encode()).hexdigest() in given.refused.read_text().split()
    if refused or said.get("active") is not True or said.get("aud") != address:
        return None
    return {"client_id": said["client_id"], "scopes": said["scope"].split()}


def add_tools(server, current_token):
    calls = []

    @server.tool()
    def whoami() -> str:
        """Who is signed in, with which scopes."""
        token = current_token()
        return json.dumps({"client_id": token.client_id, "scopes": sorted(token.scopes), "pid": os.getpid()})

    @server.tool()
    def count() -> str:
        """How often this was called: not to be carried out twice."""
        calls.append(1)
        return str(len(calls))

    @server.tool()
    async def slow(seconds: float) -> str:
        """Answers late."""
        await asyncio.sleep(seconds)
        return "done"

    @server.tool()
    def publish() -> str:
        """Needs the scope `write`, where the server was started so."""
        return "published"


def add_question(server):
    from pydantic import BaseModel

    try:
        from mcp.server.mcpserver import Context
    except ImportError:
        from mcp.server.fastmcp import Context

    class Color(BaseModel):
        name: str

    async def color(ctx: Context) -> str:
        """Asks the person something of its own, in the middle of the call."""
        await ctx.report_progress(1, 2, "thinking")
        answer = await ctx.elicit("Which colour?", Color)
        return answer.action

    # What is said of its parameters is looked up where it was made.
    color.__annotations__["ctx"] = Context
    server.tool()(color)


def add_round(server):
    """A question by an answer (2026-07-28): only `mcp` 2.x has it."""
    try:
        from mcp.server.mcpserver import Context
        from mcp_types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult
    except ImportError:
        return

    async def draft(text: str, ctx: Context) -> str:
        """Asks whether to publish; with the scope `write` demanded, that demand comes with the answer."""
        if ctx.input_responses:
            return f"{ctx.input_responses['publish'].action}: {text}, {ctx.request_state}"
        params = ElicitRequestFormParams(message="Publish it?", requested_schema={"type": "object", "properties": {}})
        asked = {"publish": ElicitRequest(params=params)}
        return InputRequiredResult(input_requests=asked, request_state="half")

    draft.__annotations__["ctx"] = Context
    server.tool()(draft)


def with_mcp(given, address):
    from mcp.server.auth.middleware.auth_context import get_access_token
    from mcp.server.auth.provider import AccessToken
    from mcp.server.auth.settings import AuthSettings

    class Verifier:
        async def verify_token(self, token):
            known = await vouched(given, address, token)
            return known and AccessToken(token=token, resource=address, **known)

    auth = AuthSettings(issuer_url=given.issuer, resource_server_url=address, required_scopes=["read"])
    try:
        from mcp.server import MCPServer as Server
    except ImportError:
        from mcp.server.fastmcp import FastMCP as Server
    server = Server("weather", auth=auth, token_verifier=Verifier())
    add_tools(server, get_access_token)
    add_question(server)
    add_round(server)
    return server.streamable_http_app()


def with_fastmcp(given, address):
    from fastmcp import FastMCP
    from fastmcp.server.auth import AccessToken, RemoteAuthProvider, TokenVerifier
    from fastmcp.server.dependencies import get_access_token

    class Verifier(TokenVerifier):
        async def verify_token(self, token):
            known = await vouched(given, address, token)
            return known and AccessToken(token=token, **known)

    verifier = Verifier(required_scopes=["read"])
    auth = RemoteAuthProvider(
        token_verifier=verifier, authorization_servers=[given.issuer], base_url=address.removesuffix("/mcp"),
    )
    server = FastMCP("weather", auth=auth)
    add_tools(server, get_access_token)
    return server.http_app(path="/mcp")


class Scoped:
    """In front of the server: a call of the tool `publish` needs the scope `write` (RFC 6750 §3.1)."""

    def __init__(self, app, issuer, origin):
        self.app, self.issuer, self.origin = app, issuer, origin

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        token = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        if b'"publish"' in body and token:
            said = await introspect(self.issuer, token)
            if said.get("active") and "write" not in said.get("scope", "").split():
                metadata = f"{self.origin}/.well-known/oauth-protected-resource/mcp"
                challenge = f'Bearer error="insufficient_scope", scope="write", resource_metadata="{metadata}"'
                headers = [(b"www-authenticate", challenge.encode()), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 403, "headers": headers})
                return await send({"type": "http.response.body", "body": b""})

        sent = False

        async def replay():
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("issuer")
    parser.add_argument("--sdk", default="mcp", choices=["mcp", "fastmcp"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--refused", type=Path)
    parser.add_argument("--scoped", action="store_true")
    given = parser.parse_args()

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", given.port))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    address = f"{origin}/mcp"
    app = (with_mcp if given.sdk == "mcp" else with_fastmcp)(given, address)
    if given.scoped:
        app = Scoped(app, given.issuer, origin)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))

    def orphan():
        # Should whoever started this die, the pipe closes.
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=orphan, daemon=True).start()
    print(json.dumps({"address": address, "pid": os.getpid()}), flush=True)
    asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
