"""A sign-in that is interrupted is kept, and one for a service is refused before anybody is asked."""

import json
import os
import shlex
import signal

import pytest

TV = ("--client-id", "tv")
PERSON = {"decide": "person"}


def begun(command, server, *argv):
    """A sign-in that waits: (the run, its prompt)."""
    run = command.start("login", server.issuer, *TV, "--scope", "read", "--json", *argv)
    return run, run.event("prompt")


def pending(command):
    return [event for event in command.run("status", "--json").events() if event["event"] == "pending"]


def finish(command, server, prompt, argv):
    """Resume by this command line, approve, and see the same code through to its tokens."""
    program, *arguments = argv
    assert program == "devicegrant"
    run = command.start(*arguments, "--json")
    again = run.event("prompt")
    assert again["user_code"] == prompt["user_code"]
    server.approve(prompt["user_code"])
    assert run.event("signed_in")["issuer"] == server.issuer
    assert run.end() == 0
    assert server.accepts(command.token(server.issuer))
    assert pending(command) == []
    server.exactly("asked for a code", 1)


def test_after_a_kill(command, demo):
    server = demo(**PERSON)
    run, prompt = begun(command, server)
    run.signal(signal.SIGKILL)
    run.end()
    [waits] = pending(command)
    assert (waits["issuer"], waits["client_id"]) == (server.issuer, "tv")
    assert "a sign-in waits" in command.run("status").out
    finish(command, server, prompt, ["devicegrant", "login", "--resume", server.issuer, *TV])


def test_approved_while_nobody_polls(command, demo):
    server = demo(**PERSON)
    run, prompt = begun(command, server)
    run.signal(signal.SIGKILL)
    run.end()
    server.approve(prompt["user_code"])
    # Nothing has to be named where only one waits.
    run = command.run("login", "--resume", "--json")
    assert run.code == 0 and run.events()[-1]["event"] == "signed_in"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_after_a_signal_the_hint_is_the_command(number, command, demo):
    server = demo(**PERSON)
    run, prompt = begun(command, server, "--profile", "a name")
    run.signal(number)
    assert run.end(10) == 130
    error = run.events()[-1]
    assert error["code"] == "interrupted"
    argv = shlex.split(error["hint"].partition(": ")[2])
    assert argv[:4] == ["devicegrant", "login", "--resume", server.issuer]
    assert argv[4:] == [*TV, "--profile", "a name"]
    finish(command, server, prompt, argv)


def test_after_the_timeout(command, demo):
    server = demo(**PERSON)
    run, prompt = begun(command, server, "--timeout", "1")
    assert run.end(10) == 5
    error = run.events()[-1]
    assert (error["code"], error["exit"]) == ("gave_up", 5)
    finish(command, server, prompt, shlex.split(error["hint"].partition(": ")[2]))


def test_in_another_home(command, demo):
    """The hint names the home too, where one was named."""
    server = demo(**PERSON)
    home = command.home / "another home"
    run, _ = begun(command, server, "--home", str(home), "--timeout", "1")
    assert run.end(10) == 5
    assert str(home) in shlex.split(run.events()[-1]["hint"].partition(": ")[2])


def test_what_cannot_be_resumed(command, demo):
    server = demo(**PERSON)
    run = command.run("login", "--resume", server.issuer, "--json")
    assert run.code == 3 and run.events()[-1]["code"] == "no_pending"
    # In memory nothing waits, and nobody is told so.
    run, _ = begun(command, server, "--store", "memory", "--timeout", "1")
    assert run.end(10) == 5
    assert "--resume" not in run.events()[-1]["hint"]
    # Denied is over.
    other = demo(decide={"deny": {}})
    run, _ = begun(command, other)
    assert run.end() == 4
    assert "--resume" not in run.events()[-1]["hint"]
    assert len(pending(command)) == 0
    other.exactly("asked for a code", 1)


def sealed_by(source, command):
    home = command.home / "store"
    home.mkdir(mode=0o700)
    line = {"format": 1, "id": "mfrggzdfmztwq2lk", "key": {"source": source, "id": "onzlalyflneldbam"}}
    (home / "home.json").write_text(json.dumps(line))
    os.chmod(home / "home.json", 0o600)


def test_unattended_refuses_a_home_of_the_keyring(command, demo):
    server = demo()
    sealed_by("keyring", command)
    error, run = command.fails(server.issuer, *TV, "--unattended")
    assert (error["code"], run.code) == ("key_needs_session", 7)
    assert "--key file" in error["hint"] and str(command.home / "store") in error["message"]
    assert server.count("metadata") == server.count("asked for a code") == 0
    # Without the word it is tried, and the keyring of this test's session is not there.
    error, _ = command.fails(server.issuer, *TV)
    assert error["code"] == "key_unreachable"
    assert server.count("asked for a code") == 0
    store = command.run("status", "--json").events()[0]
    assert (store["key_source"], store["unattended"], store["code"]) == ("keyring", False, "key_unreachable")
    doctor = {event["check"]: event for event in command.run("doctor", "--json").events()}
    assert doctor["key"]["state"] == "fail" and "--key file" in doctor["key"]["remedy"]


def test_unattended_refuses_the_wish_of_the_keyring(command, demo):
    server = demo()
    error, run = command.fails(server.issuer, *TV, "--unattended", "--key", "keyring")
    assert (error["code"], run.code) == ("key_needs_session", 7)
    assert not (command.home / "store").exists()
    assert server.count("metadata") == 0
    assert command.run("login", server.issuer, "--key", "pocket").code == 2


def test_unattended_takes_what_a_service_can_reach(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV, "--unattended")
    store = command.run("status", "--json").events()[0]
    assert (store["key_source"], store["unattended"]) == ("file", True)
    # A home that is there is obeyed, and fits.
    command.sign_in(server.issuer, *TV, "--unattended")
