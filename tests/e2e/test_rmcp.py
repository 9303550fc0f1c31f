"""rmcp's own authorization manager with a login of the command's (rust/examples/rmcp.rs)."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from approve import decide
from command import ROOT, environment
from protected import Protected

PROGRAM = str(Path(os.environ.get("DEVICEGRANT_EXAMPLES") or ROOT / "target" / "debug" / "examples") / "rmcp")


@pytest.fixture
def server(own):
    return own("oidc", access_ttl=600)


@pytest.fixture
def resource(server):
    one = Protected(server.issuer)
    yield one
    one.stop()


@pytest.fixture
def rmcp(tmp_path, resource):
    def start(*argv):
        return subprocess.Popen(
            [PROGRAM, resource.address, *argv], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    return start


def token_of(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def sign_in(command, resource):
    run = command.start("login", resource.address, "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in")
    assert run.end() == 0, run.err


def test_nobody_has_signed_in(rmcp):
    process = rmcp()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "nobody has signed in" in err


def test_it_finds_the_login_and_its_renewal_is_the_commands_too(command, rmcp, server, resource):
    sign_in(command, resource)
    first = command.token(resource.address)
    assert token_of(rmcp()) == first
    renewed = token_of(rmcp("--renew"))
    assert renewed != first and command.token(resource.address) == renewed
    # What it wrote can be renewed by the command in its turn.
    assert command.run("renew", resource.address, "--force").code == 0
    assert token_of(rmcp()) == command.token(resource.address) != renewed
    assert [line["status"] for line in server.log(endpoint="token", grant_type="refresh_token")] == [200, 200]


def test_ten_renew_at_once_beside_the_command_and_the_login_lives(command, rmcp, server, resource):
    sign_in(command, resource)
    running = [rmcp("--renew") for _ in range(10)]
    renewals = [command.start("renew", resource.address, "--force") for _ in range(3)]
    tokens = [token_of(process) for process in running]
    assert [run.end() for run in renewals] == [0, 0, 0]
    assert all(tokens)
    # One after the other: a refresh token that is spent twice would have ended the login.
    exchanges = server.log(endpoint="token", grant_type="refresh_token")
    assert {line["status"] for line in exchanges} == {200} and 10 <= len(exchanges) <= 13
    time.sleep(1)
    assert command.run("renew", resource.address, "--force").code == 0
    assert len(set(tokens)) == 10


def test_a_manager_that_looks_for_the_server_itself_never_has_the_refresh_token(command, rmcp, server, resource):
    sign_in(command, resource)
    first = command.token(resource.address)
    assert token_of(rmcp("--own")) == first
    process = rmcp("--own", "--renew")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "AuthorizationRequired" in err
    # Whatever rmcp thought of that, the login is everybody's and lives.
    assert server.log(endpoint="revocation") == server.log(endpoint="token", grant_type="refresh_token") == []
    assert command.token(resource.address) == first
