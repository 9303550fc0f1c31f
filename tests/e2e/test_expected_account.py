"""Who approved must be who was expected, at oidc-provider: it names the sub in the ID token, and
what a person is called in userinfo alone."""

import json

import pytest
from approve import decide


@pytest.fixture
def server(shared):
    return shared("oidc")


def signing_in(command, server, *words, person="alice"):
    """The end of a `login --json`: its last event and its exit."""
    run = command.start("login", server.issuer, "--client-id", "public", "--scope", "read", "--json", *words)
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"], person=person)
    code = run.end()
    return run.events()[-1], code, prompt


def test_the_sub_of_the_id_token(command, server):
    before = len(server.log(endpoint="userinfo"))
    event, code, prompt = signing_in(command, server, "--expect-sub", "alice")
    assert (event["event"], code) == ("signed_in", 0), event
    assert set(prompt["scopes"]) == {"read", "openid"}
    assert len(server.log(endpoint="userinfo")) == before, "the ID token says it all"
    # Whose it is stands in the header, and other accounts do not find it.
    status = json.loads(command.run("status", "--json").out.splitlines()[-1])
    assert status["account"] == "alice", status
    assert command.run("token", server.issuer, "--expect-sub", "alice").code == 0
    assert command.run("token", server.issuer, "--expect-sub", "bob").code == 3
    assert command.run("token", server.issuer, "--expect-account", "bob@example.com").code == 3
    renewed = command.run("renew", server.issuer, "--expect-sub", "alice", "--force")
    assert renewed.code == 0, renewed.err


def test_somebody_else_approved(command, own):
    server = own("oidc")
    event, code, _ = signing_in(command, server, "--expect-sub", "alice", person="eve")
    assert (event["event"], event["code"], event["exit"], code) == ("error", "wrong_account", 4, 4)
    assert '"alice" was expected, and sub "eve" approved' in event["message"]
    assert "the server took the tokens back" in event["message"]
    # Nothing is kept, and what was issued is revoked: the refresh token and the access token.
    assert command.run("token", server.issuer).code == 3
    assert [line["status"] for line in server.log(endpoint="revocation")] == [200, 200]
    assert command.run("explain", "wrong_account").code == 0


def test_a_name_comes_from_userinfo(command, server):
    before = len(server.log(endpoint="userinfo"))
    event, code, prompt = signing_in(command, server, "--expect-account", "Alice@Example.com")
    assert (event["event"], code) == ("signed_in", 0), event
    assert set(prompt["scopes"]) == {"read", "openid", "email"}
    assert len(server.log(endpoint="userinfo")) == before + 1
    assert command.run("token", server.issuer, "--expect-account", "alice@example.com").code == 0


def test_a_username(command, server):
    event, code, prompt = signing_in(command, server, "--expect-account", "alice")
    assert (event["event"], code) == ("signed_in", 0), event
    assert set(prompt["scopes"]) == {"read", "openid", "profile"}


def test_an_address_that_is_not_verified(command, server):
    event, code, _ = signing_in(command, server, "--expect-account", "una@example.com", person="una")
    assert (event["code"], code) == ("wrong_account", 4)
    assert "has not verified" in event["message"]
    assert command.run("token", server.issuer).code == 3


def test_a_kept_sign_in_is_checked_by_whoever_goes_on_with_it(command, server):
    words = ["login", server.issuer, "--client-id", "public", "--expect-sub", "alice", "--json"]
    run = command.start(*words)
    prompt = run.event("prompt")
    run.signal(2)
    assert run.end() == 130
    decide(prompt["verification_uri"], prompt["user_code"], person="eve")
    # Also for whoever says nothing of the account: it belongs to what was begun.
    error, run = command.fails("--resume", server.issuer)
    assert (error["code"], run.code) == ("wrong_account", 4)
    assert command.run("token", server.issuer).code == 3


def test_a_server_that_cannot_say_who_approved(command, demo):
    server = demo()
    error, run = command.fails(server.issuer, "--client-id", "a", "--scope", "read", "--expect-sub", "alice")
    assert (error["code"], run.code) == ("account_unknown", 8), error
    assert command.run("token", server.issuer).code == 3


def test_an_empty_name_is_nobody(command, server):
    error, run = command.fails(server.issuer, "--client-id", "public", "--expect-sub", "")
    assert (error["code"], run.code) == ("bad_option", 2)
