"""Who approved must be who was expected, at oidc-provider."""

import os
import subprocess
import sys
import time

import pytest

import devicegrant
import devicegrant.sync
from support import ROOT, WITHOUT

APPROVE = ROOT / "tests" / "servers" / "approve.py"

pytestmark = pytest.mark.skipif("oidc" in WITHOUT, reason="oidc-provider could not be installed here")


@pytest.fixture
def issuer(oidc):
    return oidc


def person(name):
    """A prompt that this person answers, in a process of their own."""

    def approve(prompt):
        words = [sys.executable, APPROVE, prompt.verification_uri, prompt.user_code, "--as", name]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=30)

    return approve


def client(issuer, name, **more):
    return devicegrant.sync.Client(issuer.issuer, client_id="public", scopes=["read"], prompt=person(name), **more)


def is_refused(one, pending):
    """The other account's approval ends the sign-in, and nothing of it is kept."""
    with pytest.raises(devicegrant.Denied) as caught:
        for _ in range(20):
            pending = one.poll(pending)
            time.sleep(1)
    assert caught.value.code == "wrong_account"
    with pytest.raises(devicegrant.SignInNeeded):
        one.token()


def test_two_people_share_a_program(issuer):
    """Each is given their own, though nothing but the account tells the two apart."""
    alice = client(issuer, "alice", expected_sub="alice")
    bob = client(issuer, "bob", expected_sub="bob")
    tokens = alice.login()
    assert tokens.sub == "alice" and bob.login().sub == "bob"
    assert alice.token() == tokens.access_token != bob.token()
    assert client(issuer, "alice", expected_sub="alice").token() == tokens.access_token
    renewed = alice.token(reject=tokens.access_token)
    assert renewed != tokens.access_token and alice.tokens().sub == "alice"
    with pytest.raises(devicegrant.SignInNeeded) as caught:
        client(issuer, "eve", expected_sub="eve").token()
    assert caught.value.code == "no_login"


def test_somebody_else_approved(issuer, loop):
    before = len(issuer.log(endpoint="revocation", status=200))

    async def main():
        one = devicegrant.Client(
            issuer.issuer, client_id="public", scopes=["read"], prompt=person("eve"), expected_account="alice@example.com"
        )  # fmt: skip
        with pytest.raises(devicegrant.Denied) as caught:
            await one.login()
        with pytest.raises(devicegrant.SignInNeeded):
            await one.token()
        return caught.value

    error = loop(main())
    assert error.code == "wrong_account"
    assert 'the account "alice@example.com" was expected, and "eve@example.com" (sub "eve") approved' in str(error)
    assert len(issuer.log(endpoint="revocation", status=200)) == before + 2


def test_a_pending_of_another_process_is_checked(issuer):
    """What is expected is sealed with what was begun: whoever finishes it says nothing of it."""
    key = os.urandom(32)
    begun = client(issuer, "eve", expected_sub="alice").begin()
    sealed = begun.to_bytes(key)
    person("eve")(begun.prompt)
    is_refused(client(issuer, "eve"), devicegrant.Pending.from_bytes(key, sealed))


def test_a_pending_for_another_is_not_kept_here(issuer):
    begun = client(issuer, "bob").begin()
    person("bob")(begun.prompt)
    is_refused(client(issuer, "alice", expected_sub="alice"), begun)


def test_an_empty_name_is_nobody(issuer):
    with pytest.raises(devicegrant.Usage) as caught:
        client(issuer, "alice", expected_sub="").login()
    assert caught.value.code == "bad_option"
