"""A tool that needs a sign-in, on real servers and called by real clients of both eras: the person
is asked once, one poll runs in the background, and nobody waits for what need not wait."""

import time

import peers as programs
import pytest
from mcp_programs import code_in

# Server, client, and what the client speaks: 2026-07-28 between the newer two, else 2025-11-25.
PAIRS = [
    ("mcp2", "mcp2", "auto"), ("mcp2", "mcp2", "legacy"), ("mcp2", "mcp1", "auto"),
    ("mcp1", "mcp1", "auto"), ("mcp1", "mcp2", "auto"),
    ("fastmcp", "mcp2", "auto"), ("fastmcp", "mcp1", "auto"),
]  # fmt: skip
BOTH_ERAS = pytest.mark.parametrize("server, client, era", PAIRS, ids=["-".join(pair) for pair in PAIRS])
EACH_ERA = pytest.mark.parametrize("server, client, era", [PAIRS[0], PAIRS[3]], ids=["2026-07-28", "2025-11-25"])


def polls(demo):
    return demo.count("poll ")


@BOTH_ERAS
def test_the_person_is_asked_once_by_an_address(peers, server, client, era):
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address, era=era)
    one.tell(list=True, **{"as": "tools"})
    tools = {tool["name"]: tool["takes"] for tool in one.result("tools")["tools"]}
    assert tools["weather"] == ["city"]  # the client is told of no token
    one.call("weather", "first", city="Rome")
    asked = one.event(event="asked")
    code = code_in(asked["message"])
    assert asked["mode"] == "url" and asked["url"].startswith(demo.issuer) and code in asked["url"]
    other = peers.client(client, url=at.address, era=era)
    one.call("weather", "second", city="Oslo")
    other.call("weather", "third", city="Bern")
    time.sleep(1.5)
    demo.approve(code)
    ends = [one.result("first"), one.result("second"), other.result("third")]
    assert [end["error"] for end in ends] == [False] * 3, ends
    assert [end["text"].split()[0] for end in ends] == ["Rome", "Oslo", "Bern"]
    assert len({end["text"].split()[1] for end in ends}) == 1
    assert one.count(event="asked") + other.count(event="asked") == 1
    assert one.count(event="progress") > 0
    demo.exactly("asked for a code", 1)
    one.call("tasks", "left")
    assert one.result("left")["text"] == "0"
    one.call("weather", "again", city="Rome")
    assert one.result("again")["text"] == ends[0]["text"] and one.count(event="asked") == 1
    assert code not in at.err and code not in other.err


@pytest.mark.parametrize(
    "server, client, era, can", [(*pair, "nothing") for pair in PAIRS] + [(*PAIRS[0], "form"), (*PAIRS[3], "form")],
)
def test_a_client_that_opens_no_address_shows_text(peers, server, client, era, can):
    """A form is none the better for it: an address in one is text that looks like a question."""
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address, era=era, can=can)
    one.call("weather", "first", city="Rome")
    told = one.result("first", timeout=15)
    code = code_in(told["text"])
    assert told["error"] and f"{demo.issuer}/device" in told["text"]
    one.call("weather", "second", city="Rome")
    time.sleep(1)
    demo.approve(code)
    assert one.result("second")["error"] is False
    assert one.count(event="asked") == 0
    demo.exactly("asked for a code", 1)
    assert code not in at.err


@EACH_ERA
def test_decline_ends_it(peers, server, client, era):
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address, era=era, answer="decline")
    one.call("weather", "first", city="Rome")
    told = one.result("first")
    assert told["error"] and "declined" in told["text"]
    one.call("tasks", "left")
    assert one.result("left")["text"] == "0"
    before = polls(demo)
    time.sleep(2.5)
    assert polls(demo) == before
    # Called again it asks again, with another code.
    one.call("weather", "second", city="Rome")
    one.result("second")
    asked = [event["message"] for event in one.events if event["event"] == "asked"]
    assert len(asked) == 2 and asked[0] != asked[1]


@EACH_ERA
def test_cancel_means_ask_again_later(peers, server, client, era):
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address, era=era, answer="cancel")
    one.call("weather", "first", city="Rome")
    told = one.result("first")
    assert told["error"] and "not want to sign in now" in told["text"]
    two = peers.client(client, url=at.address, era=era)
    two.call("weather", "second", city="Rome")
    asked = two.event(event="asked")
    assert asked["message"] in [event.get("message") for event in one.events]
    demo.approve(code_in(asked["message"]))
    assert two.result("second")["error"] is False
    demo.exactly("asked for a code", 1)


