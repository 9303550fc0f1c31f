"""What the package says without a server: mistakes are named, nothing is imported in vain."""

import asyncio
import subprocess
import sys

import pytest

import devicegrant
from devicegrant._need import USUAL
from devicegrant.mcp import PerUser, User, cause_of, ensure, signed_in

AT = {"issuer": "https://auth.example.com", "client_id": "c", "store": "memory"}


def test_nothing_of_it_is_imported_by_the_package():
    words = "import devicegrant, sys; devicegrant.Client; print([m for m in sys.modules if 'mcp' in m or 'httpx' in m or 'pydantic' in m])"
    assert subprocess.check_output([sys.executable, "-c", words], text=True).strip() == "[]"


def test_the_tools_side_imports_no_sdk():
    words = "import devicegrant.mcp, sys; print([m for m in sys.modules if m.split('.')[0] in ('mcp', 'mcp_types', 'fastmcp', 'httpx', 'httpx2')])"
    assert subprocess.check_output([sys.executable, "-c", words], text=True).strip() == "[]"


def test_device_auth_is_of_the_library_that_the_sdk_speaks():
    import httpx2
    from devicegrant.mcp import DeviceAuth

    auth = DeviceAuth("https://host.example/mcp", store="memory")
    assert isinstance(auth, httpx2.Auth) and isinstance(auth.client, devicegrant.Client)
    with pytest.raises(devicegrant.Usage):
        DeviceAuth(auth.client, store="memory")


def test_users_are_told_apart_and_their_names_do_not_show():
    users = [User("alice"), User("bob"), User("alice", "https://a.example"), User("alice", "https://b.example")]

    def api(**more):
        return PerUser(**{**AT, **more}, expected_sub=lambda user: user.subject)

    keys = [api().key(user) for user in users]
    assert len(set(keys)) == 4 and not any("alice" in key for key in keys)
    assert api().key(User("alice", "https://a.example", {"email": "x"})) == keys[2]
    # One store may hold the logins of several APIs.
    apis = [api(), api(client_id="other"), api(resource="https://r.example"), api(issuer="https://other.example")]
    assert len({one.key(users[0]) for one in apis}) == 4
    # As Node has it: a store that both use holds one login for each.
    known = PerUser("https://api.example/mcp", store="memory", expected_sub=lambda user: user.subject)
    assert known.key(User("zoë", "https://id.example")) == "65bb99ab16e2ec234d8f32648d883049"
    with pytest.raises(devicegrant.Usage):
        User("")
    for token in (None, type("Token", (), {"claims": {}, "subject": None})()):
        with pytest.raises(devicegrant.Usage):
            User.of(token)


def test_a_client_for_each_and_an_account_for_each():
    api = PerUser(**AT, expected_account=lambda user: user.claims.get("email"))
    alice = User("alice", claims={"email": "alice@example.com"})
    assert api.client(alice) is api.client(User("alice", claims={"email": "alice@example.com"}))
    assert api.client(alice) is not api.client(User("bob", claims={"email": "bob@example.com"}))
    with pytest.raises(devicegrant.Usage, match="expected_account"):
        api.client(User("carol"))
    for wrong in ({}, {"expected_sub": lambda user: user.subject, "profile": "mine"}):
        with pytest.raises(devicegrant.Usage):
            PerUser(**AT, **wrong)
    with pytest.raises(devicegrant.Usage):
        PerUser(client_id="c", store="nowhere", expected_sub=lambda user: user.subject)


