"""The console script: the same flags, events and exits as the command in Rust."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from certificates import Certificates
from support import BINARY

OURS = (sys.executable, "-m", "devicegrant")
BOTH = pytest.mark.parametrize("program", [OURS, (BINARY,)], ids=["python", "rust"])


def at(server):
    return [server.issuer, "--client-id", "client-1", "--scope", "read"]


def test_the_script_is_installed():
    script = os.path.join(os.path.dirname(sys.executable), "devicegrant")
    done = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("devicegrant ")


def test_login_tells_the_same_events_as_the_command(server, command, tmp_path):
    def events(program, home):
        done = command("login", "--json", *at(server), "--home", home, program=program)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    ours, theirs = events(OURS, tmp_path / "a"), events((BINARY,), tmp_path / "b")
    assert [event["event"] for event in ours] == ["prompt", "signed_in"]
    for one, other in zip(ours, theirs):
        assert set(one) >= set(other)
        for name in ("event", "user_code", "verification_uri", "issuer", "scope", "token_type", "refreshable"):
            assert one.get(name) == other.get(name)
        for name in ("expires_at",):
            assert len(one[name]) == len(other[name]) == 20 and one[name].endswith("Z")


def test_an_error_is_an_event_where_json_is_asked_for(command):
    for words in (["token", "--json"], ["status", "--json", "https://nobody.example"], ["login", "--json", "--resume"]):
        ours, theirs = (command(*words, program=program) for program in (OURS, (BINARY,)))
        assert (ours.returncode, json.loads(ours.stdout)) == (theirs.returncode, json.loads(theirs.stdout))


def test_status_tells_all_logins_as_the_command_does(make_server, command):
    """Good, due, ended and why, and what waits."""
    good, due, lost = (make_server() for _ in range(3))
    due.ttl = 2
    for server in (good, due, lost):
        assert command("login", *at(server), program=OURS).returncode == 0
    good.pending = 100
    assert command("login", good.issuer, "--client-id", "c", "--profile", "waits", "--timeout", "1", program=OURS).returncode == 5
    lost.refresh, old = "spent elsewhere", command("token", lost.issuer).stdout.strip()
    assert command("token", lost.issuer, "--reject-env", "OLD", program=OURS, OLD=old).returncode == 3
    time.sleep(1.2)

    def told(program, *words):
        done = command("status", "--json", *words, program=program)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    code, events = told(OURS)
    assert (code, events) == told((BINARY,))
    state = {event["target"]: (event["state"], event["code"]) for event in events if event["event"] == "login"}
    assert state == {good.issuer: ("fresh", None), due.issuer: ("expiring", None), lost.issuer: ("signed_out", "login_ended")}
    assert [event["profile"] for event in events if event["event"] == "pending"] == ["waits"]
    assert command("status", program=OURS).stdout == command("status").stdout
    for server, exit in ((good, 0), (due, 0), (lost, 3)):
        assert told(OURS, server.issuer) == told((BINARY,), server.issuer) and told(OURS, server.issuer)[0] == exit


def test_a_root_of_ones_own(make_server, command, tmp_path):
    certificates = Certificates(tmp_path)
    server = make_server(context=certificates.context("good"))
    refused = json.loads(command("login", "--json", *at(server), program=OURS).stdout)
    assert refused["code"] == "tls_untrusted"
    ca = ["--ca", certificates.ca_file]
    assert command("login", *at(server), *ca, program=OURS).returncode == 0
    old = command("token", program=OURS).stdout.strip()
    done = command(*ca, "token", "--reject-env", "OLD", program=OURS, OLD=old)
    assert done.stdout.strip() == server.access != old, done.stderr
    for kind, code in (("expired", "tls_expired"), ("wrong-host", "tls_wrong_host"), ("self-signed", "tls_untrusted")):
        bad = make_server(context=certificates.context(kind))
        done = command("login", "--json", *at(bad), *ca, program=OURS)
        assert json.loads(done.stdout)["code"] == code and bad.asked == []


@BOTH
def test_what_one_signed_in_the_other_uses(server, command, program):
    other = (BINARY,) if program == OURS else OURS
    assert command("login", *at(server), program=program).returncode == 0
    done = command("token", server.issuer, program=other)
    assert (done.stdout, done.returncode) == (server.access + "\n", 0)


def test_token_headers_status_logout(server, command):
    assert command("login", *at(server), program=OURS).returncode == 0
    told = json.loads(command("token", "--json", server.issuer, program=OURS).stdout)
    assert told["access_token"] == server.access and told["issuer"] == server.issuer
    header = json.loads(command("headers", program=OURS).stdout)
    assert header == {"Authorization": f"Bearer {server.access}"}
    other = command("token", "--reject-env", "OLD", program=OURS, OLD=server.access)
    assert other.stdout.strip() == server.access and server.refreshes == 1
    lines = [json.loads(x) for x in command("status", "--json", program=OURS).stdout.splitlines()]
    assert [x["event"] for x in lines] == ["store", "login"]
    assert lines[0]["key_source"] == "file" and lines[1]["state"] == "fresh"
    assert "its token is good" in command("status", server.issuer, program=OURS).stdout
    done = command("logout", "--json", server.issuer, program=OURS)
    assert json.loads(done.stdout)["revoked"] is True and len(server.revoked) == 2
    done = command("token", server.issuer, program=OURS)
    assert done.returncode == 3 and "hint:" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("arguments", [
    ["token"], ["token", "https://nobody.example"], ["login", "nonsense"], ["login", "--scope"],
    ["login", "https://x.example", "--client-id", "c", "--param", "a"], ["nonsense"], [],
    ["login", "https://x.example", "--client-id", "c", "--client-secret-env", "NOT_SET"],
    ["login", "https://x.example", "--client-id", "c", "--param", "a=1", "--param", "a=2"],
    ["login", "http://x.example", "--client-id", "c"], ["token", "--min-ttl", "soon"], ["token", "--min-ttl", "0"],
    ["login", "https://x.example", "--client-auth", "post"], ["login", "https://x.example", "--timeout", "0"],
    ["login", "https://x.example", "https://y.example"], ["login", "https://x.example", "--issuer", "https://y.example"],
    ["status", "--key", "pocket"], ["status", "--store", "cloud"], ["headers", "--json"], ["token", "--scope", "a"],
    ["status", "--store", "redis"], ["status", "--token-endpoint", "https://x.example"], ["status", "--ca", "absent.pem"],
    ["--store", "memory", "token"], ["login", "https://x.example", "--client-id", "c", "--resume"],
    ["login", "https://x.example", "--client-id", "c", "--unattended", "--key", "keyring"],
])  # fmt: skip
def test_the_same_exits_as_the_command(command, arguments):
    ours, theirs = command(*arguments, program=OURS), command(*arguments, program=(BINARY,))
    assert ours.returncode == theirs.returncode
    assert ours.stdout == theirs.stdout == "" and bool(ours.stderr) == bool(theirs.stderr)
    if "\nhelp:  " in theirs.stderr and "--ca" not in arguments:  # the system's words differ
        assert ours.stderr == theirs.stderr


@pytest.mark.parametrize("number, code", [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "interrupted"), (None, "gave_up")])  # fmt: skip
def test_an_interrupted_sign_in_is_kept(server, command, number, code):
    server.pending = 100
    limit = ["--timeout", "2s"] if number is None else []
    process = subprocess.Popen(
        [*OURS, "login", "--json", *at(server), *limit], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert json.loads(process.stdout.readline())["event"] == "prompt"
    if number is not None:
        time.sleep(0.5)
        process.send_signal(number)
    out, err = process.communicate(timeout=20)
    event = json.loads(out)
    assert (event["event"], event["code"]) == ("error", code), err
    assert event["hint"].endswith(f": devicegrant login --resume {server.issuer} --client-id client-1")
    assert process.returncode == event["exit"] == (130 if number is not None else 5)
    assert "Traceback" not in err
    server.pending = 0
    done = command("login", "--resume", "--json", server.issuer, program=OURS)
    assert done.returncode == 0, done.stderr
    assert command("token", server.issuer, program=OURS).stdout.strip() == server.access


def test_verbose_logs_without_secrets(server, command):
    done = command("-v", "login", *at(server), program=OURS)
    assert done.returncode == 0 and f"POST {server.issuer}/token: 200" in done.stderr
    assert not any(secret in done.stderr for secret in server.secrets)
