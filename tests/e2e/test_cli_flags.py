"""What each flag of `login` changes: on the wire, in the browser, in the words, on the way."""

import json
import re
import socketserver
import threading
import time
from pathlib import Path

import pytest

RESOURCE = "https://api.example.net/mcp"


def at(hostile, persona="plain"):
    return [f"{hostile.origin}/{persona}", "--client-id", "public"]


def test_parameters_reach_the_server(command, hostile):
    error, _ = command.fails(
        *at(hostile), "--scope", "read", "--scope", "write", "--audience", "the api", "--resource", RESOURCE,
        "--param", "prompt=a=b", "--param", "acr=2", "--pkce",
    )
    assert error["code"] == "access_denied"
    device, poll = hostile.forms
    challenge = dict(device).pop("code_challenge")
    assert re.fullmatch("[A-Za-z0-9_-]{43}", challenge)
    assert sorted(device) == sorted([
        ("client_id", "public"), ("scope", "read write"), ("audience", "the api"), ("resource", RESOURCE),
        ("prompt", "a=b"), ("acr", "2"), ("code_challenge", challenge), ("code_challenge_method", "S256"),
    ])
    verifier = dict(poll)["code_verifier"]
    assert len(verifier) == 43 and verifier != challenge
    assert dict(poll)["resource"] == RESOURCE


def test_nothing_is_sent_that_was_not_asked_for(command, hostile):
    command.fails(*at(hostile))
    device, poll = hostile.forms
    assert device == [("client_id", "public")]
    assert sorted(name for name, _ in poll) == ["client_id", "device_code", "grant_type"]


def test_endpoints_one_by_one(command, hostile):
    """Each comes in place of what the metadata says, the other one is still found there."""
    elsewhere = f"{hostile.elsewhere.origin}/plain"
    command.fails(*at(hostile), "--device-endpoint", f"{elsewhere}/device")
    assert hostile.elsewhere.requests == [("plain", "device")]
    assert hostile.requests == [("plain", "metadata"), ("plain", "token")]
    hostile.elsewhere.requests.clear()
    command.fails(*at(hostile), "--token-endpoint", f"{elsewhere}/token")
    assert hostile.elsewhere.requests == [("plain", "token")]


@pytest.mark.parametrize("flag", ["--issuer", None], ids=["issuer", "target"])
def test_the_issuer_by_flag_or_by_place(flag, command, hostile):
    argv = [argument for argument in (flag, f"{hostile.origin}/plain") if argument]
    error, _ = command.fails(*argv, "--client-id", "public")
    assert error["code"] == "access_denied"


def browser(folder):
    """A stand-in for the desktop's way to a browser; it notes what it was asked to open."""
    opened = folder / "opened"
    program = folder / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$#" "$1" >> "{opened}"\n')
    program.chmod(0o755)
    return opened, f"{program.parent}:/usr/bin:/bin"


@pytest.mark.parametrize("persona", ["plain", "javascript-complete", "javascript"])
def test_open_opens_only_what_may_be_shown(persona, command, hostile, tmp_path):
    opened, path = browser(tmp_path)
    error, _ = command.fails(*at(hostile, persona), "--open", PATH=path)
    if persona == "javascript":
        assert error["code"] == "unsafe_verification_uri"
        assert not opened.exists()
        return
    end = time.monotonic() + 20
    while not (opened.exists() and opened.read_text().count("\n") >= 2):
        assert time.monotonic() < end, "no browser was opened"
        time.sleep(0.02)
    # One argument, and no shell that could make more of it.
    assert opened.read_text().split() == ["1", f"{hostile.origin}/device"]


def test_nothing_is_opened_unasked(command, hostile, tmp_path):
    opened, path = browser(tmp_path)
    command.fails(*at(hostile), PATH=path)
    assert not opened.exists()