def test_a_claim_that_is_missing_is_named_and_an_error_of_the_callers_comes_through():
    api = PerUser(**AT, expected_sub=lambda user: user.claims["upstream_sub"])
    with pytest.raises(devicegrant.Usage) as missing:
        api.client(User("carol", "https://id.example", {"email": "carol@example.com"}))
    assert missing.value.code == "bad_option"
    assert missing.value.message == (
        "no account can be expected of User(subject='carol', issuer='https://id.example'),"
        " whose token has no claim 'upstream_sub'"
    )
    table = {"alice": "1"}
    of_theirs = PerUser(**AT, expected_sub=lambda user: table[user.subject])
    assert of_theirs.client(User("alice"))
    with pytest.raises(KeyError) as raised:
        of_theirs.client(User("carol"))
    assert raised.value.args == ("carol",) and type(raised.value) is KeyError
    # What is there and empty names nobody.
    for nothing in ("", None):
        with pytest.raises(devicegrant.Usage, match="expected_sub names no account for"):
            api.client(User("carol", claims={"upstream_sub": nothing}))
    # A map of the caller's own is copied, and asked as any other.
    claims = User("carol", claims={"a": 1}).claims
    assert claims == {"a": 1} and claims.get("b") is None and "b" not in claims


def test_only_so_many_clients_are_held(monkeypatch):
    from devicegrant.mcp import _users

    monkeypatch.setattr(_users, "_MOST", 3)
    api = PerUser(**AT, expected_sub=lambda user: user.subject)
    first = api.client(User("0"))
    for number in range(1, 4):
        api.client(User(str(number)))
    assert len(api._clients) == 3 and api.client(User("0")) is not first


def test_a_tool_without_a_context_is_named():
    with pytest.raises(devicegrant.Usage, match="forecast takes no Context"):

        @signed_in(devicegrant.Client(**AT))
        async def forecast(city: str, token: str) -> str:
            return city


def test_ensure_wants_a_context():
    with pytest.raises(TypeError, match="Context"):
        asyncio.run(ensure(object(), devicegrant.Client(**AT)))


def test_our_error_behind_one_of_an_sdk():
    ours = devicegrant.SignInNeeded("nobody")
    assert cause_of(ours) is ours and cause_of(ValueError()) is None
    group = ExceptionGroup("g", [ValueError(), ExceptionGroup("inner", [ours])])
    assert cause_of(group) is ours
    try:
        raise RuntimeError("Client failed to connect") from group
    except RuntimeError as error:
        assert cause_of(error) is ours
    one, other = ValueError(), ValueError()
    one.__context__, other.__context__ = other, one
    assert cause_of(one) is None


def test_a_sync_tool_runs_beside_the_loop_and_sees_the_token():
    import threading

    from mcp.server.mcpserver import Context

    class Signed(devicegrant.Client):
        async def token(self, *arguments, **more):
            return "the-token"

    @signed_in(Signed(**AT), into="bearer")
    def tool(n: int, ctx: Context, bearer: str) -> tuple:
        return n, bearer, threading.current_thread() is threading.main_thread()

    class Request:
        session, request_id, protocol_version, request = object(), 1, "2026-07-28", None

    context = Context.model_construct()
    context._request_context = Request()
    assert asyncio.run(tool(n=1, ctx=context)) == (1, "the-token", False)
    import inspect

    assert list(inspect.signature(tool).parameters) == ["n", "ctx"]


@pytest.mark.parametrize("which", ["httpx", "httpx2"])
def test_the_token_goes_to_no_other_origin(server, make_server, sign_in, which):
    import importlib

    library, ours = importlib.import_module(which), importlib.import_module(f"devicegrant.mcp.{which}")
    sign_in(server)
    other = make_server()
    auth = ours.DeviceAuth(server.issuer, interactive=False)

    async def main():
        async with library.AsyncClient(auth=auth) as http:
            return [(await http.get(f"{at.issuer}/api")).status_code for at in (server, other)]

    assert asyncio.run(main()) == [200, 401]
    assert server.calls == [True] and other.calls == [False] and other.asked == []


