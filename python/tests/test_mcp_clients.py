"""Clients of MCP servers that demand a token: from the bare address to a tool's answer, by the
clients of three SDKs at the servers of three SDKs, and what becomes of it over time."""

import time

import pytest
from approve import decide

SDKS = pytest.mark.parametrize("sdk", ["mcp1", "mcp2", "fastmcp"])
# Each client at each server, between the tests of this file.
PAIRS = pytest.mark.parametrize("sdk, at", [("mcp1", "mcp1"), ("mcp1", "fastmcp"), ("mcp2", "mcp1"), ("mcp2", "mcp2"), ("fastmcp", "mcp2"), ("fastmcp", "fastmcp")])
# Registered before; in the first test the client registers itself.
KNOWN = {"client_id": "public"}


def approved(client):
    prompt = client.event(event="prompt")
    decide(prompt["address"], prompt["code"])
    client.event(event="connected")
    return prompt


def who(client, name):
    client.call("whoami", name)
    told = client.result(name)
    assert told["error"] is False, told
    return told["text"].split()


@PAIRS
def test_from_the_bare_address_to_an_answer_and_again_without_a_person(peers, sdk, at):
    oidc = peers.oidc(access_ttl=3)
    server = peers.server(at, protect=oidc.issuer)
    one = peers.client(sdk, connected=False, url=server.address, device={})
    prompt = approved(one)
    # The challenge's or the resource's scopes, and offline_access because the issuer has it.
    assert prompt["scopes"] == ["read", "offline_access"]
    assert who(one, "first")[0] == "alice"
    assert one.end() == 0
    # The program is started again, and its token has ended meanwhile.
    time.sleep(3.2)
    two = peers.client(sdk, url=server.address, device={"interactive": False})
    assert who(two, "second")[0] == "alice"
    assert two.count(event="prompt") == 0
    assert len(oidc.log(endpoint="registration", status=201)) == 1
    # And it ends while the session goes on.
    time.sleep(3.2)
    assert who(two, "third")[0] == "alice"
    grants = [line["grant_type"] for line in oidc.log(endpoint="token", status=200)]
    assert grants[0].endswith(":device_code") and set(grants[1:]) == {"refresh_token"}


@SDKS
def test_where_nobody_may_be_asked_it_says_who_is_needed(peers, sdk):
    oidc = peers.oidc()
    server = peers.server("mcp2", protect=oidc.issuer)
    one = peers.client(sdk, connected=False, url=server.address, device={**KNOWN, "interactive": False})
    ended = one.event(event="ended")
    assert (ended["kind"], ended["code"]) == ("SignInNeeded", "no_login")
    assert oidc.log() == []


@SDKS
def test_a_server_that_demands_nothing_gets_nothing(peers, sdk):
    server = peers.server("mcp2")
    one = peers.client(sdk, url=server.address, device={**KNOWN, "interactive": False})
    assert who(one, "first") == ["nobody"]


@pytest.mark.parametrize("sdk, many", [("mcp2", 2), ("mcp1", 2), ("mcp2", 10)])
def test_many_processes_meet_a_401_at_once(peers, make_server, sdk, many):
    """Their token has no end that anybody knows, and is refused to all of them at the same moment."""
    scripted = make_server(ttl=None)
    server = peers.server("mcp2", protect=scripted.issuer, introspect="/introspect")
    first = peers.client(sdk, url=server.address, device=KNOWN)
    assert first.count(event="prompt") == 1
    rest = {**KNOWN, "interactive": False}
    clients = [first, *(peers.client(sdk, connected=False, url=server.address, device=rest) for _ in range(many - 1))]
    for client in clients[1:]:
        client.event(event="connected")
    for round in range(2):
        old = {tuple(who(client, f"before-{round}")) for client in clients}
        assert len(old) == 1 and scripted.refreshes == round
        scripted.access = scripted.secret("another")  # nobody has that one
        for client in clients:
            client.call("whoami", f"after-{round}")
        told = [client.result(f"after-{round}") for client in clients]
        assert [one["error"] for one in told] == [False] * many, told
        assert len({one["text"] for one in told}) == 1
        assert (scripted.refreshes, scripted.reused) == (round + 1, 0)
    assert sum(client.count(event="prompt") for client in clients) == 1


@pytest.mark.parametrize("sdk, at", [("mcp1", "mcp1"), ("mcp2", "mcp2"), ("fastmcp", "mcp2")])
def test_more_scopes_are_asked_for_once(peers, sdk, at):
    """The server comes to demand what the login was never asked for: 403, insufficient_scope."""
    oidc = peers.oidc()
    server = peers.server(at, protect=oidc.issuer)
    one = peers.client(sdk, connected=False, url=server.address, device=KNOWN)
    assert approved(one)["scopes"] == ["read", "offline_access"]
    assert one.end() == 0
    server.stop()
    more = peers.server(at, port=server.port, protect=oidc.issuer, scope="write")
    alone = peers.client(sdk, connected=False, url=more.address, device={**KNOWN, "interactive": False})
    ended = alone.event(event="ended")
    assert (ended["kind"], ended["code"]) == ("SignInNeeded", "more_scopes"), ended
    two = peers.client(sdk, connected=False, url=more.address, device=KNOWN)
    assert set(approved(two)["scopes"]) == {"read", "write", "offline_access"}
    assert who(two, "first")[0] == "alice"
    assert two.count(event="prompt") == 1
    again = peers.client(sdk, url=more.address, device={**KNOWN, "interactive": False})
    assert who(again, "second")[0] == "alice"


def test_a_server_that_never_has_enough_is_no_loop(peers):
    oidc = peers.oidc()
    server = peers.server("mcp2", protect=oidc.issuer, scope="write")
    one = peers.client("mcp2", connected=False, url=server.address, device=KNOWN)
    prompt = one.event(event="prompt")
    assert "write" in prompt["scopes"]
    decide(prompt["address"], prompt["code"])
    one.event(event="connected")
    assert one.end() == 0
    server.stop()
    # Nobody has that scope to give: it is asked for once, and never again.
    more = peers.server("mcp2", port=server.port, protect=oidc.issuer, scope="everything")
    two = peers.client("mcp2", connected=False, url=more.address, device=KNOWN)
    prompt = two.event(event="prompt")
    assert "everything" in prompt["scopes"]
    decide(prompt["address"], prompt["code"])
    ended = two.event(event="ended")
    assert (ended["kind"], ended["code"]) == ("Refused", "scope_loop"), ended
    three = peers.client("mcp2", connected=False, url=more.address, device=KNOWN)
    assert three.event(event="ended")["code"] == "scope_loop"
    assert two.count(event="prompt") + three.count(event="prompt") == 1
