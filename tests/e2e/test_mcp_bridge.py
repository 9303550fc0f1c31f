"""`devicegrant mcp`: a real SDK client on stdio, the bridge, a real SDK server behind oidc-provider."""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from approve import decide
from conftest import WITHOUT
from mcp_parts import McpClient, McpServer

SIGN_IN = "devicegrant_sign_in"
TOOLS = {"whoami", "count", "slow", "publish"}
SERVERS = ["mcp1", "mcp2", "fastmcp", "typescript"]
# How a client speaks: the SDK, and the era of the protocol.
CLIENTS = [("mcp1", "legacy"), ("mcp2", "legacy"), ("mcp2", "auto"), ("mcp2", "2026-07-28")]


@pytest.fixture
def issuer(own):
    return own("oidc")


@pytest.fixture
def started():
    running = []
    yield running.append
    for one in running:
        if hasattr(one, "stop"):
            one.stop()
        elif one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture
def serve(issuer, started):
    def start(kind, *options):
        if kind in WITHOUT:
            pytest.skip(f"{kind} could not be installed here")
        server = McpServer(kind, issuer.issuer, *options)
        started(server)
        return server

    return start


@pytest.fixture
def client(tmp_path, started):
    def start(address, *flags, **how):
        one = McpClient(tmp_path, address, *flags, **how)
        started(one)
        return one

    return start


def signed_in(command, address, *flags):
    run = command.start("login", address, "--json", *flags)
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in")
    assert run.end() == 0, run.err


def shown(text):
    """Address and code, as a person reads them out of the words."""
    return re.search(r"open (\S+)", text)[1], re.search(r"code (\S+)", text)[1]


@pytest.mark.parametrize("kind", SERVERS)
def test_from_the_bare_address_to_an_answer(command, client, serve, kind):
    server = serve(kind)
    one = client(server.address)
    assert one.opened()["server"] == "devicegrant"
    assert one.tools() == [SIGN_IN]
    address, code = shown(one.called(SIGN_IN))
    decide(address, code)
    one.wait("notification", method="notifications/tools/list_changed")
    assert set(one.tools()) >= TOOLS
    assert "read" in json.loads(one.called("whoami"))["scopes"]
    assert one.close() == 0
    # The login is one login: the command has it too, and the next bridge starts with the server's own answer.
    assert command.token(server.address)
    again = client(server.address)
    assert again.opened()["server"] == "weather"
    assert again.close() == 0


@pytest.mark.parametrize("sdk, mode", CLIENTS)
@pytest.mark.parametrize("kind", ["mcp1", "mcp2"])
def test_a_client_of_either_era_is_asked_by_its_elicitation(client, serve, issuer, kind, sdk, mode):
    one = client(serve(kind).address, sdk=sdk, mode=mode, elicit="accept")
    one.opened()
    assert one.tools() == [SIGN_IN]
    waits = one.call("whoami")
    asked = one.wait("elicitation")
    assert asked["mode"] == "url" and asked["url"].startswith(issuer.issuer)
    # Nobody has approved yet, and a listing does not wait for that.
    before = time.monotonic()
    assert one.tools() == [SIGN_IN]
    assert time.monotonic() - before < 2
    code = re.search(r"code (\S+),", asked["message"])[1]
    decide(asked["url"].split("?")[0], code)
    answer = one.answer(waits)
    assert answer.get("failed") is False and "read" in json.loads(answer["text"])["scopes"], answer
    assert [event["event"] for event in one.heard].count("elicitation") == 1
    assert len(issuer.log(endpoint="device_authorization")) == 1
    assert one.close() == 0


@pytest.mark.parametrize("sdk, mode", [("mcp1", "legacy"), ("mcp2", "2026-07-28")])
def test_decline_ends_it_and_cancel_asks_again(client, serve, issuer, sdk, mode):
    server = serve("mcp2")
    no = client(server.address, sdk=sdk, mode=mode, elicit="decline")
    no.opened()
    answer = no.answer(no.call("whoami"))
    assert answer["failed"] and "declined" in answer["text"]
    polls = len(issuer.log(endpoint="token"))
    assert no.answer(no.call("whoami"))["failed"]
    time.sleep(8)
    assert len(issuer.log(endpoint="token")) == polls, "a declined sign-in is polled no more"
    assert no.close() == 0

    later = client(server.address, sdk=sdk, mode=mode, elicit="cancel")
    later.opened()
    assert "sign in" in later.answer(later.call("whoami"))["text"]
    assert "sign in" in later.answer(later.call("whoami"))["text"]
    assert [event["event"] for event in later.heard].count("elicitation") == 2
    assert later.close() == 0
    assert len(issuer.log(endpoint="device_authorization")) == 2, "what was declined is over, and what is kept is gone on with"


