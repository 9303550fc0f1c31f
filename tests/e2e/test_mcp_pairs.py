"""From the bare address of a real MCP server, protected by oidc-provider, to a tool's answer: the
clients of one language at the servers of the other. Each language at its own: `python/tests` and
`node/tests`; the bridge at all of them: `test_mcp_bridge.py`."""

import contextlib
import json

import peers
import pytest
from approve import decide
from conftest import WITHOUT
from languages import mcp_client
from mcp_parts import McpServer

pytestmark = pytest.mark.skipif("languages" in WITHOUT, reason="the packages could not be built here")

PYTHON, NODE = ["mcp1", "mcp2", "fastmcp"], ["node1", "node2"]
PAIRS = [*((client, "typescript") for client in PYTHON), *((client, at) for client in NODE for at in ("mcp1", "mcp2", "fastmcp"))]


@pytest.fixture
def started():
    with contextlib.ExitStack() as ends:

        def keep(one):
            ends.callback(one.stop)
            return one

        yield keep


@pytest.fixture
def connect(started, tmp_path):
    """A process of its own. Where it is `alone`, it does not even have the means to ask a person."""

    def start(sdk, address, alone=False):
        how = {"program": mcp_client(), "alone": alone} if sdk in NODE else {"device": {"interactive": not alone}}
        return started(peers.Client(sdk, tmp_path, url=address, **how))

    return start


def answered(client, server):
    client.call("whoami", "mine")
    told = client.result("mine")
    assert told["event"] == "result" and told["error"] is False, told
    said = json.loads(told["text"])
    assert (said["pid"], "read" in said["scopes"]) == (server.process.pid, True), said
    return said["client_id"]


@pytest.mark.parametrize("sdk, at", PAIRS)
def test_from_the_bare_address_to_an_answer_and_again_without_a_person(own, started, connect, sdk, at):
    if at in WITHOUT:
        pytest.skip(f"{at} could not be installed here")
    issuer = own("oidc")
    server = started(McpServer(at, issuer.issuer))
    one = connect(sdk, server.address)
    prompt = one.event(event="prompt")
    assert one.count(event="connected") == 0
    decide(prompt["address"], prompt["code"])
    one.event(event="connected")
    client_id = answered(one, server)
    assert one.end() == 0
    assert one.count(event="prompt") == 1

    two = connect(sdk, server.address, alone=True)
    two.event(event="connected")
    assert answered(two, server) == client_id
    assert two.end() == 0
    assert two.count(event="prompt") == 0
    assert len(issuer.log(endpoint="device_authorization")) == 1
    assert len(issuer.log(endpoint="registration", status=201)) == 1
    assert [line["grant_type"].split(":")[-1] for line in issuer.log(endpoint="token", status=200)] == ["device_code"]


@pytest.mark.parametrize("sdk", NODE)
def test_node_where_nobody_has_signed_in_says_so_and_asks_nobody(own, started, connect, sdk):
    issuer = own("oidc")
    server = started(McpServer("mcp2", issuer.issuer))
    ended = connect(sdk, server.address, alone=True).event(event="ended")
    assert (ended["kind"], ended["code"]) == ("SignInNeeded", "no_login"), ended
    assert issuer.log() == []
