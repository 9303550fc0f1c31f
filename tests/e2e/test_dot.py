"""Signing in at Django OAuth Toolkit, its device endpoint given by hand."""

import signal
import time

from approve import decide


def test_approved(command, shared, at):
    server = shared("dot", interval=1)
    run = command.start("login", server.issuer, *at(server), "--scope", "read", "--json")
    prompt = run.event("prompt")
    assert prompt["interval"] == 1
    assert prompt["verification_uri_complete"] is None
    decide(prompt["verification_uri"], prompt["user_code"])
    signed_in = run.event("signed_in")
    assert run.end() == 0
    assert signed_in["issuer"] == server.issuer
    assert signed_in["refreshable"] is True
    token = command.run("token", server.issuer)
    assert (token.code, len(token.out.strip())) == (0, 30), token.err


def test_endpoints_alone_are_enough(command, shared, at):
    server = shared("dot", interval=1)
    run = command.start("login", *at(server), "--json", "--profile", "work")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    assert run.event("signed_in")["profile"] == "work"
    assert run.end() == 0
    assert command.run("token", "--profile", "work").code == 0


def test_denied(command, shared, at):
    server = shared("dot", interval=1)
    run = command.start("login", server.issuer, *at(server), "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"], approve=False)
    error = run.event("error")
    assert (error["code"], error["exit"], run.end()) == ("access_denied", 4, 4)


def test_expired_though_the_server_says_pending_for_ever(command, own, at):
    server = own("dot", device_ttl=5, interval=1)
    before, started = time.time(), time.monotonic()
    error, run = command.fails(server.issuer, *at(server))
    assert (error["code"], run.code) == ("expired_token", 5)
    assert time.monotonic() - started < 12
    polls = server.log(endpoint="token")
    assert {poll["error"] for poll in polls} == {"authorization_pending"}
    # The whole lifetime was used: the last poll comes at the deadline, not before. It counts from
    # when the code was asked for, which a busy server notes late, so from before that.
    assert polls[-1]["time"] - before >= 5


def test_an_approval_in_the_last_second_counts(command, own, at):
    """Polls fall at 6 s and at the deadline of 12 s; the approval comes in the second before it.

    The command is held while the person answers: on a busy machine their answer could take longer
    than what is left of that second, and then the last poll would rightly find nothing.
    """
    server = own("dot", device_ttl=12, interval=5)
    run = command.start("login", server.issuer, *at(server), "--json")
    prompt = run.event("prompt")
    begun = server.wait_for(1, endpoint="device_authorization")[0]["time"]
    answered = []

    def hesitate():
        polled = server.wait_for(1, endpoint="token", error="authorization_pending")
        assert len(polled) == 1
        # Between the two polls, a second after the answer to the first has arrived.
        time.sleep(max(1, begun + 8 - time.time()))
        run.signal(signal.SIGSTOP)
        assert len(server.log(endpoint="token")) == 1
        time.sleep(max(0, begun + 11.1 - time.time()))
        answered.append(time.time())

    try:
        decide(prompt["verification_uri"], prompt["user_code"], before_the_answer=hesitate)
    finally:
        run.signal(signal.SIGCONT)
    assert begun + 11.1 <= answered[0] < begun + 12
    run.event("signed_in")
    assert run.end() == 0
    polls = server.log(endpoint="token")
    assert [poll["error"] for poll in polls] == ["authorization_pending", None]
    assert polls[1]["time"] - begun >= 11.1


def test_confidential(command, shared, at):
    server = shared("dot", interval=1)
    run = command.start(
        "login", server.issuer, *at(server, "confidential"), "--client-secret-env", "THE_SECRET", "--json",
        THE_SECRET="dot:s3cret+/%&=",
    )
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in")
    assert run.end() == 0


def test_device_endpoint_is_not_advertised(command, shared):
    """The metadata lists the device grant and names no endpoint for it: its own clear error."""
    error, run = command.fails(shared("dot", interval=1).issuer, "--client-id", "public")
    assert (error["code"], run.code) == ("no_device_endpoint", 8)
    assert "--device-endpoint" in error["hint"]


def test_unknown_client(command, shared, at):
    server = shared("dot", interval=1)
    error, run = command.fails(server.issuer, *at(server, "nobody"))
    assert error["error"] == "invalid_request"
    assert run.code == 8
