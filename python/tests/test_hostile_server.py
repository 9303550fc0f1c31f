"""`DeviceAuth` before an MCP server that means ill: the request ends with a reason, nobody is asked
for what nobody asked for, and the token goes to nobody else."""

import asyncio
import ssl

import httpx
import httpx2
import pytest
from certificates import Certificates
from hostile_mcp import BYSTANDER, ENDLESS, HOSTS, LOGIN, MCP, META, SERVER_METADATA, TOKEN, World, challenge, device, redirect, resource, server
from support import silent

import devicegrant
import devicegrant.httpx
import devicegrant.httpx2
import devicegrant.mcp.httpx
import devicegrant.mcp.httpx2
import devicegrant.sync

LIBRARIES = {"httpx": (httpx, devicegrant.mcp.httpx), "httpx2": (httpx2, devicegrant.mcp.httpx2)}
BOTH = pytest.mark.parametrize("library", LIBRARIES)
# The challenge is handed in, so that nothing is asked twice.
NAMED = [f"GET {MCP}", f"GET {META}"]
LOOKED = [*NAMED, f"GET {SERVER_METADATA}"]
BEGUN = [*LOOKED, f"POST {LOGIN}/register", f"POST {LOGIN}/device"]
SIGNED_IN = [*BEGUN, f"POST {LOGIN}/token", f"GET {MCP}"]
PLACES = ["GET https://mcp.example/.well-known/oauth-protected-resource/mcp", "GET https://mcp.example/.well-known/oauth-protected-resource"]

MISDEEDS = {
    "resource": ({META: resource(resource=BYSTANDER)}, "resource_mismatch", [*NAMED, *PLACES]),
    "issuer": ({SERVER_METADATA: server(issuer=BYSTANDER)}, "issuer_mismatch", [*LOOKED, f"GET {LOGIN}/.well-known/openid-configuration"]),
    "loopback": ({META: resource(authorization_servers=["https://127.1:PORT"])}, "unsafe_endpoint", [*NAMED, *PLACES]),
    "challenge": ({MCP: challenge("http://127.0.0.1:PORT/meta")}, "unsafe_endpoint", [f"GET {MCP}"]),
    "large challenge": ({MCP: challenge(f"{BYSTANDER}/{'x' * 32_000}")}, "body_too_large", [f"GET {MCP}"]),
    "page": ({f"{LOGIN}/device": device(verification_uri="javascript:alert(1)")}, "unsafe_verification_uri", BEGUN),
    "redirect": ({f"{LOGIN}/token": redirect(f"{BYSTANDER}/token")}, "redirect_refused", SIGNED_IN[:-1]),
    "endless": ({META: (200, {}, ENDLESS)}, "body_too_large", [*NAMED, *PLACES]),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def world(certificates, monkeypatch):
    started = []

    def start(spoilt=()):
        started.append(World(certificates.context("good", HOSTS), spoilt))
        monkeypatch.setenv("HTTPS_PROXY", started[-1].proxy)
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def get(certificates):
    """What the MCP server answers; the SDKs' own clients follow redirects too."""
    context = ssl.create_default_context(cafile=certificates.ca_file)

    def get(library, **options):
        theirs, ours = LIBRARIES[library]
        auth = ours.DeviceAuth(MCP, ca=str(certificates.ca_file), prompt=silent, **options)

        async def main():
            async with theirs.AsyncClient(auth=auth, verify=context, follow_redirects=True) as http:
                return await http.get(MCP)

        return asyncio.run(main())

    return get


def protected(headers):
    """Demands the token, and answers whoever has it."""
    return {"tools": []} if headers["Authorization"] == f"Bearer {TOKEN}" else challenge(META)


def nothing_else(one, asked):
    assert one.asked == asked
    assert set(one.named) == one.hosts and one.inside == []
    assert one.poured < 20_000_000


@BOTH
def test_an_honest_one_answers(library, world, get):
    one = world({MCP: protected})
    assert get(library).json() == {"tools": []}
    nothing_else(one, SIGNED_IN)


@BOTH
@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_refused_and_nothing_else_is_asked(misdeed, library, world, get):
    spoilt, code, asked = MISDEEDS[misdeed]
    one = world(spoilt)
    with pytest.raises(devicegrant.Refused) as refused:
        get(library)
    assert refused.value.code == code
    nothing_else(one, asked)


@BOTH
def test_nobody_is_asked_where_nobody_may_be(library, world, get):
    one = world({MCP: challenge("http://127.0.0.1:PORT/meta")})
    with pytest.raises(devicegrant.SignInNeeded):
        get(library, interactive=False)
    nothing_else(one, [f"GET {MCP}"])


@BOTH
def test_who_a_redirect_leads_to_gets_no_token_and_no_say(library, world, get):
    """It claims to speak for the server, whose own metadata would be asked of it."""
    one = world({MCP: protected, BYSTANDER + "/": challenge(f"{BYSTANDER}/meta"), f"{BYSTANDER}/meta": resource(authorization_servers=[BYSTANDER])})
    assert get(library).status_code == 200
    one.answers[MCP] = redirect(f"{BYSTANDER}/")
    one.asked.clear()
    one.tokens.clear()
    assert get(library).status_code == 401
    assert one.asked == [f"GET {MCP}", f"GET {BYSTANDER}/"]
    assert one.tokens == [(MCP, f"Bearer {TOKEN}"), (f"{BYSTANDER}/", None)]


@BOTH
def test_nor_does_it_renew_the_token(library, world, certificates):
    one = world({f"{BYSTANDER}/": challenge(f"{BYSTANDER}/meta")})
    client = devicegrant.sync.Client(server=MCP, ca=str(certificates.ca_file), prompt=silent)
    client.login()
    one.answers[MCP] = redirect(f"{BYSTANDER}/")
    one.asked.clear()
    theirs, ours = {"httpx": (httpx, devicegrant.httpx), "httpx2": (httpx2, devicegrant.httpx2)}[library]
    context = ssl.create_default_context(cafile=certificates.ca_file)
    with theirs.Client(auth=ours.Auth(client), verify=context, follow_redirects=True) as http:
        # There is nothing to renew it with: tried, it would end the request.
        assert http.get(MCP).status_code == 401
    assert one.asked == [f"GET {MCP}", f"GET {BYSTANDER}/"]
