"""A real SDK client on stdio, driven by lines: for tests of a program that is an MCP server.

    client.py [--mode legacy|auto|2026-07-28] [--elicit accept|decline|cancel|hold|none] -- COMMAND ...

`mcp` 1.x or 2.x, whichever this Python has. On stdin one JSON object a line, {"id", "do": "list"},
{"id", "do": "listen"} or {"id", "do": "call", "name", "arguments"}; on stdout what happens, one event a line.
"""

import argparse
import asyncio
import json
import os
import sys
import time

STARTED = time.monotonic()


def tell(event, **fields):
    print(json.dumps({"event": event, "at": round(time.monotonic() - STARTED, 4), **fields}), flush=True)


def elicitation(types, policy):
    async def answer(context, params):
        tell("elicitation", mode=params.mode, url=getattr(params, "url", None), message=params.message)
        if policy == "hold":
            await asyncio.sleep(3600)
        return types.ElicitResult(action=policy)

    return answer


async def heard(message):
    root = getattr(message, "root", message)
    method = getattr(root, "method", None)
    if method:
        tell("notification", method=method)


async def progressed(progress, total, message):
    tell("progress", message=message)


async def drive(session):
    """Every command in a task of its own: a client may ask for the list while a call waits."""

    async def do(command):
        try:
            if command["do"] == "listen":
                async with session.listen(tools_list_changed=True) as events:
                    tell("listening")
                    async for event in events:
                        tell("changed", what=type(event).__name__)
            elif command["do"] == "list":
                answer = await session.list_tools()
                tell("answer", id=command["id"], tools=[tool.name for tool in answer.tools])
            else:
                answer = await session.call_tool(command["name"], command.get("arguments", {}), progress_callback=progressed)
                failed = getattr(answer, "is_error", getattr(answer, "isError", None))
                tell("answer", id=command["id"], text=answer.content[0].text, failed=bool(failed))
        except Exception as error:
            tell("answer", id=command["id"], error=f"{type(error).__name__}: {error}")

    loop = asyncio.get_running_loop()
    running = set()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = asyncio.create_task(do(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="legacy")
    parser.add_argument("--elicit", default="none", choices=["accept", "decline", "cancel", "hold", "none"])
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()

    import mcp.types as types
    from mcp import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=given.command[0], args=given.command[1:], env=dict(os.environ))
    ask = None if given.elicit == "none" else elicitation(types, given.elicit)
    try:
        from mcp import Client
    except ImportError:
        from mcp import ClientSession

        async with stdio_client(parameters) as (read, write), ClientSession(
            read, write, elicitation_callback=ask, message_handler=heard
        ) as session:
            told = await session.initialize()
            tell("open", server=told.serverInfo.name, version=told.protocolVersion)
            await drive(session)
    else:
        async with Client(stdio_client(parameters), mode=given.mode, elicitation_callback=ask, message_handler=heard) as session:
            tell("open", server=session.server_info.name if session.server_info else None, version=session.protocol_version)
            await drive(session)


asyncio.run(main())
# Reading stdin holds a thread that nothing else would end.
os._exit(0)
