"""A hostile MCP server under a name of its own: refused with a reason, and nobody is asked for what
nobody asked for. Each misdeed has its code and the whole list of what was asked."""

import sys

import peers
import pytest
from certificates import Certificates
from command import Run, environment, peak_memory
from conftest import WITHOUT
from hostile_mcp import BYSTANDER, ENDLESS, HOSTS, LOGIN, MCP, META, SERVER_METADATA, World, challenge, device, redirect, resource, server
from languages import mcp_client
from mcp_parts import Bridge

ROOT_FORM = "https://mcp.example/.well-known/oauth-protected-resource"
# An address may be an issuer's: that is looked for first.
ISSUER = [
    "GET https://mcp.example/.well-known/oauth-authorization-server/mcp",
    "GET https://mcp.example/.well-known/openid-configuration/mcp",
    "GET https://mcp.example/mcp/.well-known/openid-configuration",
    "GET https://mcp.example/mcp/.well-known/oauth-authorization-server",
]
OPENED = [*ISSUER, f"GET {MCP}"]
# Where the metadata that the challenge names is not taken, its two well-known places are left.
PLACES = [f"GET {ROOT_FORM}/mcp", f"GET {ROOT_FORM}"]
NAMED = [*OPENED, f"GET {META}"]
LOOKED = [*NAMED, f"GET {SERVER_METADATA}"]
OPENID = f"GET {LOGIN}/.well-known/openid-configuration"
REGISTERED = [*LOOKED, f"POST {LOGIN}/register"]
BEGUN = [*REGISTERED, f"POST {LOGIN}/device"]
SIGNED_IN = [*BEGUN, f"POST {LOGIN}/token"]

# This machine, as somebody writes it who does not want that to be seen.
LOOPBACK = [
    "http://127.0.0.1:PORT", "https://127.0.0.1:PORT", "https://localhost:PORT", "https://[::1]:PORT", "https://127.1:PORT",
    "https://2130706433:PORT", "https://0x7f.0.0.1:PORT", "https://0177.0.0.1:PORT", "https://0.0.0.0:PORT", "https://0:PORT", "https://[::]:PORT",
    "https://[::ffff:127.0.0.1]:PORT", "https://[::ffff:7f00:1]:PORT", "https://localhost.:PORT", "https://mcp.localhost:PORT",
    "https://127.0.0.1.:PORT", "https://%31%32%37.0.0.1:PORT", "https://%6cocalhost:PORT",
]

