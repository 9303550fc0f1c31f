"""A real MCP client, by whichever SDK and era: it does what JSON lines on stdin say, all at once,
and tells on stdout what happened.

    {"call": "weather", "arguments": {"city": "Rome"}, "as": "first"}   {"list": true, "as": "tools"}
    {"prompt": "summary", "as": "p"}                                     {"cancel": "first"}
"""

import argparse
import asyncio
import contextlib
import importlib
import json
import sys

from devicegrant.mcp import cause_of


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdk", choices=["mcp1", "mcp2", "fastmcp"], required=True)
    parser.add_argument("--url")
    parser.add_argument("--stdio", help="the server's words, as a JSON list")
    parser.add_argument("--era", choices=["auto", "legacy"], default="auto", help="for the SDKs that have both")
    parser.add_argument("--can", choices=["url", "form", "nothing"], default="url")
    parser.add_argument("--answer", choices=["accept", "decline", "cancel", "never"], default="accept")
    parser.add_argument("--bearer", help="a token, as another way of authorization gave it")
    parser.add_argument("--device", help="options of DeviceAuth, as JSON")
    return parser.parse_args()


OPT = options()


def tell(**what):
    print(json.dumps(what), flush=True)


def show(prompt):
    tell(event="prompt", code=prompt.user_code, address=prompt.verification_uri, scopes=list(prompt.scopes))


async def asked(params, result):
    """What the person does with a question."""
    tell(event="asked", mode=params.mode, message=params.message, url=getattr(params, "url", None))
    if OPT.answer == "never":
        await asyncio.sleep(3600)
    return result(action=OPT.answer)


def auth():
    from devicegrant.mcp import DeviceAuth

    if OPT.device is None:
        return None
    return DeviceAuth(OPT.url, prompt=show, **json.loads(OPT.device))


def restrict():
    """The SDKs say both modes or none; a client with forms only is one of them with less to say."""
    session = importlib.import_module("mcp.client.session")
    whole = session.types.ElicitationCapability
    session.types.ElicitationCapability = lambda form=None, url=None: whole(form=form)


@contextlib.asynccontextmanager
async def http_client(library):
    headers = {"Authorization": f"Bearer {OPT.bearer}"} if OPT.bearer else {}
    async with library.AsyncClient(auth=auth(), headers=headers, timeout=60, trust_env=False) as client:
        yield client


@contextlib.asynccontextmanager
async def mcp1():
    import httpx
    from mcp import ClientSession, StdioServerParameters, types
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client

    async def ask(context, params):
        return await asked(params, types.ElicitResult)

    async with contextlib.AsyncExitStack() as stack:
        if OPT.stdio:
            command, *arguments = json.loads(OPT.stdio)
            streams = stdio_client(StdioServerParameters(command=command, args=arguments))
        else:
            streams = streamable_http_client(OPT.url, http_client=await stack.enter_async_context(http_client(httpx)))
        read, write, *_ = await stack.enter_async_context(streams)
        callback = None if OPT.can == "nothing" else ask
        session = await stack.enter_async_context(ClientSession(read, write, elicitation_callback=callback))
        await session.initialize()
        yield session


@contextlib.asynccontextmanager
async def mcp2():
    import httpx2
    import mcp_types as types
    from mcp import Client, StdioServerParameters
    from mcp.client.streamable_http import streamable_http_client

    async def ask(context, params):
        return await asked(params, types.ElicitResult)

    async with contextlib.AsyncExitStack() as stack:
        if OPT.stdio:
            command, *arguments = json.loads(OPT.stdio)
            server = StdioServerParameters(command=command, args=arguments)
        else:
            server = streamable_http_client(OPT.url, http_client=await stack.enter_async_context(http_client(httpx2)))
        callback = None if OPT.can == "nothing" else ask
        client = Client(server, mode=OPT.era, elicitation_callback=callback, cache=None)
        yield await stack.enter_async_context(client)


@contextlib.asynccontextmanager
async def fastmcp():
    from fastmcp import Client

    async with Client(OPT.url, auth=auth() or OPT.bearer) as client:
        yield client


async def progress(done, total=None, message=None):
    tell(event="progress", done=done, total=total, message=message)


async def do(client, wish):
    name = wish.get("as", "")
    try:
        if "list" in wish:
            there = await client.list_tools()
            tell(event="tools", of=name, tools=[{"name": tool.name, "takes": sorted((getattr(tool, "inputSchema", None) or tool.input_schema)["properties"])} for tool in getattr(there, "tools", there)])
        elif "prompt" in wish:
            there = await client.get_prompt(wish["prompt"])
            tell(event="result", of=name, text=there.messages[0].content.text, error=False)
        else:
            more = {"raise_on_error": False} if OPT.sdk == "fastmcp" else {}
            handler = {"progress_handler" if OPT.sdk == "fastmcp" else "progress_callback": progress}
            there = await client.call_tool(wish["call"], wish.get("arguments", {}), **handler, **more)
            error = getattr(there, "isError", False) or getattr(there, "is_error", False)
            tell(event="result", of=name, text=there.content[0].text, error=error)
    except asyncio.CancelledError:
        tell(event="cancelled", of=name)
    except Exception as error:
        about = getattr(error, "error", None)
        tell(event="failed", of=name, kind=type(error).__name__, text=str(error), code=getattr(about, "code", None), data=getattr(about, "data", None))


async def main():
    if OPT.can == "form":
        restrict()
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    try:
        async with {"mcp1": mcp1, "mcp2": mcp2, "fastmcp": fastmcp}[OPT.sdk]() as client:
            tell(event="connected")
            running = {}
            while line := await lines.readline():
                wish = json.loads(line)
                if "cancel" in wish:
                    running[wish["cancel"]].cancel()
                else:
                    running[wish.get("as", "")] = asyncio.create_task(do(client, wish))
            for task in running.values():
                task.cancel()
    except BaseException as error:
        ours = cause_of(error)
        tell(event="ended", kind=type(ours or error).__name__, code=getattr(ours, "code", None), text=repr(error)[:500])


asyncio.run(main())
