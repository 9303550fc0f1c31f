"""`token`, `headers` and `exec`: a good token for a script, whatever happens to the server."""

import json
import resource
import signal
import subprocess
import sys
import time

import pytest
from command import BINARY, environment

TV = ("--client-id", "tv")


def test_a_fresh_token_is_given_without_the_server(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV, "--scope", "read")
    first = command.token(server.issuer)
    assert server.accepts(first)
    server.stop()
    # Found without naming anything, too.
    assert command.token() == command.token(server.issuer) == first


def test_as_json(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV, "--scope", "read")
    told = json.loads(command.token(server.issuer, "--json"))
    assert set(told) == {"access_token", "token_type", "expires_at", "scope", "issuer"}
    assert (told["token_type"], told["scope"], told["issuer"]) == ("Bearer", "read", server.issuer)
    assert told["access_token"] == command.token(server.issuer)
    headers = command.run("headers", server.issuer)
    assert (headers.code, json.loads(headers.out)) == (0, {"Authorization": f"Bearer {told['access_token']}"})


def test_rotation_is_kept(command, demo):
    server = demo(access_ttl=2)
    command.sign_in(server.issuer, *TV)
    tokens = [command.token(server.issuer)]
    for _ in range(3):
        time.sleep(1.2)  # more than half of its life: it is due
        tokens.append(command.token(server.issuer))
        assert server.accepts(tokens[-1])
    assert len(set(tokens)) == 4
    server.exactly("refresh token replaced", 3)
    assert server.count("spent credential") == 0


def test_least_time_to_live(command, demo):
    server = demo(access_ttl=100)
    command.sign_in(server.issuer, *TV)
    first = command.token(server.issuer, "--min-ttl", "40")
    assert command.token(server.issuer, "--min-ttl", "0") == first
    # Half of its lifetime is the most that is heard, or every call would renew.
    assert command.token(server.issuer, "--min-ttl", "1h") == first
    assert server.count("was renewed") == 0
    assert command.run("token", server.issuer, "--min-ttl", "soon").code == 2