def test_the_code_spelled(command, hostile):
    run = command.run("login", *at(hostile), "--spoken")
    assert run.code == 4
    assert "W, Whiskey. D, Delta. J, Juliett. B, Bravo. Dash. M, Mike." in run.err


def test_a_provider_of_ones_own(command, hostile):
    folder = command.home / "store" / "providers"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)  # it is going to hold logins
    (folder / "mine.json").write_text(json.dumps({
        "title": "My own", "argument": {"name": "PERSONA"}, "issuer": f"{hostile.origin}/{{argument}}",
        "client_id": "its-own", "scopes": ["everything"], "help_base": "https://help.example.net/#",
        "dialect": {"names": {"scope": "scopes"}},
    }))
    listed = command.run("providers", "--json")
    assert listed.code == 0
    by_name = {line["name"]: line for line in map(json.loads, listed.out.splitlines())}
    assert (by_name["mine"]["own"], by_name["github"]["own"]) == (True, False)
    for argv in (["mine/plain"], ["--provider", "mine/plain"]):
        hostile.forms.clear()
        error, _ = command.fails(*argv)
        assert error["code"] == "access_denied"
        assert error["help"] == "https://help.example.net/#access_denied"
        assert sorted(hostile.forms[0]) == [("client_id", "its-own"), ("scopes", "everything")]
    error, run = command.fails("mine")
    assert (error["code"], run.code) == ("provider_argument", 2)


def test_the_presets_are_named(command):
    run = command.run("providers")
    named = {line.split()[0].split("[")[0].split("/")[0] for line in run.out.splitlines() if line[:1].strip()}
    assert named >= {
        "github", "google", "microsoft", "auth0", "okta", "keycloak", "aws-sso", "twitch", "gitlab", "ai-endurance",
    }


def test_the_help_address(command, hostile):
    error, _ = command.fails(*at(hostile), DEVICEGRANT_HELP="https://help.example.net/")
    assert error["help"] == "https://help.example.net/access_denied"


def test_every_code_is_explained_without_a_network(command):
    codes = command.run("explain", "--json")
    assert codes.code == 0
    for line in map(json.loads, codes.out.splitlines()):
        run = command.run("explain", line["code"])
        assert run.code == 0
        assert run.out.splitlines() == [
            f"{line['code']} ({line['class']}, exit {line['exit']})", line["meaning"], line["hint"],
        ]


def test_several_logins_fit(command, hostile):
    target = f"{hostile.origin}/generous"
    for client in ("one", "two"):
        assert command.run("login", target, "--client-id", client).code == 0
    run = command.run("token", target)
    assert (run.code, run.out) == (2, "")
    assert "--client-id one" in run.err and "--client-id two" in run.err
    assert command.run("token", target, "--client-id", "two").out == "the-access-token\n"


class Connect(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.asked.append(self.rfile.readline().decode().split(" HTTP")[0])
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def gateway():
    """A proxy that lets nobody through and says who wanted where."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connect)
    server.daemon_threads, server.asked = True, []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_proxy_from_the_environment(command, gateway):
    error, run = command.fails("https://login.example.net", "--client-id", "public", HTTPS_PROXY=gateway.url)
    assert (error["code"], run.code) == ("unreachable", 6)
    assert set(gateway.asked) == {"CONNECT login.example.net:443"}


def test_this_machine_is_never_asked_through_a_proxy(command, gateway, hostile):
    error, _ = command.fails(
        *at(hostile), HTTP_PROXY=gateway.url, http_proxy=gateway.url, HTTPS_PROXY=gateway.url, ALL_PROXY=gateway.url
    )
    assert error["code"] == "access_denied"
    assert gateway.asked == []


def test_a_root_that_is_none(command, hostile, tmp_path):
    for text in (None, "", "no certificate"):
        file = Path(tmp_path / "roots.pem")
        if text is not None:
            file.write_text(text)
        error, run = command.fails(*at(hostile), "--ca", file)
        assert (error["code"], run.code) == ("bad_option", 2)
    assert hostile.requests == []
