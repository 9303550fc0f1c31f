"""Signing in at oidc-provider, found by its issuer."""

from datetime import datetime, timezone

import httpx
from approve import decide


def userinfo(server, token):
    return httpx.get(f"{server.issuer}/me", headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def test_approved(command, own):
    server = own("oidc")
    run = command.start("login", server.issuer, "--client-id", "public", "--scope", "openid", "--scope", "read", "--json")
    prompt = run.event("prompt")
    assert prompt["verification_uri"] == f"{server.issuer}/device"
    assert prompt["verification_uri_complete"] == f"{server.issuer}/device?user_code={prompt['user_code']}"
    assert prompt["scopes"] == ["openid", "read"]
    server.wait_for(1, endpoint="token", error="authorization_pending")
    decide(prompt["verification_uri"], prompt["user_code"])
    signed_in = run.event("signed_in")
    assert run.end() == 0
    assert signed_in["issuer"] == server.issuer
    assert set(signed_in["scope"].split() if isinstance(signed_in["scope"], str) else signed_in["scope"]) == {"openid", "read"}
    assert signed_in["refreshable"] is True
    left = datetime.fromisoformat(signed_in["expires_at"].replace("Z", "+00:00")) - datetime.now(timezone.utc)
    assert 3500 < left.total_seconds() <= 3600

    token = command.run("token", server.issuer)
    assert token.code == 0, token.err
    assert userinfo(server, token.out.strip()).json() == {"sub": "alice"}
    # One code, redeemed once, and never polled faster than the five seconds that stand for no interval.
    times = [line["time"] for line in server.log(endpoint="token")]
    started = server.log(endpoint="device_authorization")[0]["time"]
    assert all(later - earlier >= 5 for earlier, later in zip([started, *times], times))
    assert len(server.log(endpoint="token", status=200)) == 1


def test_denied(command, shared):
    server = shared("oidc")
    run = command.start("login", server.issuer, "--client-id", "public", "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"], approve=False)
    error = run.event("error")
    assert (error["code"], error["error"], error["exit"]) == ("access_denied", "access_denied", 4)
    assert run.end() == 4
    assert command.run("token", server.issuer).code == 3


def test_expired(command, shared):
    server = shared("oidc", device_ttl=8)
    error, run = command.fails(server.issuer, "--client-id", "public")
    assert (error["code"], run.code) == ("expired_token", 5)


def test_secret_with_odd_characters_by_basic(command, shared):
    """The server form-decodes id and secret (RFC 6749 §2.3.1); unencoded, this one would not match."""
    server = shared("oidc")
    run = command.start(
        "login", server.issuer, "--client-id", "basic", "--client-secret-env", "THE_SECRET", "--scope", "read",
        "--json", THE_SECRET="basic:s3cret+/%&=",
    )
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    assert run.event("signed_in")["issuer"] == server.issuer
    assert run.end() == 0


def test_secret_in_the_body_where_the_caller_asks(command, shared):
    server = shared("oidc")
    run = command.start(
        "login", server.issuer, "--client-id", "post", "--client-secret-env", "THE_SECRET", "--scope", "read",
        "--client-auth", "client_secret_post", "--json", THE_SECRET="post:s3cret+/%&=",
    )
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    assert run.event("signed_in")["issuer"] == server.issuer
    assert run.end() == 0


def test_pkce_and_resource_do_no_harm(command, shared):
    server = shared("oidc")
    run = command.start(
        "login", server.issuer, "--client-id", "public", "--scope", "read", "--pkce",
        "--resource", "https://api.example.net/mcp", "--json",
    )
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    # Nothing was granted that was not asked for; the server would have taken one more scope.
    [warning] = run.event("signed_in")["warnings"]
    assert "offline_access" in warning
    assert run.end() == 0


def test_wrong_secret(command, shared):
    error, run = command.fails(
        shared("oidc").issuer, "--client-id", "basic", "--client-secret-env", "THE_SECRET", THE_SECRET="wrong"
    )
    assert (error["code"], run.code) == ("invalid_client", 8)


def test_unknown_client(command, shared):
    error, run = command.fails(shared("oidc").issuer, "--client-id", "nobody")
    assert (error["code"], error["error"], run.code) == ("invalid_client", "invalid_client", 8)


def test_client_without_the_device_grant(command, shared):
    """This server calls it `invalid_request`; whatever the word, the configuration is what is wrong."""
    error, run = command.fails(shared("oidc").issuer, "--client-id", "no-device")
    assert error["error"] == "invalid_request"
    assert run.code == 8