def test_a_token_that_was_refused_is_replaced_once(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    first = command.token(server.issuer)
    second = command.token(server.issuer, "--reject-env", "BAD", BAD=first)
    assert second != first
    assert command.token(server.issuer, "--reject-env", "BAD", BAD=first) == second
    server.exactly("was renewed", 1)
    missing = command.run("token", server.issuer, "--reject-env", "NOT_SET")
    assert missing.code == 2 and "NOT_SET" in missing.err


def test_many_at_once_are_one_exchange(command, demo):
    server = demo(access_ttl=4)
    command.sign_in(server.issuer, *TV)
    time.sleep(4.1)
    runs = [command.start("token", server.issuer) for _ in range(8)]
    assert [run.end() for run in runs] == [0] * 8, [run.err for run in runs]
    assert len({run.out for run in runs}) == 1
    server.exactly("was renewed", 1)


def test_killed_in_the_middle_of_an_exchange(command, demo):
    """The next one sees that the holder is dead, though its files are hidden from other processes."""
    server = demo(access_ttl=1, faults=[{"on": "refresh", "at": [1], "with": {"stall": {"ms": 30000}}}])
    command.sign_in(server.issuer, *TV)
    time.sleep(1.1)
    stuck = command.start("token", server.issuer)
    server.wait_for("as scripted, Refresh 1")
    waiting = command.start("token", server.issuer)
    time.sleep(1)
    assert waiting.process.poll() is None, "the holder lives, so nobody takes its place"
    begun = time.monotonic()
    stuck.signal(signal.SIGKILL)
    assert waiting.end() == 0, waiting.err
    assert time.monotonic() - begun < 10
    server.exactly("was renewed", 1)


def test_the_server_is_away(command, demo):
    server = demo(access_ttl=6)
    command.sign_in(server.issuer, *TV)
    first = command.token(server.issuer)
    server.stop()
    time.sleep(3.5)
    # Due, and good all the same.
    assert command.token(server.issuer) == first
    time.sleep(3)
    late = command.run("token", server.issuer)
    assert (late.code, late.out) == (6, "")


@pytest.mark.parametrize("json_too", [True, False])
def test_the_server_ended_it(json_too, command, demo):
    refused = {"error": {"error": "invalid_grant", "description": "the admin said so"}}
    server = demo(access_ttl=1, faults=[{"on": "refresh", "with": refused}])
    command.sign_in(server.issuer, *TV)
    time.sleep(1.1)
    run = command.run("token", server.issuer, *(["--json"] if json_too else []))
    assert run.code == 3
    assert "devicegrant login" in run.out + run.err
    # The second one does not ask again.
    assert command.run("token", server.issuer).code == 3
    server.exactly("as scripted, Refresh", 1)
    status = command.run("status", "--json")
    login = next(event for event in status.events() if event["event"] == "login")
    assert (login["state"], login["code"]) == ("signed_out", "login_ended")
    assert "the admin said so" in login["reason"] and login["ended_at"]
    assert command.run("status", server.issuer).code == 3
    # What is left of it can be taken away by any name that found it.
    assert command.run("logout", "--json").events()[0]["revoked"] is False
    assert command.run("status", server.issuer).code == 3
    assert [event["event"] for event in command.run("status", "--json").events()] == ["store"]


def test_a_signal_loses_no_token(command, demo, proxy):
    """The server has issued new tokens, and the answer is on its way when the command is stopped."""
    server = demo()
    proxy.forward_to(server.issuer)
    to = ["--device-endpoint", f"{proxy.origin}/device_authorization", "--token-endpoint", f"{proxy.origin}/token"]
    command.sign_in(*to, *TV)
    first = command.token()
    proxy.fault = ("late", 3)
    run = command.start("renew", "--force", "--json")
    server.wait_for("was renewed")
    run.signal(signal.SIGINT)
    assert run.end(20) == 130
    assert "hint" in run.events()[0] and "Run the command again" in run.events()[0]["hint"]
    proxy.fault = ("pass", None)
    second = command.token()
    assert second != first and server.accepts(second)
    assert command.run("renew", "--force").code == 0
    assert server.count("spent credential") == 0


def no_large_file():
    """Claims of the lease fit, records do not: the disk is full at the worst moment."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))


@pytest.mark.parametrize("argv", [
    ["token", "--reject-env", "BAD"], ["headers", "--reject-env", "BAD"], ["renew", "--force"],
], ids=lambda argv: argv[0])
def test_the_disk_is_full(argv, command, demo):
    """A token that could not be kept is printed, and the exit code tells."""
    server = demo()
    command.sign_in(server.issuer, *TV)
    first = command.token(server.issuer)
    run = subprocess.run(
        [BINARY, *argv, server.issuer], env=environment(command.home, BAD=first), preexec_fn=no_large_file,
        capture_output=True, timeout=60, check=False,
    )
    assert run.returncode == 7
    server.exactly("was renewed", 1)
    out, err = run.stdout.decode(), run.stderr.decode()
    assert "logins/" in err
    if argv[0] == "renew":
        return
    token = out.strip() if argv[0] == "token" else json.loads(out)["Authorization"].removeprefix("Bearer ")
    assert token != first and server.accepts(token)


def exec_(command, server, *program, **env):
    return command.start("exec", "--env", "THE_TOKEN", server.issuer, "--", *program, **env)


LOOK = """
import json, os
argv = lambda pid: open(f"/proc/{pid}/cmdline").read()
names = [name for name in os.environ if name.startswith("DEVICEGRANT_")]
print(json.dumps({"event": "child", "token": os.environ["THE_TOKEN"], "argv": argv("self") + argv(os.getppid()), "names": names}))
"""


def test_exec_gives_the_token_by_the_environment_alone(command, demo):
    server = demo()
    key = command.run("doctor", "--new-key").out.strip()
    command.sign_in(server.issuer, *TV, DEVICEGRANT_KEY=key)
    run = exec_(command, server, sys.executable, "-c", LOOK, DEVICEGRANT_KEY=key)
    child = run.event("child")
    assert run.end() == 0, run.err
    assert child["token"] == command.token(server.issuer, DEVICEGRANT_KEY=key)
    assert child["token"] not in child["argv"]
    assert "THE_TOKEN" in child["argv"]
    # One token is no reason to hand over the key to all.
    assert child["names"] == ["DEVICEGRANT_HOME"]


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 42", 42), ("kill -KILL $$", 137), ("kill -TERM $$", 143)])
def test_exec_ends_as_its_command_ends(script, code, command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    assert exec_(command, server, "sh", "-c", script).end() == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_exec_hands_signals_on(number, command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo \"{{\\\"event\\\": \\\"told\\\"}}\"; exit 7' {name}; echo '{{\"event\": \"ready\"}}'; while :; do sleep 0.05; done"
    run = exec_(command, server, "sh", "-c", script)
    run.event("ready")
    run.signal(number)
    run.event("told")
    assert run.end() == 7


def test_exec_without_a_login_or_a_command(command, demo):
    server = demo()
    ran = command.home / "ran"
    assert exec_(command, server, "touch", str(ran)).end() == 3
    assert not ran.exists()
    command.sign_in(server.issuer, *TV)
    run = exec_(command, server, "/no/such/command")
    assert run.end() == 2 and "/no/such/command" in run.err
    assert command.run("exec", "--env", "A=B", "--", "true").code == 2