@pytest.mark.parametrize("kind", ["mcp1", "mcp2"])
def test_a_client_of_the_newer_era_hears_by_its_subscription(client, serve, kind):
    one = client(serve(kind).address, sdk="mcp2", mode="2026-07-28", elicit="accept")
    one.opened()
    one.send("listen")
    one.wait("listening")
    waits = one.call("whoami")
    asked = one.wait("elicitation")
    decide(asked["url"].split("?")[0], re.search(r"code (\S+),", asked["message"])[1])
    one.wait("changed")
    assert not one.answer(waits)["failed"]
    assert set(one.tools()) >= TOOLS
    assert one.close() == 0


@pytest.mark.parametrize("kind", ["mcp1", "mcp2"])
def test_the_servers_own_question_and_progress_pass(command, client, serve, kind):
    server = serve(kind)
    signed_in(command, server.address)
    one = client(server.address, elicit="decline")
    one.opened()
    waits = one.call("color")
    assert one.wait("progress")["message"] == "thinking"
    assert one.wait("elicitation")["message"] == "Which colour?"
    assert one.answer(waits)["text"] == "decline"
    assert one.close() == 0


def test_words_for_a_client_that_cannot_be_asked(client, serve, issuer):
    one = client(serve("mcp1").address)
    one.opened()
    first = one.answer(one.call("whoami"), timeout=10)
    assert first["failed"]
    address, code = shown(first["text"])
    # Whoever calls again is held, and gets their answer as soon as the person has approved.
    again = one.call("whoami")
    one.wait("progress")
    decide(address, code)
    answer = one.answer(again)
    assert not answer["failed"], answer
    assert len(issuer.log(endpoint="device_authorization")) == 1


def test_a_code_that_ran_out_is_not_shown_again(client, own, started):
    issuer = own("oidc", device_ttl=6)
    server = McpServer("mcp1", issuer.issuer)
    started(server)
    first = client(server.address)
    first.opened()
    _, old = shown(first.answer(first.call("whoami"))["text"])
    # The client goes, and with it the poll; the sign-in stays kept, and runs out.
    assert first.close() == 0
    asked = len(issuer.log(endpoint="token"))
    time.sleep(7)
    assert len(issuer.log(endpoint="token")) == asked
    again = client(server.address)
    again.opened()
    _, new = shown(again.answer(again.call("whoami"))["text"])
    assert new != old
    assert again.close() == 0


def test_an_expired_token_and_a_restart_need_no_person(command, client, serve, own, started):
    issuer = own("oidc", access_ttl=4)
    server = McpServer("mcp1", issuer.issuer)
    started(server)
    signed_in(command, server.address)
    one = client(server.address)
    assert one.opened()["server"] == "weather"
    assert one.called("count") == "1"
    time.sleep(5)
    assert one.called("count") == "2"
    assert one.close() == 0
    time.sleep(5)
    after = client(server.address)
    assert after.opened()["server"] == "weather"
    assert after.called("count") == "3"
    assert after.close() == 0


@pytest.mark.parametrize("kind", SERVERS)
def test_a_401_in_mid_session(command, client, serve, issuer, kind):
    server = serve(kind)
    signed_in(command, server.address)
    one = client(server.address)
    one.opened()
    who = json.loads(one.called("whoami"))
    server.refuse(command.token(server.address))
    assert json.loads(one.called("whoami"))["scopes"] == who["scopes"]
    assert len(issuer.log(endpoint="token", grant_type="refresh_token")) == 1
    assert one.close() == 0


@pytest.mark.parametrize("sdk, mode", [("mcp1", "legacy"), ("mcp2", "2026-07-28")])
def test_a_call_that_needs_more_is_agreed_to_in_mid_session(command, client, serve, issuer, sdk, mode):
    server = serve("mcp2", "--scoped")
    signed_in(command, server.address)
    one = client(server.address, sdk=sdk, mode=mode, elicit="accept")
    one.opened()
    assert json.loads(one.called("whoami"))["scopes"] == ["read"]
    waits = one.call("publish")
    asked = one.wait("elicitation")
    # What needs no more goes on meanwhile.
    assert set(one.tools()) >= TOOLS
    decide(asked["url"].split("?")[0], re.search(r"code (\S+),", asked["message"])[1])
    assert one.answer(waits)["text"] == "published"
    assert json.loads(one.called("whoami"))["scopes"] == ["read", "write"]
    # It is kept: another bridge, and the command, have the wider token too.
    again = client(server.address, elicit="decline")
    again.opened()
    assert again.called("publish") == "published"
    assert len(issuer.log(endpoint="device_authorization")) == 2
    assert one.close() == 0 and again.close() == 0