@EACH_ERA
def test_a_client_that_never_answers_does_not_hold_the_call(peers, server, client, era):
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True, hold=3)
    silent = peers.client(client, url=at.address, era=era, answer="never")
    silent.call("weather", "first", city="Rome")
    code = code_in(silent.event(event="asked")["message"])
    one = peers.client(client, url=at.address, era=era)
    began = time.monotonic()
    one.call("weather", "second", city="Rome")
    told = one.result("second")
    assert told["error"] and code in told["text"] and 2 < time.monotonic() - began < 15
    demo.approve(code)
    one.call("weather", "third", city="Rome")
    assert one.result("third")["error"] is False
    assert one.count(event="asked") == 0


@EACH_ERA
def test_a_client_that_never_comes_back_leaves_nothing_running(peers, server, client, era):
    demo = peers.demo(expires_in=6)
    at = peers.server(server, demo, single_user=True)
    gone = peers.client(client, url=at.address, era=era, answer="never")
    gone.call("weather", "first", city="Rome")
    code = code_in(gone.event(event="asked")["message"])
    gone.stop()
    one = peers.client(client, url=at.address, era=era)
    one.call("tasks", "before")
    assert one.result("before")["text"] == "1"
    time.sleep(8.5)
    one.call("tasks", "after")
    assert one.result("after")["text"] == "0"
    before = polls(demo)
    time.sleep(2.5)
    assert polls(demo) == before > 0
    one.call("weather", "second", city="Rome")
    assert code_in(one.event(event="asked")["message"]) != code


def test_a_call_that_is_given_up_takes_its_question_along(peers):
    demo = peers.demo()
    at = peers.server("mcp1", demo, single_user=True)
    one = peers.client("mcp1", url=at.address, answer="never")
    one.call("weather", "first", city="Rome")
    first = one.event(event="asked")["message"]
    one.stop()
    two = peers.client("mcp1", url=at.address)
    two.call("weather", "second", city="Rome")
    time.sleep(1)
    demo.approve(code_in(first))
    assert two.result("second")["error"] is False
    demo.exactly("asked for a code", 1)


@EACH_ERA
def test_a_person_who_says_no_at_the_server(peers, server, client, era):
    import httpx

    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address, era=era)
    one.call("weather", "first", city="Rome")
    code = code_in(one.event(event="asked")["message"])
    httpx.post(f"{demo.issuer}/demo/deny", data={"user_code": code}, trust_env=False).raise_for_status()
    told = one.result("first")
    assert told["error"] and "denied" in told["text"].lower()


@pytest.mark.parametrize("server", ["mcp1", "mcp2", "fastmcp"])
def test_nothing_else_waits_for_a_person(peers, server):
    """The person takes their time: initialize and tools/list answer at once meanwhile."""
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client("mcp2", url=at.address)
    one.call("weather", "first", city="Rome")
    code = code_in(one.event(event="asked")["message"])
    time.sleep(3)
    two = peers.client("mcp2", url=at.address)
    began = time.monotonic()
    two.tell(list=True, **{"as": "tools"})
    assert len(two.result("tools")["tools"]) == 3
    one.tell(list=True, **{"as": "tools"})
    assert len(one.result("tools")["tools"]) == 3
    assert time.monotonic() - began < 2
    assert one.count(of="first") == 0
    demo.approve(code)
    assert one.result("first")["error"] is False


@pytest.mark.parametrize("server, client", [("mcp1", "mcp1"), ("mcp2", "mcp2"), ("fastmcp", "mcp2"), ("mcp2", "mcp1")])
def test_on_stdio(peers, server, client):
    """One person's own process: nothing has to be said about who may use it."""
    demo = peers.demo()
    words = programs.stdio(server, upstream=peers.named(demo))
    one = peers.client(client, stdio=words, env={"DEVICEGRANT_HOME": str(peers.home / "server")})
    one.call("weather", "first", city="Rome")
    demo.approve(code_in(one.event(event="asked")["message"]))
    assert one.result("first")["error"] is False


@pytest.mark.parametrize("server, client, era", [("mcp2", "mcp2", "auto"), ("mcp1", "mcp1", "auto"), ("fastmcp", "mcp2", "auto")])
def test_a_prompt_may_need_it_too(peers, server, client, era):
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address, era=era)
    one.tell(prompt="summary", **{"as": "first"})
    demo.approve(code_in(one.event(event="asked")["message"]))
    assert one.result("first")["text"].startswith("Summarise ")


