"""What scripts and people rely on: streams, events, exit codes, files, signals, the screen."""

import json
import re
import signal
import socket
import stat
from datetime import datetime

import pytest
from approve import decide

PROMPT = {"event", "user_code", "verification_uri", "verification_uri_complete", "expires_at", "interval", "message", "scopes"}
SIGNED_IN = {
    "event", "profile", "issuer", "scope", "token_type", "expires_at", "refresh_expires_at", "refreshable", "store",
    "warnings",
}
ERROR = {"event", "code", "message", "hint", "help", "error", "error_description", "error_uri", "exit"}
RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


@pytest.fixture
def dot(shared):
    return shared("dot", interval=1)


def private(folder):
    files = [path for path in folder.rglob("*")]
    assert any(path.is_file() for path in files)
    for path in [folder, *files]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    return True


def test_events_of_a_sign_in(command, dot, at):
    run = command.start("login", *at(dot), "--scope", "read", "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    assert run.end() == 0
    events = run.events()
    assert [set(event) for event in events] == [PROMPT, SIGNED_IN]
    for event in events:
        assert RFC3339.match(event["expires_at"])
        assert datetime.fromisoformat(event["expires_at"].replace("Z", "+00:00")).tzinfo
    assert events[1]["token_type"].lower() == "bearer"
    assert private(command.home / "store")


def test_event_of_an_error(command, hostile):
    error, run = command.fails(f"{hostile.origin}/plain", "--client-id", "public")
    assert set(error) == ERROR
    assert error["help"].endswith(error["code"])
    assert [event["event"] for event in run.events()] == ["prompt", "error"]


def test_without_json_stdout_is_silent(command, dot, at):
    run = command.start("login", *at(dot))
    run.wait_for_err(dot.origin + "/o/device/")
    code = re.search(r"\b[0-9A-V]{4}-?[0-9A-V]{4}\b", run.err.replace(dot.origin, ""))
    assert code, run.err
    decide(f"{dot.origin}/o/device/", code.group().replace("-", ""))
    assert run.end() == 0
    assert run.out == ""
    # Not a terminal: plain lines, nothing drawn over.
    assert not re.search("[\x1b\r\x08]", run.err)


def test_more_granted_than_asked_is_a_warning(command, hostile):
    run = command.run("login", f"{hostile.origin}/generous", "--client-id", "public", "--scope", "read", "--json")
    assert run.code == 0, run.err
    signed_in = run.events()[-1]
    assert (signed_in["event"], signed_in["refreshable"]) == ("signed_in", False)
    assert "admin" in json.dumps(signed_in["warnings"])


@pytest.mark.parametrize("argv", [
    ["login", "--no-such-flag"], ["no-such-command"], ["login", "--param", "without-equals-sign"],
    ["login", "--timeout", "soon"],
])
def test_usage(argv, command):
    run = command.run(*argv)
    assert (run.code, run.out) == (2, "")
    assert "Usage" in run.err or "usage" in run.err or "--help" in run.err


def test_sign_in_needed(command):
    run = command.run("token", "https://login.example.net")
    assert (run.code, run.out) == (3, "")
    assert "devicegrant login" in run.err


def test_server_unreachable(command):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error, run = command.fails(f"http://127.0.0.1:{port}", "--client-id", "public", "--timeout", "30")
    assert (error["code"], run.code) == ("unreachable", 6)


def test_timeout_gives_up(command, dot, at):
    error, run = command.fails(*at(dot), "--timeout", "2", timeout=10)
    assert (error["code"], run.code) == ("gave_up", 5)


def test_storage_fails(command, dot, at):
    (command.home / "store").write_text("a file where the folder should be")
    run = command.start("login", *at(dot), "--json")
    first = json.loads(run._events.get(timeout=30))
    if first["event"] == "prompt":  # found out only when there was something to keep
        decide(first["verification_uri"], first["user_code"])
    assert run.end() == 7
    assert run.events()[-1]["exit"] == 7


def test_secret_is_never_an_argument(command):
    run = command.run("login", "--help")
    assert run.code == 0
    assert "--client-secret-env" in run.out
    assert not re.search(r"--client-secret(?!-env)", run.out)


def test_home_comes_before_the_variable(command, dot, at):
    other = command.home / "elsewhere"
    run = command.start("--home", other, "login", *at(dot), "--json", "--profile", "p")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    assert run.end() == 0, run.err
    assert private(other)
    assert command.run("token", "--profile", "p").code == 3
    assert command.run("--home", other, "token", "--profile", "p").code == 0


@pytest.mark.parametrize("code", [
    "issuer_mismatch", "no_device_endpoint", "unsafe_verification_uri", "redirect_refused", "body_too_large",
    "tls_untrusted", "tls_expired", "tls_wrong_host", "access_denied", "expired_token", "gave_up",
    "invalid_client", "unauthorized_client", "unreachable", "timeout",
])
def test_every_code_is_explained(code, command):
    run = command.run("explain", code)
    assert run.code == 0, run.err
    assert len(run.out.split()) >= 8


def test_an_unknown_code_is_said_to_be_unknown(command):
    run = command.run("explain", "no_such_code")
    assert run.code != 0
    assert "no_such_code" in run.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["SIGINT", "SIGHUP"])
