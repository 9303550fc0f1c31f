"""A server that several people share, and one that runs ten times: each person's login is theirs
alone, by no handle, retry or state anybody else's, and there is one of it for all replicas."""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import devicegrant
import pytest
from approve import decide
from devicegrant.mcp import PerUser, User
from mcp_programs import code_in
from redis_server import Redis

SDKS = pytest.mark.parametrize("sdk", ["mcp1", "mcp2", "fastmcp"])
USERS = {"alice": "token-of-alice", "bob": "token-of-bob"}
SHARED = {"users": ",".join(f"{name}={token}" for name, token in USERS.items()), "expect": "expected_sub"}


@contextlib.asynccontextmanager
async def connected(address, user=None):
    """A client of the newer era that shows what it is answered, and answers what it is told to."""
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async def ask(context, params):
        raise AssertionError("nobody is asked through here")

    headers = {"Authorization": f"Bearer {USERS[user]}"} if user else {}
    async with httpx2.AsyncClient(headers=headers, timeout=90, trust_env=False) as http:
        transport = streamable_http_client(address, http_client=http)
        async with Client(transport, elicitation_callback=ask, cache=None) as client:
            yield client.session


async def weather(session, answers=None, state=None):
    """The text, or the question and its name."""
    from mcp_types import ElicitResult, InputRequiredResult

    responses = {name: ElicitResult(action=action) for name, action in (answers or {}).items()} or None
    there = await session.call_tool(
        "weather", {"city": "Rome"}, input_responses=responses, request_state=state, allow_input_required=True,
    )
    if isinstance(there, InputRequiredResult):
        assert there.request_state is None
        ((name, question),) = there.input_requests.items()
        return name, question.params.message
    return there.content[0].text, there.is_error


@SDKS
def test_each_signs_in_as_themselves(peers, sdk):
    oidc = peers.oidc()
    at = peers.server(sdk, oidc_of(oidc), **SHARED)
    clients = {name: peers.client("mcp2", url=at.address, bearer=token) for name, token in USERS.items()}
    codes = {}
    for name, client in clients.items():
        client.call("weather", "first", city="Rome")
        codes[name] = code_in(client.event(event="asked")["message"])
    assert codes["alice"] != codes["bob"]
    for name, code in codes.items():
        decide(f"{oidc.issuer}/device", code, person=name)
    told = {name: client.result("first") for name, client in clients.items()}
    assert [one["error"] for one in told.values()] == [False, False], told
    assert told["alice"]["text"] != told["bob"]["text"]
    for name, client in clients.items():
        client.call("weather", "again", city="Rome")
        assert client.result("again")["text"] == told[name]["text"]


@SDKS
def test_what_somebody_else_approved_is_refused(peers, sdk):
    oidc = peers.oidc()
    at = peers.server(sdk, oidc_of(oidc), **SHARED)
    alice = peers.client("mcp2", url=at.address, bearer=USERS["alice"])
    alice.call("weather", "first", city="Rome")
    decide(f"{oidc.issuer}/device", code_in(alice.event(event="asked")["message"]), person="bob")
    told = alice.result("first")
    assert told["error"] and "account" in told["text"], told
    alice.call("weather", "second", city="Rome")
    code = code_in(alice.event(event="asked")["message"])
    decide(f"{oidc.issuer}/device", code, person="alice")
    assert alice.result("second")["error"] is False


@pytest.mark.parametrize("sdk", ["mcp2", "fastmcp"])
def test_nothing_of_anothers_question_helps(peers, sdk):
    from mcp import MCPError

    oidc = peers.oidc()
    at = peers.server(sdk, oidc_of(oidc), hold=2, **SHARED)

    async def main():
        async with connected(at.address, "alice") as alice, connected(at.address, "bob") as bob:
            hers, message = await weather(alice)
            decide(f"{oidc.issuer}/device", code_in(message), person="alice")
            his, other = await weather(bob, {hers: "accept"})
            assert his != hers and code_in(other) != code_in(message)
            # It does not end hers either.
            told, _ = await weather(bob, {hers: "decline"})
            assert "declined" not in told
            for _ in range(10):
                text, error = await weather(alice, {hers: "accept"})
                if not error:
                    break
            assert not error, text
            for answers in ({hers: "accept"}, {his: "accept"}, None):
                told, _ = await weather(bob, answers)
                assert text.split()[1] not in told and "Nobody has approved yet" in told
            with pytest.raises(MCPError):
                await weather(bob, {hers: "accept"}, state="a-state-of-alice")
            assert await weather(alice) == (text, False)
            ended, error = await weather(bob, {his: "decline"})
            assert error and "declined" in ended
            assert await weather(alice) == (text, False)

    asyncio.run(main())


