"""A tool whose API refuses the token or demands more scopes, and a client of such servers: signed in
for once, shared by whoever waits, and done anew for whoever it does not serve."""

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from approve import decide
from mcp_programs import code_in
from protected import Protected

import devicegrant
from devicegrant.mcp import ensure, signed_in
from devicegrant.mcp.httpx import DeviceAuth

PAIRS = [("mcp2", "mcp2", "auto"), ("mcp2", "mcp2", "legacy"), ("mcp1", "mcp1", "auto"), ("fastmcp", "mcp2", "auto")]
BOTH_ERAS = pytest.mark.parametrize("server, client, era", PAIRS, ids=["-".join(pair) for pair in PAIRS])
EACH_ERA = pytest.mark.parametrize("server, client, era", [PAIRS[0], PAIRS[2]], ids=["2026-07-28", "2025-11-25"])


@pytest.fixture
def api(oidc):
    one = Protected(oidc.issuer)
    yield one
    one.stop()


def behind(peers, sdk, api, **options):
    return peers.server(
        sdk, {"server": api.address, "client_id": "public"}, api=api.address, single_user=True, **options,
    )  # fmt: skip


def approved(oidc, asked):
    decide(f"{oidc.issuer}/device", code_in(asked["message"]))


def codes(oidc):
    return len(oidc.log(endpoint="device_authorization"))


def signed_in_narrowly(oidc, one):
    one.call("write", "narrow", word="read")
    approved(oidc, one.event(event="asked"))
    assert one.result("narrow")["text"].startswith("read 200 ")


@BOTH_ERAS
def test_what_the_api_demands_is_signed_in_for_once(peers, oidc, api, server, client, era):
    at = behind(peers, server, api)
    one = peers.client(client, url=at.address, era=era)
    signed_in_narrowly(oidc, one)
    before = codes(oidc)
    other = peers.client(client, url=at.address, era=era)
    one.call("write", "first", word="write")
    asked = one.event(event="asked")
    other.call("write", "second", word="write")
    time.sleep(1)
    approved(oidc, asked)
    ends = [one.result("first"), other.result("second")]
    assert [end["error"] for end in ends] == [False, False], ends
    # One wider login, and its token for both.
    assert {end["text"] for end in ends} == {ends[0]["text"]} and ends[0]["text"].startswith("write 200 ")
    assert one.count(event="asked") == 2 and other.count(event="asked") == 0
    assert codes(oidc) == before + 1
    one.call("write", "third", word="write")
    assert one.result("third")["text"] == ends[0]["text"] and codes(oidc) == before + 1


@EACH_ERA
def test_whom_a_shared_sign_in_does_not_serve_begins_their_own(peers, oidc, api, server, client, era):
    at = behind(peers, server, api)
    one = peers.client(client, url=at.address, era=era)
    signed_in_narrowly(oidc, one)
    other = peers.client(client, url=at.address, era=era)
    one.call("write", "nobody has that", word="everything")
    asked = one.event(event="asked")
    other.call("write", "mine", word="write")
    time.sleep(1)
    assert other.count(event="asked") == 0
    approved(oidc, asked)
    # What is not granted is not asked for again.
    told = one.result("nobody has that")
    assert told["error"] and "demands everything" in told["text"]
    again = other.event(event="asked")
    assert code_in(again["message"]) != code_in(asked["message"])
    approved(oidc, again)
    mine = other.result("mine")
    assert mine["error"] is False and mine["text"].startswith("write 200 "), mine


@EACH_ERA
def test_another_replica_that_needs_more_does_not_wait_for_less(peers, oidc, api, server, client, era):
    """A sign-in for less is kept, and nobody here runs it: the one for more takes its place."""
    at = behind(peers, server, api)
    one = peers.client(client, url=at.address, era=era)
    signed_in_narrowly(oidc, one)
    kept = devicegrant.Client(api.address, client_id="public", home=peers.home / "server")

    async def begun():
        await kept.keep(await kept.begin())

    asyncio.run(begun())
    two = peers.client(client, url=at.address, era=era)
    two.call("write", "first", word="write")
    approved(oidc, two.event(event="asked"))
    first = two.result("first")
    assert first["error"] is False and first["text"].startswith("write 200 "), first


