"""From the bare address of a protected resource to its answer: found, registered, approved, kept."""

import httpx
import pytest
from approve import decide

import devicegrant
import devicegrant.sync
from support import WITHOUT

pytestmark = pytest.mark.skipif("oidc" in WITHOUT, reason="oidc-provider could not be installed here")


@pytest.fixture
def server(oidc):
    return oidc


def approve(prompt):
    decide(prompt.verification_uri, prompt.user_code)


def answer(resource, token):
    got = httpx.get(resource.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    return got.json() if got.status_code == 200 else got.status_code


def registrations(server):
    return len(server.log(endpoint="registration", status=201))


def test_two_logins_and_one_registration(server, resource, loop):
    before = registrations(server)
    blocking = devicegrant.sync.Client(resource.address, prompt=approve)
    tokens = blocking.login()
    assert tokens.scopes == ("read",) and tokens.refresh_token
    assert answer(resource, blocking.token()) == {"tools": ["weather"]}

    async def again():
        client = devicegrant.Client(resource.address, prompt=approve)
        await client.login()
        return await client.token()

    second = loop(again())
    assert second != tokens.access_token
    assert answer(resource, second) == {"tools": ["weather"]}
    assert registrations(server) == before + 1


def test_renewed_by_another_client_without_a_question(resource):
    devicegrant.sync.Client(resource.address, prompt=approve).login()
    other = devicegrant.sync.Client(resource.address)
    first = other.token()
    assert answer(resource, other.token(reject=first)) == {"tools": ["weather"]}
    assert other.token() != first


def test_a_document_that_no_server_could_fetch(resource):
    client = devicegrant.sync.Client(resource.address, client_metadata="http://client.example/c.json", prompt=approve)
    with pytest.raises(devicegrant.DeviceGrantError) as caught:
        client.login()
    assert caught.value.code == "bad_option"