@SDKS
def test_who_is_not_known_gets_nothing(peers, sdk):
    oidc = peers.oidc()
    at = peers.server(sdk, oidc_of(oidc), expect="expected_sub")
    one = peers.client("mcp2", url=at.address)
    one.call("weather", "first", city="Rome")
    told = one.result("first")
    assert told["error"] and "whose login is meant" in told["text"].lower()
    assert oidc.log() == []


def test_a_claim_that_changed_finds_no_login_of_the_other_account(peers):
    oidc = peers.oidc()
    prompts = []

    async def main():
        api = PerUser(**oidc_of(oidc), expected_sub=lambda user: user.claims["upstream_sub"], prompt=prompts.append)
        before, after = (User("u-1", "https://here.example", {"upstream_sub": name}) for name in ("alice", "bob"))

        async def signed_in(user, person):
            client = api.client(user)
            login = asyncio.ensure_future(client.login())
            there = len(prompts)
            while len(prompts) == there:
                assert not login.done()
                await asyncio.sleep(0.05)
            await asyncio.to_thread(decide, prompts[-1].verification_uri, prompts[-1].user_code, person=person)
            return (await login).access_token

        hers = await signed_in(before, "alice")
        assert await api.client(before).token() == hers
        with pytest.raises(devicegrant.SignInNeeded) as needed:
            await api.client(after).token()
        # A person of the other account cannot answer for it, and the one that is named now can.
        with pytest.raises(devicegrant.Denied) as denied:
            await signed_in(after, "alice")
        his = await signed_in(after, "bob")
        assert await api.client(after).token() == his != hers
        return needed.value.code, denied.value.code

    assert asyncio.run(main()) == ("no_login", "wrong_account")


def oidc_of(oidc):
    return {"issuer": oidc.issuer, "client_id": "public", "scopes": ["openid", "read", "offline_access"]}


def test_ten_replicas_on_one_redis(peers):
    """Asked at one, answered at another, used at all; and then renewed once."""
    redis = Redis()
    try:
        oidc = peers.oidc(access_ttl=40)
        env = {"DEVICEGRANT_KEY": "A" * 43}

        def start(number):
            return peers.server("mcp2", oidc_of(oidc), redis=redis.url, env=env, where=f"replica-{number}", **SHARED)

        with ThreadPoolExecutor(5) as pool:
            replicas = list(pool.map(start, range(10)))
        asyncio.run(shared(oidc, [replica.address for replica in replicas]))
        assert [replica.process.poll() for replica in replicas] == [None] * 10
    finally:
        redis.stop()


async def shared(oidc, addresses):
    async with contextlib.AsyncExitStack() as stack:
        alices = [await stack.enter_async_context(connected(address, "alice")) for address in addresses]
        bob = await stack.enter_async_context(connected(addresses[3], "bob"))
        # She calls at all of them at once: one code, one question.
        first = await asyncio.gather(*(once(alice) for alice in alices))
        asked = [one for one in first if one[0] == "asked"]
        assert len(asked) == 1, first
        name, message = asked[0][1]
        began = time.monotonic()
        # The answer comes to another replica than the one that asked.
        elsewhere = (first.index(asked[0]) + 1) % 10
        waiting = [asyncio.ensure_future(weather(alices[elsewhere], {name: "accept"}))]
        waiting += [one[1] for one in first if one[0] == "held"]
        await asyncio.to_thread(decide, f"{oidc.issuer}/device", code_in(message), person="alice")
        told = await asyncio.gather(*waiting)
        assert [error for _, error in told] == [False] * 10, told
        assert time.monotonic() - began < 45
        there = await asyncio.gather(*(weather(alice) for alice in alices))
        assert set(there) == set(told) and len(set(told)) == 1
        # Each replica may have begun before it saw that another had; one code was shown and polled.
        begun = [line["code"] for line in oidc.log(endpoint="device_authorization", status=200)]
        polled = {line["code"] for line in oidc.log(grant_type="urn:ietf:params:oauth:grant-type:device_code")}
        assert len(polled) == 1 and polled < {*begun} | {None} and len(begun) <= len(addresses)
        assert len(oidc.log(endpoint="token", status=200)) == 1
        # Bob's is a login of its own.
        his, _ = await weather(bob)
        assert his.startswith("sign-in-") and his != name
        # Half of its life is over, and it is renewed: once.
        while set(await asyncio.gather(*(weather(alice) for alice in alices))) == set(told):
            assert time.monotonic() - began < 120
            await asyncio.sleep(1)
        after = set(await asyncio.gather(*(weather(alice) for alice in alices)))
        assert len(after) == 1 and not after & set(told)
        assert len(oidc.log(endpoint="token", grant_type="refresh_token")) == 1
        assert {line["status"] for line in oidc.log(grant_type="refresh_token")} == {200}


async def once(session):
    """What the call is answered at once, or that it is held."""
    call = asyncio.ensure_future(weather(session))
    done, _ = await asyncio.wait({call}, timeout=12)
    return ("asked", call.result()) if done else ("held", call)
