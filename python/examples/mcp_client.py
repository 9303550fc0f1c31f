"""An unattended client of an MCP server that demands a login: an operator signed in before, and it
calls a tool for as long as that login lives. It never asks anybody, and says so when it has to.

    devicegrant login https://host/mcp      # once, by a person, on this machine
    python mcp_client.py https://host/mcp TOOL '{"its": "arguments"}'
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from devicegrant.mcp import DeviceAuth, cause_of


async def main(address: str, tool: str, arguments: str = "{}") -> None:
    auth = DeviceAuth(address, interactive=False)
    async with httpx2.AsyncClient(auth=auth, timeout=60) as http:
        async with Client(streamable_http_client(address, http_client=http)) as client:
            result = await client.call_tool(tool, json.loads(arguments))
    print(*(block.text for block in result.content if block.type == "text"))


try:
    asyncio.run(main(*sys.argv[1:]))
except Exception as error:
    cause = cause_of(error)  # the SDK wraps what happens inside a connection
    if cause is None:
        raise
    print(f"{cause.message}\n{cause.hint}", file=sys.stderr)
    sys.exit(cause.exit)