@pytest.mark.parametrize("which", ["httpx", "httpx2"])
def test_without_a_loop_a_person_signs_in_once(server, which):
    import importlib
    import threading

    import devicegrant.sync

    library, ours = importlib.import_module(which), importlib.import_module(f"devicegrant.mcp.{which}")
    asked = []
    client = devicegrant.sync.Client(server.issuer, client_id="c", prompt=asked.append)
    auth, got = ours.DeviceAuth(client), []

    def one():
        with library.Client(auth=auth, timeout=30) as http:
            got.append(http.post(f"{server.issuer}/api", content=b"x").status_code)

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == [200] * 5 and len(asked) == 1
    server.access = server.secret("another")
    one()
    assert got[-1] == 200 and len(asked) == 1 and server.refreshes == 1


def test_on_a_loop_a_person_signs_in_once(server, loop):
    import httpx2
    from devicegrant.mcp.httpx2 import DeviceAuth

    asked, got = [], []
    auth = DeviceAuth(server.issuer, client_id="c", prompt=asked.append)

    async def one():
        async with httpx2.AsyncClient(auth=auth, timeout=30) as http:
            got.append((await http.post(f"{server.issuer}/api", content=b"x")).status_code)

    async def main():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            import trio

            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(one)
        else:
            await asyncio.gather(*(one() for _ in range(5)))

    loop(main())
    assert got == [200] * 5 and len(asked) == 1


def test_whoever_comes_right_after_the_approval_asks_nobody(server, sign_in):
    """Their look for a token was a moment too early, and no sign-in waits any more."""
    from devicegrant.mcp._waiting import Waiting

    sign_in(server)
    codes = sum(secret.startswith("device-") for secret in server.secrets)

    async def main():
        waiting = Waiting.of(devicegrant.Client(server.issuer), USUAL)
        assert await waiting.ready(USUAL) is None
        await waiting.wait(seconds=5)
        assert waiting.is_over

    asyncio.run(main())
    assert codes == 1 == sum(secret.startswith("device-") for secret in server.secrets)


def test_what_fails_in_the_background_is_raised_to_whoever_waits():
    from devicegrant.mcp._waiting import Waiting

    class Broken:
        def load(self, id):
            raise KeyError("a store of somebody's own")

        save = lock = unlock = load

    async def main():
        waiting = Waiting.of(devicegrant.Client(**{**AT, "store": Broken()}, key="A" * 43), USUAL)
        for _ in range(2):
            with pytest.raises(KeyError, match="somebody's own"):
                await waiting.ready(USUAL)

    asyncio.run(main())


def test_the_token_is_for_the_server_that_was_named_also_by_a_client_that_is_made(server, sign_in):
    import httpx2
    from devicegrant.mcp import httpx2 as ours

    client = devicegrant.sync.Client(server.issuer, client_id="c", prompt=lambda prompt: None)
    client.login()
    heard = []

    def answer(request):
        heard.append((request.url.host, "authorization" in request.headers))
        return httpx2.Response(200)

    with httpx2.Client(auth=ours.DeviceAuth(client), transport=httpx2.MockTransport(answer)) as http:
        http.get(f"{server.issuer}/api")
        http.get("https://elsewhere.example/api")
    assert heard == [("127.0.0.1", True), ("elsewhere.example", False)]


@pytest.mark.parametrize("named", [{"provider": "github"}, {"issuer": "https://auth.example.com"}])
def test_a_client_without_a_server_is_not_guessed_for(named):
    from devicegrant.mcp import DeviceAuth

    with pytest.raises(devicegrant.Usage):
        DeviceAuth(devicegrant.Client(**named, client_id="c", store="memory"))


def test_a_context_is_known_in_every_form():
    from typing import Annotated, Optional

    import mcp.server.mcpserver
    from devicegrant.mcp._ensure import _is_context

    theirs = mcp.server.mcpserver.Context

    class Mine(theirs):
        pass

    class Context:
        pass

    forms = [theirs, theirs[dict], Mine, Optional[theirs], theirs | None, theirs[dict] | None, Annotated[theirs, "noted"]]
    assert all(map(_is_context, forms))
    assert not any(map(_is_context, [Context, dict[str, int], int, None]))
