"""The case this project was asked for, end to end, as aiendurance.com appears to run it: Django
OAuth Toolkit as authorization server, which names no device endpoint in its metadata; an MCP server
that demands its tokens; an operator who signs in once; and a client that nobody looks after."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from approve import decide

EXAMPLES = Path(__file__).resolve().parents[2] / "python" / "examples"
SERVERS = Path(__file__).resolve().parents[1] / "servers" / "mcp"
SECRET = "dot%3As3cret%2B%2F%25%26%3D"


@pytest.fixture
def dot(own):
    return own("dot", interval=1, access_ttl=6)


@pytest.fixture
def endurance(dot, tmp_path, monkeypatch):
    """The MCP server."""
    monkeypatch.syspath_prepend(str(SERVERS))
    import peers

    started = []

    def start(port=0):
        started.append(peers.Server(
            "mcp2", tmp_path, port=port, protect=dot.issuer,
            introspect="/introspect/", introspect_as=f"confidential:{SECRET}",
        ))  # fmt: skip
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def unattended(command):
    """The example of the package, as a timer would run it."""

    def run(address):
        env = {**command.environment(), "PYTHONWARNINGS": "ignore"}
        argv = [sys.executable, EXAMPLES / "mcp_client.py", address, "whoami"]
        return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    return run


def test_an_operator_signs_in_and_a_program_goes_on(command, dot, endurance, unattended):
    server = endurance()
    # Nobody has signed in: it says so, and opens nothing.
    before = unattended(server.address)
    assert before.returncode == 3 and "devicegrant login" in before.stderr, before.stderr
    assert dot.log() == []

    run = command.start(
        "login", server.address, "--client-id", "public", "--device-endpoint", dot.device_endpoint, "--json",
    )
    prompt = run.event("prompt")
    assert prompt["scopes"] == ["read"]  # the challenge's; DOT has no offline_access to ask for
    decide(prompt["verification_uri"], prompt["user_code"])
    signed_in = run.event("signed_in")
    assert run.end() == 0 and signed_in["issuer"] == dot.issuer

    first = unattended(server.address)
    assert first.returncode == 0, first.stderr
    # Through an expiry: another token, nobody asked.
    time.sleep(6.2)
    second = unattended(server.address)
    assert second.returncode == 0 and second.stdout != first.stdout, second.stderr
    # Through a restart of the server as well, with the token expired meanwhile.
    server.stop()
    away = unattended(server.address)
    assert away.returncode != 0
    time.sleep(6.2)
    again = endurance(server.port)
    assert again.address == server.address
    third = unattended(server.address)
    assert third.returncode == 0 and third.stdout not in (first.stdout, second.stdout), third.stderr
    grants = [line["grant_type"] for line in dot.log(endpoint="token", status=200)]
    assert sum(grant.endswith(":device_code") for grant in grants) == 1
    assert grants.count("refresh_token") >= 2 and dot.log(endpoint="token", status=400, grant_type="refresh_token") == []
    for told in (before, first, second, away, third):
        assert "Bearer" not in told.stdout + told.stderr


def test_one_session_goes_on_through_an_expiry(command, dot, endurance):
    """The same, by a program that stays connected."""
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    import devicegrant
    from devicegrant.mcp import DeviceAuth

    server = endurance()
    run = command.start("login", server.address, "--client-id", "public", "--device-endpoint", dot.device_endpoint, "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in")
    assert run.end() == 0

    async def main():
        home = command.environment()["DEVICEGRANT_HOME"]
        auth = DeviceAuth(devicegrant.Client(server.address, home=home), interactive=False)
        async with httpx2.AsyncClient(auth=auth, timeout=60, trust_env=False) as http:
            async with Client(streamable_http_client(server.address, http_client=http)) as client:
                for _ in range(3):
                    yield (await client.call_tool("whoami", {})).content[0].text
                    await asyncio.sleep(6.2)

    async def all_of_it():
        return [text async for text in main()]

    told = asyncio.run(all_of_it())
    assert len(set(told)) == 3
