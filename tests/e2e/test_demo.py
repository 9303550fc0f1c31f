"""`devicegrant demo`: one command on a fresh machine, and the first thing anybody tries."""

import json
import re

import pytest
from approve import decide


@pytest.mark.parametrize("approve", [True, False], ids=["approved", "denied"])
def test_a_person_signs_in(approve, command):
    run = command.start("demo")
    run.wait_for_err("Enter the code")
    address = re.search(r"http://127\.0\.0\.1:\d+/device", run.err).group()
    code = re.search("[A-Z]{4}-[A-Z]{4}", run.err).group()
    run.wait_for_err("poll 1:")  # each step is told as it happens
    decide(address, code, approve=approve)
    assert run.end() == (0 if approve else 4)
    assert run.out == ""
    assert ("The API, called with the token, says" in run.err) == approve
    # Nothing of it is kept.
    assert command.run("token").code == 3


def test_for_programs(command):
    script = {"interval": 0, "decide": {"approve": {"after_polls": 1}}}
    run = command.run("demo", "--json", "--script", json.dumps(script))
    assert run.code == 0, run.err
    events = [event["event"] for event in run.events()]
    assert events.count("prompt") == events.count("signed_in") == 1
    assert events.index("prompt") < events.index("signed_in")
    assert set(events) > {"prompt", "signed_in"}


@pytest.mark.parametrize(("script", "code", "exit_code"), [
    ({"decide": {"deny": {}}}, "access_denied", 4),
    ({"decide": {"expire": {}}}, "expired_token", 5),
    ({"only_known_clients": True}, "invalid_client", 8),
])
def test_its_scripted_ends(script, code, exit_code, command):
    run = command.run("demo", "--json", "--script", json.dumps({"interval": 0, **script}))
    assert (run.code, run.events()[-1]["code"]) == (exit_code, code)


def test_only_serve(command):
    server = command.start("demo", "--serve", "0")
    issuer = json.loads(server._events.get(timeout=30))["issuer"]
    login = command.start("login", issuer, "--client-id", "tv", "--scope", "read", "--json")
    prompt = login.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    assert login.event("signed_in", timeout=60)["issuer"] == issuer
    server.signal(2)
    assert server.end(10) == 0
