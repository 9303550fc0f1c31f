"""The first answer of a bridge after its start with a fresh token, beside mcp-remote in the same run.

    target/venv/bin/python benches/mcp/first_answer.py [--rounds 10] [--peer node_modules/mcp-remote/dist/proxy.js]

It wants `cargo build --release -p devicegrant-cli`, the packages of the tests (`cargo xtask test`
installs them) and, for the peer, `npm install mcp-remote@0.15` anywhere. From the start of the process
to the answer of `initialize`; the server is the TypeScript SDK's, behind oidc-provider.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "servers")]

from approve import decide  # noqa: E402
from command import BINARY, Command, environment  # noqa: E402
from launch import Server  # noqa: E402
from mcp_parts import McpServer  # noqa: E402

INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
}


def first_answer(argv, env):
    """Seconds until the answer, and the answer."""
    started = time.perf_counter()
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=nowhere)
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        took = time.perf_counter() - started
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert answer["result"]["serverInfo"]["name"] == "weather", answer
    return took


def sign_in_peer(argv, env):
    """mcp-remote signs in by itself, and prints where to approve on stderr."""
    process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    threading.Thread(target=process.stdout.read, daemon=True).start()
    address = None
    for line in process.stderr:
        words = line.split()
        found = [word for word in words if "/device?user_code=" in word]
        if found and not address:
            address = found[0]
            decide(address.split("?")[0], address.split("user_code=")[1])
        if "Proxy established" in line or "Connected to remote server" in line:
            break
    process.kill()
    process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peer")
    given = parser.parse_args()
    issuer = Server("oidc")
    server = McpServer("typescript", issuer.issuer)
    home = Path(tempfile.mkdtemp())
    command = Command(home)
    run = command.start("login", server.address, "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in")
    run.end()
    env = environment(home, MCP_REMOTE_CONFIG_DIR=str(home / "peer"))
    contenders = {"devicegrant mcp": [BINARY, "mcp", server.address]}
    if given.peer:
        peer = ["node", given.peer, server.address, "--allow-http", "--device-code"]
        sign_in_peer(peer, env)
        contenders["mcp-remote"] = peer
    took = {name: [] for name in contenders}
    try:
        # In turn, so that what disturbs one disturbs the other.
        for _ in range(given.rounds):
            for name, argv in contenders.items():
                took[name].append(first_answer(argv, env))
        for name, seconds in took.items():
            print(f"{name}: median {statistics.median(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms, fastest {min(seconds) * 1000:.0f} ms")
    finally:
        server.stop()
        issuer.stop()
        command.stop()


if __name__ == "__main__":
    main()
