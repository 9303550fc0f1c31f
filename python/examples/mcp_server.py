"""An MCP server on stdio whose tool calls an API on a person's behalf. Where nobody has signed in,
they are asked through the client; afterwards the token is renewed without anybody.

    devicegrant demo --serve 8628          # in another terminal: the authorization server, and an API
    python mcp_server.py http://127.0.0.1:8628 http://127.0.0.1:8628/api/whoami

In a client's configuration: {"mcpServers": {"example": {"command": "python", "args": [the above]}}}
"""

import sys

import httpx2
from mcp.server.mcpserver import Context, MCPServer

import devicegrant
from devicegrant.mcp import signed_in

issuer, api = sys.argv[1:]
client = devicegrant.Client(issuer, client_id="example", scopes=["read"])
server = MCPServer("example")


@server.tool()
@signed_in(client, why="The API needs you to sign in.")
async def who_am_i(ctx: Context, token: str) -> str:
    """Whose data the API would show."""
    async with httpx2.AsyncClient() as http:
        answer = await http.get(api, headers={"Authorization": f"Bearer {token}"})
    return answer.raise_for_status().text


server.run()