@pytest.mark.parametrize("server, client", [("mcp2", "mcp2"), ("mcp1", "mcp1")])
def test_a_restart_goes_on_with_what_was_begun_for_more(peers, oidc, api, server, client):
    at = behind(peers, server, api)
    one = peers.client(client, url=at.address)
    signed_in_narrowly(oidc, one)
    silent = peers.client(client, url=at.address, can="nothing")
    silent.call("write", "first", word="write")
    code = code_in(silent.result("first")["text"])
    at.stop()
    again = behind(peers, server, api)
    two = peers.client(client, url=again.address, can="nothing")
    two.call("write", "second", word="write")
    time.sleep(1.5)
    decide(f"{oidc.issuer}/device", code)
    second = two.result("second")
    assert second["error"] is False and second["text"].startswith("write 200 "), second


@pytest.mark.parametrize("server, client", [("mcp2", "mcp2"), ("mcp1", "mcp1")])
def test_a_token_that_the_api_refuses_is_renewed_and_nobody_asked(peers, make_server, server, client):
    scripted = make_server(ttl=None)
    guarded = Guarded(scripted)
    try:
        at = peers.server(server, scripted, api=guarded.address, single_user=True)
        one = peers.client(client, url=at.address)
        one.call("write", "first", word="any")
        first = one.result("first")
        assert first["text"].startswith("any 200 "), first
        asked = one.count(event="asked")
        scripted.access = scripted.secret("another")  # nobody has that one
        one.call("write", "second", word="any")
        second = one.result("second")
        assert second["text"].startswith("any 200 ") and second["text"] != first["text"]
        assert (scripted.refreshes, one.count(event="asked")) == (1, asked)
    finally:
        guarded.stop()


class Guarded:
    """An API that takes the one token which the scripted server has given last."""

    def __init__(self, scripted):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.headers["Authorization"] == f"Bearer {scripted.access}"
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def test_a_decorator_has_neither_a_refused_token_nor_a_challenge():
    for option in ("reject", "challenge"):
        with pytest.raises(TypeError):
            signed_in(devicegrant.Client("https://auth.example.com", client_id="c"), **{option: "any"})
    assert "`ensure` itself" in " ".join(signed_in.__doc__.split())
    assert "`challenge`" in ensure.__doc__


def test_requests_that_meet_different_demands_at_once_are_each_served(oidc, api):
    """One is refused what nobody can have; the other does not take that for an answer to its own."""
    asked = []

    async def show(prompt):
        asked.append(set(prompt.scopes))
        # Both requests have been refused before the person is through with the first.
        await asyncio.sleep(1)
        await asyncio.to_thread(decide, prompt.verification_uri, prompt.user_code)

    async def main(words):
        auth = DeviceAuth(api.address, client_id="public", prompt=show, store="memory")
        async with httpx.AsyncClient(auth=auth, timeout=60, trust_env=False) as http:
            assert (await http.get(api.address)).status_code == 200
            return await asyncio.gather(*(http.get(f"{api.address}/{word}") for word in words), return_exceptions=True)

    many = asyncio.run(main(["everything"] + 5 * ["write"]))
    assert [one.status_code for one in many] == [403] + 5 * [200]
    # One sign-in for what each demanded, however many demanded it.
    first, second, third = asked
    assert {"everything", "write"} <= third and len({"everything", "write"} & second) == 1 and first < second < third


def test_what_ends_one_demand_says_nothing_about_another(oidc, api):
    """`everything` has been asked for in vain before, and its request fails at once as a loop."""
    asked = []

    async def show(prompt):
        asked.append(set(prompt.scopes))
        await asyncio.to_thread(decide, prompt.verification_uri, prompt.user_code)

    async def main():
        auth = DeviceAuth(api.address, client_id="public", prompt=show, store="memory")
        async with httpx.AsyncClient(auth=auth, timeout=60, trust_env=False) as http:
            assert (await http.get(api.address)).status_code == 200
            assert (await http.get(f"{api.address}/everything")).status_code == 403
            both = (http.get(f"{api.address}/{word}") for word in ("everything", "everything", "write"))
            return await asyncio.gather(*both, return_exceptions=True)

    first, second, third = asyncio.run(main())
    assert [first.code, second.code, third.status_code] == ["scope_loop", "scope_loop", 200]
    assert len(asked) == 3 and "write" in asked[2]
