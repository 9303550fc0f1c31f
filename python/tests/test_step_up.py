"""A tool that wants a scope the login does not have, at a real server: asked for once, and kept."""

import asyncio

import devicegrant
import httpx
import pytest
from approve import decide
from devicegrant.sync import Client
from launch import Server


@pytest.fixture
def server():
    one = Server("oidc")
    yield one
    one.stop()


class Person:
    """Approves whatever is shown, and knows what was asked of them."""

    def __init__(self):
        self.asked = []

    def __call__(self, prompt):
        self.asked.append([*prompt.scopes])
        decide(prompt.verification_uri, prompt.user_code)


def client(resource, person=None, **more):
    return Client(resource.address, client_id="public", prompt=person or Person(), **more)


def answer(resource, token, below=""):
    return httpx.get(resource.address + below, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def test_a_wider_login_takes_the_narrow_ones_place(resource):
    person = Person()
    one = client(resource, person)
    one.login()
    narrow = one.token()
    assert answer(resource, narrow).status_code == 200
    refused = answer(resource, narrow, "/write")
    challenge = refused.headers["www-authenticate"]
    assert refused.status_code == 403 and devicegrant.is_step_up(challenge)

    other = client(resource)
    assert other.token() == narrow
    # Nobody is asked without being meant to.
    with pytest.raises(devicegrant.SignInNeeded) as needed:
        one.token(reject=narrow, challenge=challenge)
    assert needed.value.code == "more_scopes"
    assert needed.value.message.endswith("a new sign-in would ask for read offline_access write")

    before = len(resource.asked)
    one.login(challenge=challenge)
    assert person.asked == [["read", "offline_access"], ["read", "offline_access", "write"]]
    wide = one.token()
    # Its metadata was read, and itself not asked again.
    assert resource.asked[before:] == [resource.metadata.removeprefix(resource.origin)]
    assert answer(resource, wide, "/write").status_code == 200
    # Whoever still holds the narrow token gets the wide one, and nobody is asked.
    assert other.token(reject=narrow, challenge=challenge) == wide

    # A renewal keeps it, and so does the next sign-in of a program that knows nothing of it.
    assert answer(resource, one.token(force=True), "/write").status_code == 200
    client(resource, person).login()
    assert person.asked[2:] == [["read", "write", "offline_access"]]
    # It is one login, whose sign-out forgets what was demanded.
    assert client(resource).health().state == "fresh"
    client(resource).logout()
    client(resource, person).login()
    assert person.asked[3:] == [["read", "offline_access"]]


def test_what_is_not_granted_is_not_asked_for_again(resource):
    person = Person()
    one = client(resource, person)
    one.login()
    refused = answer(resource, one.token(), "/unheard-of")
    challenge = refused.headers["www-authenticate"]
    one.login(challenge=challenge)
    token = one.token()
    assert answer(resource, token, "/unheard-of").status_code == 403
    for again in (lambda: one.login(challenge=challenge), lambda: one.token(reject=token, challenge=challenge)):
        with pytest.raises(devicegrant.Refused) as loop:
            again()
        assert loop.value.code == "scope_loop"
        assert loop.value.message == "the server demands unheard-of, which this login was asked for and not granted"
    assert len(person.asked) == 2


def test_a_login_of_another_name_is_the_one_that_is_widened(resource):
    client(resource, profile="ops").login()
    person = Person()
    unnamed = client(resource, person)
    narrow = unnamed.token()
    challenge = answer(resource, narrow, "/write").headers["www-authenticate"]
    # Begun, kept, and finished by whoever comes: its place is kept with it.
    unnamed.keep(unnamed.begin(challenge=challenge))
    client(resource, person).resume()
    assert person.asked == [["read", "offline_access", "write"]]
    wide = client(resource, profile="ops").token()
    assert wide != narrow and answer(resource, wide, "/write").status_code == 200


def test_whoever_asks_at_the_same_time_is_not_told_of_a_demand_that_is_not_theirs(resource):
    client(resource).login()

    async def main():
        one = devicegrant.Client(resource.address, client_id="public")
        demand = 'Bearer error="insufficient_scope", scope="write"'
        calls = one.token(challenge=demand), one.token(), one.token(scopes=["read"]), one.token(challenge=demand)
        return await asyncio.gather(*calls, return_exceptions=True)

    first, second, third, fourth = asyncio.run(main())
    assert [first.code, fourth.code] == ["more_scopes", "more_scopes"]
    assert isinstance(second, str) and second == third


def test_any_other_refusal_no_sign_in_can_mend():
    assert not devicegrant.is_step_up('Bearer error="invalid_token", scope="write"')
    assert not devicegrant.is_step_up("")
    with pytest.raises(devicegrant.Refused) as refused:
        devicegrant.is_step_up("Bearer " + "a" * 20_000)
    assert refused.value.code == "body_too_large"