@pytest.mark.parametrize("server", ["mcp1", "mcp2"])
def test_where_no_question_reaches_the_client_it_is_an_error_that_says_what_to_open(peers, server):
    demo = peers.demo()
    at = peers.server(server, demo, single_user=True, json_response=True)
    one = peers.client("mcp1", url=at.address)
    one.call("weather", "first", city="Rome")
    failed = one.result("first")
    assert failed["code"] == -32042
    (wanted,) = failed["data"]["elicitations"]
    assert wanted["mode"] == "url" and wanted["url"].startswith(demo.issuer) and wanted["elicitationId"].startswith("sign-in-")
    one.call("weather", "second", city="Rome")
    demo.approve(code_in(wanted["message"]))
    assert one.result("second")["error"] is False


@pytest.mark.parametrize("server", ["mcp1", "mcp2", "fastmcp"])
def test_one_client_for_whoever_comes_is_refused(peers, server):
    demo = peers.demo()
    at = peers.server(server, demo)
    one = peers.client("mcp2", url=at.address)
    one.call("weather", "first", city="Rome")
    told = one.result("first")
    assert told["error"] and "PerUser" in told["text"]
    assert demo.count("asked for a code") == 0


@pytest.mark.parametrize("server, client", [("mcp1", "mcp1"), ("mcp2", "mcp2")])
def test_a_restart_with_an_expired_token_asks_nobody(peers, server, client):
    demo = peers.demo(access_ttl=2)
    at = peers.server(server, demo, single_user=True)
    one = peers.client(client, url=at.address)
    one.call("weather", "first", city="Rome")
    demo.approve(code_in(one.event(event="asked")["message"]))
    first = one.result("first")
    at.stop()
    one.stop()
    time.sleep(2.1)
    again = peers.server(server, demo, single_user=True)
    two = peers.client(client, url=again.address)
    two.call("weather", "second", city="Rome")
    second = two.result("second")
    assert second["error"] is False and second["text"] != first["text"]
    assert two.count(event="asked") == 0
    demo.exactly("asked for a code", 1)


def test_a_sign_in_outlives_a_restart(peers):
    demo = peers.demo()
    at = peers.server("mcp2", demo, single_user=True)
    one = peers.client("mcp2", url=at.address, can="nothing")
    one.call("weather", "first", city="Rome")
    code = code_in(one.result("first")["text"])
    at.stop()
    again = peers.server("mcp2", demo, single_user=True)
    two = peers.client("mcp2", url=again.address, can="nothing")
    demo.approve(code)
    two.call("weather", "second", city="Rome")
    assert two.result("second")["error"] is False
    demo.exactly("asked for a code", 1)


@pytest.mark.parametrize("server", ["mcp1", "mcp2", "fastmcp"])
def test_no_log_has_a_secret(peers, make_server, server):
    scripted = make_server()
    at = peers.server(server, scripted, single_user=True, debug=True)
    one = peers.client("mcp2", url=at.address, can="nothing")
    one.call("weather", "first", city="Rome")
    told = one.result("first")
    one.call("weather", "second", city="Rome")
    assert told["error"] and one.result("second")["error"] is False
    everything = at.err + one.err + str(one.events)
    assert "sign-in" in everything or "Rome" in everything
    assert len(scripted.secrets) >= 3 and not any(secret in everything for secret in scripted.secrets)


def test_a_handler_of_the_low_level_server(peers):
    """It has the request's context itself; in memory as on stdio one person has it all."""
    import asyncio

    import mcp_types as types
    from mcp import Client
    from mcp.server.lowlevel import Server

    import devicegrant
    from devicegrant.mcp import ensure

    demo, asked = peers.demo(), []
    api = devicegrant.Client(**peers.named(demo), store="memory")

    async def call_tool(ctx, params):
        token = await ensure(ctx, api)
        if not isinstance(token, str):
            return token
        return types.CallToolResult(content=[types.TextContent(text=f"good {demo.accepts(token)}")])

    async def list_tools(ctx, params):
        return types.ListToolsResult(tools=[types.Tool(name="any", input_schema={"type": "object"})])

    async def ask(context, params):
        asked.append(params)
        demo.approve(code_in(params.message))
        return types.ElicitResult(action="accept")

    async def main(mode):
        server = Server("test", on_call_tool=call_tool, on_list_tools=list_tools)
        async with Client(server, mode=mode, elicitation_callback=ask) as client:
            return (await client.call_tool("any", {})).content[0].text

    assert asyncio.run(main("auto")) == "good True" and len(asked) == 1
    assert asyncio.run(main("legacy")) == "good True" and len(asked) == 1