# What is said otherwise, the code that it ends with, and all that was asked until then.
MISDEEDS = {
    "resource-of-another": ({META: resource(resource=f"{BYSTANDER}/mcp")}, "resource_mismatch", [*NAMED, *PLACES]),
    "resource-of-a-neighbour": ({META: resource(resource="https://mcp.example/mc")}, "resource_mismatch", [*NAMED, *PLACES]),
    "issuer-of-another": ({SERVER_METADATA: server(issuer=BYSTANDER)}, "issuer_mismatch", [*LOOKED, OPENID]),
    "issuer-unsaid": ({SERVER_METADATA: server(issuer=None)}, "issuer_mismatch", [*LOOKED, OPENID]),
    "challenge-file": ({MCP: challenge("file:///etc/passwd")}, "unsafe_endpoint", OPENED),
    "challenge-javascript": ({MCP: challenge("javascript:alert(1)")}, "unsafe_endpoint", OPENED),
    "server-file": ({META: resource(authorization_servers=["file:///etc/passwd"])}, "unsafe_endpoint", [*NAMED, *PLACES]),
    "server-cleartext": ({META: resource(authorization_servers=["http://login.example"])}, "unsafe_endpoint", [*NAMED, *PLACES]),
    "token-endpoint-file": ({SERVER_METADATA: server(token_endpoint="file:///etc/passwd")}, "unsafe_endpoint", [*LOOKED, OPENID]),
    "page-file": ({f"{LOGIN}/device": device(verification_uri="file:///etc/passwd")}, "unsafe_verification_uri", BEGUN),
    "page-javascript": ({f"{LOGIN}/device": device(verification_uri="javascript:alert(1)")}, "unsafe_verification_uri", BEGUN),
    "page-cleartext": ({f"{LOGIN}/device": device(verification_uri="http://login.example/open")}, "unsafe_verification_uri", BEGUN),
    "page-loopback": ({f"{LOGIN}/device": device(verification_uri="http://127.0.0.1:PORT/open")}, "unsafe_verification_uri", BEGUN),
    "page-loopback-https": ({f"{LOGIN}/device": device(verification_uri="https://127.0.0.1:PORT/open")}, "unsafe_verification_uri", BEGUN),
    "redirect-away": ({MCP: redirect(f"{BYSTANDER}/mcp")}, "redirect_refused", [*OPENED, *PLACES]),
    "redirect-to-loopback": ({MCP: redirect("http://127.0.0.1:PORT/mcp")}, "redirect_refused", [*OPENED, *PLACES]),
    "redirect-to-cleartext": ({MCP: redirect("http://mcp.example/mcp")}, "redirect_refused", [*OPENED, *PLACES]),
    "redirect-of-metadata": ({META: redirect(f"{BYSTANDER}/meta")}, "redirect_refused", [*NAMED, *PLACES]),
    "redirect-of-server-metadata": ({SERVER_METADATA: redirect(BYSTANDER)}, "redirect_refused", [*LOOKED, OPENID]),
    "redirect-of-registration": ({f"{LOGIN}/register": redirect(f"{BYSTANDER}/register")}, "redirect_refused", REGISTERED),
    "redirect-of-device": ({f"{LOGIN}/device": redirect(f"{BYSTANDER}/device")}, "redirect_refused", BEGUN),
    # The device code is sent once, and to nobody else.
    "redirect-of-token": ({f"{LOGIN}/token": redirect(f"{BYSTANDER}/token")}, "redirect_refused", SIGNED_IN),
    "loop-of-redirects": ({MCP: redirect(MCP)}, "redirect_refused", [*OPENED, *[f"GET {MCP}"] * 3, *PLACES]),
    "loop-of-metadata": ({META: challenge(META)}, "no_metadata", [*NAMED, *PLACES]),
    # Its own authorization server, whose metadata is looked for where it was not before.
    "loop-of-servers": ({META: resource(authorization_servers=[MCP, MCP])}, "no_metadata", [*NAMED, *ISSUER]),
    "many-servers": (
        {META: resource(authorization_servers=[f"{BYSTANDER}/{n}" for n in range(1000)])}, "no_metadata",
        [*NAMED, *(f"GET {BYSTANDER}{place}" for n in range(5) for place in (
            f"/.well-known/oauth-authorization-server/{n}", f"/.well-known/openid-configuration/{n}",
            f"/{n}/.well-known/openid-configuration", f"/{n}/.well-known/oauth-authorization-server"))],
    ),
    # More than an HTTP client takes: as if nothing had been answered. And what it does take.
    "challenge-of-1-mb": ({MCP: challenge(f"{BYSTANDER}/{'x' * 1_000_000}")}, "unreachable", [*OPENED, *PLACES]),
    "challenge-of-32-kb": ({MCP: challenge(f"{BYSTANDER}/{'x' * 32_000}")}, "body_too_large", OPENED),
    "endless-metadata": ({META: (200, {}, ENDLESS)}, "body_too_large", [*NAMED, *PLACES]),
    "endless-server-metadata": ({SERVER_METADATA: (200, {}, ENDLESS)}, "body_too_large", [*LOOKED, OPENID]),
    "endless-registration": ({f"{LOGIN}/register": (201, {}, ENDLESS)}, "body_too_large", REGISTERED),
    "endless-device": ({f"{LOGIN}/device": (200, {}, ENDLESS)}, "body_too_large", BEGUN),
    "endless-token": ({f"{LOGIN}/token": (200, {}, ENDLESS)}, "body_too_large", SIGNED_IN),
}
# Where an address can be named, and what was asked until it was.
PLACES_OF_LOOPBACK = {
    "challenge": (lambda at: {MCP: challenge(f"{at}/meta")}, OPENED),
    "server": (lambda at: {META: resource(authorization_servers=[at])}, [*NAMED, *PLACES]),
    "device-endpoint": (lambda at: {SERVER_METADATA: server(device_authorization_endpoint=f"{at}/device")}, [*LOOKED, OPENID]),
    "token-endpoint": (lambda at: {SERVER_METADATA: server(token_endpoint=f"{at}/token")}, [*LOOKED, OPENID]),
    "registration-endpoint": (lambda at: {SERVER_METADATA: server(registration_endpoint=f"{at}/register")}, [*LOOKED, OPENID]),
}
HIDDEN = {
    f"loopback-{place}-{at.replace('PORT', '').strip(':/')}": (spoilt(at), "unsafe_endpoint", asked)
    for place, (spoilt, asked) in PLACES_OF_LOOPBACK.items()
    for at in (LOOPBACK if place == "server" else ["http://127.0.0.1:PORT", "https://127.1:PORT"])
}
ALL = {**MISDEEDS, **HIDDEN}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def world(certificates):
    started = []

    def start(spoilt=()):
        started.append(World(certificates.context("good", HOSTS), spoilt))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def ways(certificates):
    """The flags and the environment that lead a command to such a world."""
    return lambda one: (["--ca", str(certificates.ca_file)], {"HTTPS_PROXY": one.proxy})


def nothing_else(one, asked):
    assert one.asked == asked
    assert set(one.named) == one.hosts, "a host was called upon without a request"
    assert one.inside == [], "somebody knocked at loopback"


