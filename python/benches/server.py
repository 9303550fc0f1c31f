"""A scripted server for ten thousand clients: asyncio alone, HTTP/1.1 with keep-alive, approval
after one pending poll. Prints its issuer; runs until its standard input closes."""

import asyncio
import json
import sys

INTERVAL = int(sys.argv[1])
polled: dict[bytes, int] = {}
issued = 0


def answer(path: bytes, body: bytes, at: str) -> tuple[int, dict]:
    global issued
    if path.startswith(b"/.well-known/"):
        return 200, {"issuer": at, "device_authorization_endpoint": f"{at}/d", "token_endpoint": f"{at}/t"}
    if path == b"/d":
        issued += 1
        return 200, {
            "device_code": f"code-{issued}", "user_code": "WDJB-MJHT", "verification_uri": f"{at}/open",
            "expires_in": 1800, "interval": INTERVAL,
        }  # fmt: skip
    polled[body] = polled.get(body, 0) + 1
    if polled[body] == 1:
        return 400, {"error": "authorization_pending"}
    return 200, {"access_token": "a" * 40, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r" * 40}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.split(b"\r\n")
            size = [int(x.split(b":")[1]) for x in lines if x.lower().startswith(b"content-length:")]
            body = await reader.readexactly(size[0]) if size else b""
            status, value = answer(lines[0].split()[1], body, server_at)
            text = json.dumps(value).encode()
            writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    global server_at
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    server_at = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(server_at, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