def test_a_sign_in_between_two_rounds_of_the_servers_own_keeps_both(command, client, serve):
    server = serve("mcp2", "--scoped")
    # The SDK binds its state to who is signed in, of which the client is a part.
    known = ["--client-id", "public"]
    signed_in(command, server.address, *known)
    one = client(server.address, *known, sdk="mcp2", mode="2026-07-28", elicit="accept")
    one.opened()
    waits = one.call("draft", text="a letter")
    assert one.wait("elicitation")["message"] == "Publish it?"
    asked = one.wait("elicitation")
    assert asked["mode"] == "url"
    decide(asked["url"].split("?")[0], re.search(r"code (\S+),", asked["message"])[1])
    answer = one.answer(waits)
    assert answer.get("text") == "accept: a letter, half", answer
    assert [event["mode"] for event in one.heard if event["event"] == "elicitation"] == ["form", "url"]
    assert one.close() == 0


def test_bridges_that_need_more_at_once_show_one_code(command, client, serve, issuer):
    server = serve("mcp1", "--scoped")
    signed_in(command, server.address)
    bridges = [client(server.address, elicit="accept") for _ in range(3)]
    for one in bridges:
        one.opened()
    calls = [(one, one.call("publish")) for one in bridges]
    asked = [one.wait("elicitation") for one in bridges]
    assert len({question["url"] for question in asked}) == 1, asked
    decide(asked[0]["url"].split("?")[0], re.search(r"code (\S+),", asked[0]["message"])[1])
    for one, waits in calls:
        assert one.answer(waits).get("text") == "published"
        assert one.close() == 0
    assert len(issuer.log(endpoint="token", status=200)) == 2, "the login, and the wider one"


@pytest.mark.parametrize("kind", SERVERS)
def test_a_lost_session_and_a_server_that_starts_again(command, client, serve, kind):
    server = serve(kind)
    signed_in(command, server.address)
    one = client(server.address)
    one.opened()
    pid = json.loads(one.called("whoami"))["pid"]
    server.restart()
    assert json.loads(one.called("whoami"))["pid"] != pid
    assert set(one.tools()) >= TOOLS
    # While it is away a call waits for it, for a while.
    server.stop()
    # Until its end is noticed, a call may go into a connection that is dead, and is not known to.
    time.sleep(2)
    waits = one.call("whoami")
    time.sleep(1)
    server.start("--port", str(server.port))
    answer = one.answer(waits)
    assert answer.get("failed") is False, answer
    assert one.close() == 0


def test_what_may_have_been_done_is_not_done_twice(command, client, serve):
    server = serve("mcp1")
    signed_in(command, server.address)
    one = client(server.address)
    one.opened()
    waits = one.call("slow", seconds=30)
    time.sleep(1)
    server.restart()
    answer = one.answer(waits)
    assert "not known" in answer["error"], answer
    assert one.called("count") == "1"


def test_a_call_that_was_never_sent_is_told_so(command, client, serve):
    server = serve("mcp1")
    signed_in(command, server.address)
    server.stop()

    class Ill(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_error(503)

        def log_message(self, *_):
            pass

    ill = ThreadingHTTPServer(("127.0.0.1", server.port), Ill)
    threading.Thread(target=ill.serve_forever).start()
    try:
        one = client(server.address)
        assert one.opened()["server"] == "devicegrant"
        answer = one.answer(one.call("count"))
        assert "not sent" in answer["error"] and "not known" not in answer["error"], answer
    finally:
        ill.shutdown()
        ill.server_close()
    server.start("--port", str(server.port))
    assert one.called("count") == "1"
    assert one.close() == 0


def test_a_server_that_is_away_at_the_start(command, client, serve):
    server = serve("mcp1")
    signed_in(command, server.address)
    server.stop()
    one = client(server.address)
    assert one.opened()["server"] == "devicegrant"
    server.start("--port", str(server.port))
    assert set(one.tools()) >= TOOLS
    assert one.close() == 0


@pytest.mark.parametrize("number", [2, 10])
def test_many_bridges_meet_a_401_at_once(command, client, serve, own, started, number):
    issuer = own("oidc", expires_in="false")
    server = McpServer("mcp1", issuer.issuer)
    started(server)
    signed_in(command, server.address)
    bridges = [client(server.address) for _ in range(number)]
    for one in bridges:
        one.opened()
    for _ in range(3):
        before = len(issuer.log(endpoint="token", grant_type="refresh_token"))
        server.refuse(command.token(server.address))
        calls = [(one, one.call("whoami")) for one in bridges]
        for one, waits in calls:
            assert not one.answer(waits).get("failed", True)
        renewed = issuer.log(endpoint="token", grant_type="refresh_token")[before:]
        assert [line["status"] for line in renewed] == [200], "one exchange, and the login lives"