def test_an_honest_one_is_signed_in_to(command, world, ways):
    one = world()
    flags, env = ways(one)
    assert command.sign_in(MCP, *flags, **env)["issuer"] == LOGIN
    nothing_else(one, SIGNED_IN)


@pytest.mark.parametrize("misdeed", ALL)
def test_refused_and_nothing_else_is_asked(misdeed, command, world, ways):
    spoilt, code, asked = ALL[misdeed]
    one = world(spoilt)
    flags, env = ways(one)
    error, run = command.fails(MCP, *flags, **env)
    assert error["code"] == code, error
    assert error["message"] and error["hint"]
    nothing_else(one, asked)
    assert one.poured < 20_000_000


@pytest.mark.skipif("languages" in WITHOUT, reason="the packages could not be built here")
@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_refused_in_python_too(misdeed, tmp_path, world, ways):
    spoilt, code, asked = MISDEEDS[misdeed]
    one = world(spoilt)
    flags, env = ways(one)
    run = Run(["-m", "devicegrant", "login", "--json", MCP, *flags], environment(tmp_path, **env), program=sys.executable)
    assert run.end() != 0
    assert run.events()[-1]["code"] == code, run.out
    nothing_else(one, asked)
    assert one.poured < 20_000_000


@pytest.fixture
def node(certificates, tmp_path):
    """A client of a TypeScript SDK, whose `fetch` leads to such a world."""
    started = []

    def start(one, sdk="node2", **options):
        env = {"HTTPS_PROXY": one.proxy, "NODE_EXTRA_CA_CERTS": str(certificates.ca_file)}
        started.append(peers.Client(sdk, tmp_path, env=env, program=mcp_client(), url=MCP, **options))
        return started[-1]

    yield start
    for client in started:
        client.stop()


MORE = 'Bearer error="insufficient_scope", scope="admin"'
# The `fetch` of Node takes less of a header.
IN_NODE = {**MISDEEDS, "challenge-of-32-kb": (MISDEEDS["challenge-of-32-kb"][0], *MISDEEDS["challenge-of-1-mb"][1:])}


@pytest.mark.skipif("languages" in WITHOUT, reason="the packages could not be built here")
@pytest.mark.parametrize("misdeed", IN_NODE)
def test_refused_in_node_too(misdeed, world, node):
    spoilt, code, asked = IN_NODE[misdeed]
    one = world(spoilt)
    client = node(one)
    ended = client.event(event="ended")
    assert ended["code"] == code, ended
    assert client.count(event="authorized") == 0
    # No person is sent to a page that may not be shown.
    assert client.count(event="prompt") == (asked == SIGNED_IN)
    nothing_else(one, asked)
    assert one.poured < 20_000_000


IN_MID_SESSION = {
    "redirect": redirect(f"{BYSTANDER}/mcp"),
    "redirect-to-loopback": redirect("http://127.0.0.1:PORT/mcp"),
    "more-by-401": (401, {"WWW-Authenticate": f'{MORE}, resource_metadata="http://127.0.0.1:PORT/meta"'}, {}),
    "more-by-403": (403, {"WWW-Authenticate": f'{MORE}, resource_metadata="{BYSTANDER}/meta"'}, {}),
}


@pytest.mark.skipif("languages" in WITHOUT, reason="the packages could not be built here")
@pytest.mark.parametrize("sdk", ["node1", "node2"])
@pytest.mark.parametrize("misdeed", IN_MID_SESSION)
def test_a_token_follows_nobody_out_of_node(misdeed, sdk, world, node):
    one = world()
    client = node(one, sdk)
    client.event(event="authorized")
    # Its token is refused, there is no other, and nobody is asked a second time.
    assert client.event(event="ended")["kind"] == "SignInNeeded"
    assert client.count(event="prompt") == 1
    assert one.asked[:len(SIGNED_IN)] == SIGNED_IN and set(one.asked[len(SIGNED_IN):]) == {f"POST {MCP}"}
    assert set(one.named) == one.hosts and one.inside == []
    for seen in (one.asked, one.tokens, one.named):
        seen.clear()
    one.answer(MCP, IN_MID_SESSION[misdeed])
    node(one, sdk, alone=True).event(event="ended")
    assert set(one.asked) == {f"POST {MCP}"} and one.hosts == set(one.named) == {"mcp.example"}
    assert one.inside == []
    assert {address for address, token in one.tokens if token} == {MCP}


@pytest.mark.parametrize("misdeed", [name for name in MISDEEDS if name.startswith(("endless", "challenge-of"))])
def test_memory_stays_bounded(misdeed, tmp_path, world, ways):
    spoilt, code, _ = MISDEEDS[misdeed]
    flags, env = ways(world(spoilt))
    _, out, peak = peak_memory(["login", "--json", MCP, *flags], environment(tmp_path, **env))
    assert f'"{code}"' in out
    assert peak < 60_000_000