def test_interrupted(number, command, dot, at):
    run = command.start("login", *at(dot), "--json")
    run.event("prompt")
    run.signal(number)
    assert run.end(10) == 130
    assert run.events()[-1]["exit"] == 130


def test_interrupted_at_the_terminal(terminal, dot, at):
    screen = terminal("login", *at(dot))
    screen.wait_for(f"{dot.origin}/o/device/")
    screen.press(b"\x03")
    assert screen.end(10) == 130
    assert screen.restored()


def test_the_terminal_hangs_up(terminal, dot, at):
    screen = terminal("login", *at(dot))
    screen.wait_for(f"{dot.origin}/o/device/")
    screen.process.send_signal(signal.SIGHUP)
    assert screen.end(10) == 130
    assert screen.restored()


@pytest.mark.parametrize("flags", [[], ["--no-qr"], ["--spoken"]], ids=["qr", "no-qr", "spoken"])
def test_address_and_code_stay_on_the_screen(flags, terminal, shared):
    server = shared("oidc")
    screen = terminal("login", server.issuer, "--client-id", "public", *flags)
    screen.wait_for(f"{server.issuer}/device")
    code = re.search("[A-Z]{4}-[A-Z]{4}", screen.text)
    assert code, screen.text
    drawn = re.search("[\u2580-\u259f]{4}", screen.text)
    assert not (drawn and "--no-qr" in flags), screen.text
    screen.process.send_signal(signal.SIGINT)
    assert screen.end(10) == 130
    assert screen.restored()


def test_a_code_that_is_too_large_to_draw_is_left_out(terminal, hostile):
    screen = terminal("login", f"{hostile.origin}/long", "--client-id", "public")
    screen.wait_for(f"{hostile.origin}/device", "WDJB-MJHT")
    assert not re.search("[\u2580-\u259f]{4}", screen.text)
    assert screen.end() == 4
    assert screen.restored()


@pytest.mark.parametrize("how", ["--plain", "ACCESSIBLE"])
def test_plain_lines_on_a_terminal(how, terminal, dot, at):
    flags, env = (["--plain"], {}) if how == "--plain" else ([], {"ACCESSIBLE": "1"})
    screen = terminal("login", *at(dot), *flags, **env)
    screen.wait_for(f"{dot.origin}/o/device/")
    screen.process.send_signal(signal.SIGINT)
    assert screen.end(10) == 130
    # The terminal itself turns \n into \r\n; no other carriage return, no escape, no blocks of a QR.
    assert not re.search(b"\x1b|\r(?!\n)|\x08", screen.raw), screen.raw
    assert not re.search("[\u2580-\u259f]", screen.raw.decode())


def test_no_color(terminal, dot, at):
    screen = terminal("login", *at(dot), NO_COLOR="1")
    screen.wait_for(f"{dot.origin}/o/device/")
    screen.process.send_signal(signal.SIGINT)
    assert screen.end(10) == 130
    assert b"\x1b[" not in screen.raw
