"""`login --paste` of the console script, at oidc-provider: what the command in Rust does, and says."""

import signal
import subprocess
import sys

import pytest
import terminal as terminals
from approve import land
from command import BINARY, Run, environment
from launch import Server

HERE = "http://127.0.0.1:28628/callback"
PROGRAMS = {"python": [sys.executable, "-m", "devicegrant"], "rust": [BINARY]}
BOTH = pytest.mark.parametrize("program", PROGRAMS)
OURS = "python"


@pytest.fixture(scope="module")
def server():
    one = Server("oidc", device="false")
    yield one
    one.stop()


@pytest.fixture
def login(tmp_path):
    runs = []

    def start(program, *argv, **env):
        own, *words = PROGRAMS[program]
        runs.append(Run([*words, "login", *argv, "--paste"], environment(tmp_path, **env), own, subprocess.PIPE))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        run.process.stdin.close()


@pytest.fixture
def own(tmp_path):
    """Another command of ours, in the same home."""
    def run(*argv):
        return subprocess.run([*PROGRAMS[OURS], *argv], env=environment(tmp_path), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)

    return run


@pytest.fixture
def typing(tmp_path, monkeypatch):
    monkeypatch.setattr(terminals, "BINARY", sys.executable)
    opened = []

    def start(*argv, **how):
        opened.append(terminals.Terminal(tmp_path, "-m", "devicegrant", "login", *argv, "--paste", **how))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def named(server, *more):
    return [server.issuer, "--client-id", "code", "--scope", "read", *more]


def address_in(screen, server):
    return next(word for word in screen.raw.decode().split() if word.startswith(f"{server.issuer}/auth?"))


def test_both_say_the_same(server, login):
    told = {}
    for program in PROGRAMS:
        run = login(program, *named(server, "--json"))
        wrong, right = run.event("paste"), None
        run.type("")
        again = run.event("paste")
        run.type(land(again["authorization_uri"], HERE))
        signed_in = run.event("signed_in")
        assert run.end() == 0, run.err
        assert len(run.events()) == 3 and wrong["authorization_uri"] == again["authorization_uri"]
        told[program] = wrong, again, signed_in
    for ours, theirs in zip(told["python"], told["rust"]):
        assert ours.keys() == theirs.keys()
        for name in ours.keys() - {"authorization_uri", "expires_at"}:
            assert ours[name] == theirs[name], name
        assert len(ours["expires_at"]) == len(theirs["expires_at"]) == 20
    assert told["python"][0]["redirect_uri"] == HERE and told["python"][0]["trouble"] is None
    assert "nothing was pasted" in told["python"][1]["trouble"]


def test_used_renewed_and_signed_out(server, login, own):
    run = login(OURS, *named(server))
    run.wait_for_err("paste it here")
    address = next(word for word in run.err.split() if word.startswith(f"{server.issuer}/auth?"))
    run.type(land(address, HERE))
    assert run.end() == 0, run.err
    assert run.out == "" and "Signed in to" in run.err
    token = own("token", server.issuer).stdout.strip()
    assert token and token not in run.err
    assert own("logout", server.issuer).returncode == 0
    assert own("token", server.issuer).returncode == 3


def test_a_registered_redirect_and_a_secret(server, login):
    landed = "https://app.example.com/landed"
    run = login(
        OURS, server.issuer, "--client-id", "code-basic", "--client-secret-env", "THE_SECRET", "--scope", "read",
        "--redirect-uri", landed, "--json", THE_SECRET="code-basic:s3cret+/%&=",
    )  # fmt: skip
    asked = run.event("paste")
    assert asked["redirect_uri"] == landed
    run.type(land(asked["authorization_uri"], landed))
    run.event("signed_in")
    assert run.end() == 0, run.err


@BOTH
def test_how_it_ends_without_a_login(server, login, program):
    run = login(program, *named(server, "--json"))
    asked = run.event("paste")
    run.type(land(asked["authorization_uri"], HERE, approve=False))
    error = run.event("error")
    assert (error["code"], error["error"], run.end()) == ("access_denied", "access_denied", 4)

    run = login(program, *named(server, "--json"))
    run.event("paste")
    run.process.stdin.close()
    error = run.event("error")
    assert (error["code"], error["message"], run.end()) == ("bad_paste", "nothing was pasted", 3)

    run = login(program, *named(server, "--json", "--timeout", "1s"))
    run.event("paste")
    error = run.event("error")
    # Nothing waits: the hint names no way to go on.
    assert (error["code"], run.end(), "--resume" in error["hint"]) == ("gave_up", 5, False)

    run = login(program, *named(server, "--json"))
    run.event("paste")
    run.signal(signal.SIGTERM)
    assert run.end() == 130 and "Traceback" not in run.err


@BOTH
@pytest.mark.parametrize("words", [
    ["--paste", "--open"], ["--paste", "--resume"], ["--paste", "--device-endpoint", "https://a.example/d"],
    ["--redirect-uri", "https://a.example/landed"], ["--paste", HERE + "?code=x"],
])  # fmt: skip
def test_what_does_not_go_together(program, words, tmp_path):
    done = subprocess.run(
        [*PROGRAMS[program], "login", "https://a.example", "--client-id", "c", *words], env=environment(tmp_path),
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "") and done.stderr


def test_nothing_secret_on_the_terminal_and_its_keys(server, typing, own):
    screen = typing(*named(server), "-v")
    screen.wait_for("not shown")
    landed = land(address_in(screen, server), HERE)
    # Another line is rubbed out whole, a key too many by itself, and it is longer than a terminal's.
    screen.press(b"something else\x15" + landed.encode() + b"&more=" + b"a" * 6000 + b"x\x7f\r")
    assert screen.end() == 0, screen.text
    code = landed.split("code=")[1].split("&")[0]
    assert code.encode() not in screen.raw and b"something else" not in screen.raw
    token = own("token", server.issuer).stdout.strip()
    assert token and token.encode() not in screen.raw
    assert screen.restored()


@pytest.mark.parametrize("lines, flags, drawn", [(70, [], True), (24, [], False), (70, ["--no-qr"], False)])
def test_a_qr_code_where_it_leaves_the_address_in_sight(server, typing, lines, flags, drawn):
    screen = typing(*named(server, *flags), lines=lines)
    screen.wait_for("not shown", "/auth?")
    assert ("▀" in screen.text) is drawn, screen.text


@pytest.mark.parametrize("key, code", [(b"\x03", 130), (b"\x04", 3)], ids=["interrupted", "ended"])
def test_a_terminal_is_as_it_was(server, typing, key, code):
    screen = typing(*named(server))
    screen.wait_for("not shown")
    screen.press(key)
    assert screen.end() == code, screen.text
    assert screen.restored()
    assert b"Traceback" not in screen.raw