def test_of_the_servers_own_answer_the_body_is_not_waited_for(command, world, ways):
    """What is wanted is its challenge, whatever comes behind."""
    status, headers, _ = challenge(META)
    one = world({MCP: (status, headers, ENDLESS)})
    flags, env = ways(one)
    assert command.sign_in(MCP, *flags, **env)["issuer"] == LOGIN
    nothing_else(one, SIGNED_IN)
    assert one.poured < 20_000_000


def test_a_page_that_may_not_be_shown_is_left_out_where_another_may(command, world, ways):
    for page in ("javascript:alert(1)", "https://127.0.0.1:PORT/open", "file:///etc/passwd"):
        one = world({f"{LOGIN}/device": device(verification_uri_complete=page)})
        flags, env = ways(one)
        run = command.run("login", "--json", MCP, *flags, **env)
        prompt = run.events()[0]
        assert (prompt["event"], prompt["verification_uri_complete"]) == ("prompt", None), run.out
        assert one.inside == []


@pytest.fixture
def bridge(command, ways):
    def start(one):
        flags, env = ways(one)
        return Bridge(command, MCP, *flags, **env)

    return start


# The bridge's own question comes first, and the sign-in asks as the command does.
BRIDGED = {
    "resource-of-another": "about another resource",
    "issuer-of-another": "names the issuer",
    "challenge-file": "file:///etc/passwd",
    "loopback-server-https://127.1": "https://127.1",
    "page-javascript": "javascript:alert(1)",
    "redirect-of-device": "redirect",
    "endless-device": "larger than",
}


@pytest.mark.parametrize("misdeed", BRIDGED)
def test_the_bridge_says_why_and_asks_nobody_else(misdeed, bridge, world):
    spoilt, _, asked = ALL[misdeed]
    one = world(spoilt)
    client = bridge(one)
    said = client.called("devicegrant_sign_in")
    assert '"isError": true' in said and BRIDGED[misdeed] in said, said
    assert [line for line in one.asked if line != f"POST {MCP}"] == asked
    assert set(one.named) == one.hosts and one.inside == []
    assert client.peak < 100_000_000


def honest_bridge(command, world, ways):
    """A login is there; from now on the server may misbehave."""
    one = world()
    flags, env = ways(one)
    command.sign_in(MCP, *flags, **env)
    for seen in (one.asked, one.forms, one.tokens, one.named):
        seen.clear()
    return one


def test_a_token_follows_no_redirect_of_the_bridge(command, bridge, world, ways):
    one = honest_bridge(command, world, ways)
    one.answers[MCP] = redirect(f"{BYSTANDER}/mcp")
    client = bridge(one)
    client.called("weather")
    assert set(one.asked) == {f"POST {MCP}"} and one.hosts == set(one.named) == {"mcp.example"}
    assert {address for address, token in one.tokens if token} == {MCP}


ANSWERS = {
    "json": (200, {}, ENDLESS),
    "one event": (200, {"Content-Type": "text/event-stream"}, ENDLESS),
    "error": (500, {}, ENDLESS),
    "challenge": (401, {"WWW-Authenticate": "Bearer"}, ENDLESS),
    "page": (403, {"Content-Type": "text/html"}, ENDLESS),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_endless_answer_fills_no_bridge(kind, command, bridge, world, ways):
    one = honest_bridge(command, world, ways)
    one.answers[MCP] = ANSWERS[kind]
    client = bridge(one)
    said = client.called("weather")
    assert '"error"' in said or '"isError": true' in said, said
    assert client.peak < 150_000_000
    assert one.hosts <= {"mcp.example", "login.example"} and one.inside == []


@pytest.mark.parametrize("metadata", ["http://127.0.0.1:PORT/meta", "https://127.1:PORT/meta", "file:///etc/passwd"])
def test_in_mid_session_a_demand_for_more_leads_nowhere_else(metadata, command, bridge, world, ways):
    one = honest_bridge(command, world, ways)
    metadata = metadata.replace("PORT", str(one.loopback))
    demand = f'Bearer error="insufficient_scope", scope="admin", resource_metadata="{metadata}"'
    one.answers[MCP] = (403, {"WWW-Authenticate": demand}, {})
    said = bridge(one).called("weather")
    assert "isError" in said and metadata in said, said
    assert set(one.asked) == {f"POST {MCP}"}
    assert set(one.named) == {"mcp.example"} and one.inside == []


def test_a_bridge_says_how_to_sign_in_where_there_is_no_device_endpoint(bridge, world):
    said = server()
    del said["device_authorization_endpoint"]
    client = bridge(world({SERVER_METADATA: said}))
    assert f"devicegrant login {MCP} --paste" in client.called("devicegrant_sign_in")
