"""A hostile server, and certificates that must not be trusted: refused, each with its own code."""

import re
import time

import pytest
from certificates import Certificates
from command import environment, peak_memory
from hostile import BIG, PERSONAS, Hostile

# Everything a terminal could act on or be misled by, except the newline that ends a line.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def at(hostile, persona):
    return [f"{hostile.origin}/{persona}", "--client-id", "public"]


def clean(run):
    assert not UNSAFE.search(run.err), run.err
    assert not UNSAFE.search(run.out), run.out
    for event in run.events():
        for value in event.values():
            assert not (isinstance(value, str) and UNSAFE.search(value)), event
    # A new line in the server's text must not begin a line of ours.
    assert not re.search("^OWNED LINE", run.err, re.MULTILINE)
    return True


ESCAPES = {
    "escapes": ("access_denied", 4),
    "escape-address": ("unsafe_verification_uri", 8),
    "escape-error": ("server_refused", 8),
    "escape-issuer": ("issuer_mismatch", 8),
    "escape-type": ("unsupported_token_type", 8),
}


@pytest.mark.parametrize("json", [True, False], ids=["json", "plain"])
@pytest.mark.parametrize("persona", ESCAPES)
def test_escape_sequences_never_reach_the_output(persona, json, command, hostile):
    if json:
        error, run = command.fails(*at(hostile, persona))
        assert (error["code"], run.code) == ESCAPES[persona]
    else:
        run = command.run("login", *at(hostile, persona))
        assert (run.code, run.out) == (ESCAPES[persona][1], "")
    assert clean(run)


def test_escape_sequences_in_what_was_granted(command, hostile):
    run = command.run("login", *at(hostile, "escape-scope"), "--scope", "read", "--json")
    assert run.code == 0, run.err
    assert "admin" in run.events()[-1]["scope"]
    assert clean(run)


def test_escape_sequences_on_a_terminal(terminal, hostile):
    screen = terminal("login", *at(hostile, "escapes"))
    assert screen.end() == 4
    for sequence in (b"\x1b]", b"\x1b[2J\x1b]", b"\x9b", b"\x07", "\u202e".encode(), b"\x00"):
        assert sequence not in screen.raw
    assert screen.restored()


@pytest.mark.parametrize("persona", ["javascript", "file", "cleartext"])
def test_unsafe_address(persona, command, hostile):
    error, run = command.fails(*at(hostile, persona))
    assert (error["code"], run.code) == ("unsafe_verification_uri", 8)
    assert (persona, "token") not in hostile.requests
    assert clean(run)


def test_unsafe_complete_address_is_never_shown(command, hostile):
    run = command.run("login", *at(hostile, "javascript-complete"), "--json", "--timeout", "10")
    assert run.code in (4, 8)
    prompts = [event for event in run.events() if event["event"] == "prompt"]
    assert all(event["verification_uri_complete"] is None for event in prompts)
    assert clean(run)


@pytest.mark.parametrize("place", ["metadata", "device", "token"])
@pytest.mark.parametrize("kind", ["big", "endless"])
def test_body_too_large(kind, place, command, hostile):
    error, run = command.fails(*at(hostile, f"{kind}-{place}"), timeout=20)
    assert (error["code"], run.code) == ("body_too_large", 8)
    # What the kernel buffers on the way is not the command's reading, hence more than its 1 MiB.
    assert 0 < hostile.poured < 20_000_000


def test_memory_stays_bounded(command, hostile):
    argv = ["login", *at(hostile, "big-device"), "--json"]
    code, out, peak = peak_memory(argv, environment(command.home))
    assert (code, '"body_too_large"' in out) == (8, True)
    assert peak < 60_000_000 < BIG


def test_trickle_is_cut_by_the_clock(command, hostile):
    started = time.monotonic()
    error, run = command.fails(*at(hostile, "trickle-device"), timeout=90)
    assert (error["code"], run.code) == ("timeout", 6)
    # Three tries of twenty seconds each, and the pauses between them.
    assert 60 < time.monotonic() - started < 75


@pytest.mark.parametrize("place", ["metadata", "device", "token"])
def test_redirect_elsewhere_is_not_followed(place, command, hostile):
    error, run = command.fails(*at(hostile, f"redirect-{place}"))
    assert (error["code"], run.code) == ("redirect_refused", 8)
    assert hostile.elsewhere.requests == []


def test_wrong_issuer(command, hostile):
    error, run = command.fails(*at(hostile, "wrong-issuer"))
    assert (error["code"], run.code) == ("issuer_mismatch", 8)
    # Nothing but the metadata document is ever asked of it.
    assert {place for _, place in hostile.requests} == {"metadata"}


def test_every_persona_is_tested():
    tested = {*ESCAPES, "escape-scope", "javascript", "javascript-complete", "file", "cleartext"}
    assert set(PERSONAS) == tested | {"plain", "long", "echo", "generous", "wrong-issuer"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize(
    ("kind", "code"),
    [("self-signed", "tls_untrusted"), ("expired", "tls_expired"), ("wrong-host", "tls_wrong_host")],
)
def test_bad_certificate(kind, code, command, certificates):
    server = Hostile(context=certificates.context(kind)).start()
    try:
        error, run = command.fails(*at(server, "plain"), "--ca", certificates.ca_file)
        assert (error["code"], run.code) == (code, 8)
        assert server.requests == []
        assert clean(run)
    finally:
        server.stop()


def test_good_certificate_only_with_its_root(command, certificates):
    server = Hostile(context=certificates.context("good")).start()
    try:
        error, run = command.fails(*at(server, "plain"))
        assert (error["code"], run.code, server.requests) == ("tls_untrusted", 8, [])
        # With the root it is an ordinary server, which then says no.
        error, run = command.fails(*at(server, "plain"), "--ca", certificates.ca_file)
        assert (error["code"], run.code) == ("access_denied", 4)
    finally:
        server.stop()
