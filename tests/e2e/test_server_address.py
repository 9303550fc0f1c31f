"""From the bare address of a protected resource to its answer: found, registered, approved, kept."""

import json
import sys

import httpx
import pytest
from approve import decide
from protected import Protected


@pytest.fixture
def server(own):
    return own("oidc")


@pytest.fixture
def resource(server):
    one = Protected(server.issuer)
    yield one
    one.stop()


def sign_in(command, *argv):
    run = command.start("login", *argv, "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    signed_in = run.event("signed_in")
    assert run.end() == 0, run.err
    return prompt, signed_in


def tools(resource, token):
    return httpx.get(resource.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def test_from_the_address_to_an_answer(command, server, resource):
    asked, signed_in = sign_in(command, resource.address)
    assert signed_in["issuer"] == server.issuer
    # The challenge's scope, not the metadata's longer list, and offline_access because it is there.
    assert asked["scopes"] == ["read", "offline_access"]
    assert signed_in["refreshable"] is True

    token = command.token(resource.address)
    assert tools(resource, token).json() == {"tools": ["weather"]}
    assert tools(resource, token + "x").status_code == 401

    headers = command.run("headers", resource.address)
    assert json.loads(headers.out) == {"Authorization": f"Bearer {token}"}
    print_it = "import os; print(os.environ['THE_TOKEN'])"
    ran = command.run("exec", "--env", "THE_TOKEN", resource.address, "--", sys.executable, "-c", print_it)
    assert ran.out.strip() == token, ran.err
    # As a server and as its issuer it is the same login.
    assert command.token("--server", resource.address) == token
    assert command.token(server.issuer) == token


def test_a_second_login_registers_no_second_client(command, server, resource):
    sign_in(command, resource.address)
    first = command.token(resource.address)
    sign_in(command, "--server", resource.address)
    second = command.token(resource.address)
    assert first != second and tools(resource, second).status_code == 200
    assert len(server.log(endpoint="registration", status=201)) == 1
    assert len({line["client_id"] for line in server.log(endpoint="device_authorization")}) == 1
    # It is no login: nobody is told of it as one.
    logins = [event for event in command.run("status", "--json").events() if event["event"] == "login"]
    assert [login["target"] for login in logins] == [resource.address]


def test_a_client_that_the_server_forgot_is_registered_anew(command, own):
    first = own("oidc")
    port = first.origin.rsplit(":", 1)[1]
    resource = Protected(first.issuer)
    try:
        sign_in(command, resource.address)
        first.process.terminate()
        first.process.wait(10)
        # Its memory is gone, and with it every client that was registered.
        again = own("oidc", port=port)
        assert again.issuer == first.issuer
        sign_in(command, resource.address)
        assert len(again.log(endpoint="registration", status=201)) == 1
        assert tools(resource, command.token(resource.address)).status_code == 200
    finally:
        resource.stop()


def test_metadata_at_the_well_known_place(command, server):
    resource = Protected(server.issuer, challenge=False)
    try:
        sign_in(command, resource.address, "--client-id", "public")
        assert tools(resource, command.token(resource.address)).status_code == 200
        assert server.log(endpoint="registration") == []
    finally:
        resource.stop()


def test_no_metadata_is_said_and_nothing_is_guessed(command, server):
    resource = Protected(server.issuer, challenge=False)
    resource.metadata = ""
    try:
        error, _ = command.fails(resource.address)
        assert error["code"] == "no_metadata" and resource.address in error["message"]
        assert all("/.well-known/" in path or path == resource.path for path in resource.asked), resource.asked
        assert server.log() == []
    finally:
        resource.stop()


def test_logged_out_by_the_address(command, server, resource):
    sign_in(command, resource.address)
    assert command.run("logout", resource.address).code == 0
    assert command.run("token", resource.address).code == 3
