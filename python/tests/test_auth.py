"""The token in front of requests of httpx, httpx2 and requests: N refused at once, one exchange."""

import asyncio
import threading

import httpx
import httpx2
import pytest
import requests

import devicegrant
import devicegrant.httpx
import devicegrant.httpx2
import devicegrant.requests
import devicegrant.sync

LIBRARIES = [(httpx, devicegrant.httpx), (httpx2, devicegrant.httpx2)]
BOTH = pytest.mark.parametrize("library, ours", LIBRARIES, ids=["httpx", "httpx2"])


@pytest.fixture
def refused(server, sign_in):
    """Signed in; the server no longer takes the token that is kept, before its time."""
    sign_in(server)
    kept = server.access
    server.access = server.secret("another")
    assert kept != server.access
    return server


@BOTH
def test_a_hundred_401_are_one_exchange(refused, library, ours):
    client = devicegrant.Client(refused.issuer)

    async def main():
        async with library.AsyncClient(auth=ours.Auth(client)) as http:
            answers = await asyncio.gather(
                *(http.post(f"{refused.issuer}/api", content=b"x" * at) for at in range(100))
            )
            stale = await http.get(f"{refused.issuer}/api", headers={"X": "1"})
        return answers, stale

    answers, stale = asyncio.run(main())
    assert {answer.status_code for answer in answers} == {200} and stale.status_code == 200
    assert refused.refreshes == 1 and refused.calls.count(False) <= 100


@BOTH
def test_with_a_plain_client(refused, library, ours):
    with library.Client(auth=ours.Auth(devicegrant.sync.Client(refused.issuer))) as http:
        assert http.get(f"{refused.issuer}/api").json() == {"good": True}
    assert refused.refreshes == 1


@BOTH
def test_on_trio(refused, library, ours):
    import trio

    async def main():
        async with library.AsyncClient(auth=ours.Auth(devicegrant.Client(refused.issuer))) as http:
            return await http.get(f"{refused.issuer}/api")

    assert trio.run(main).status_code == 200 and refused.refreshes == 1


@BOTH
def test_a_body_that_comes_only_once_is_not_sent_again(refused, library, ours):
    async def body():
        yield b"once"

    async def main():
        async with library.AsyncClient(auth=ours.Auth(devicegrant.Client(refused.issuer))) as http:
            return await http.put(f"{refused.issuer}/api", content=body())

    assert asyncio.run(main()).status_code == 401 and refused.refreshes == 0


@BOTH
def test_the_wrong_kind_of_client_is_named(server, library, ours):
    with library.Client(auth=ours.Auth(devicegrant.Client(server.issuer))) as http:
        with pytest.raises(devicegrant.Usage, match="sync.Client"):
            http.get(f"{server.issuer}/api")


@BOTH
def test_a_client_of_theirs_sends_our_requests(server, library, ours):
    async def main():
        async with library.AsyncClient() as http:
            client = devicegrant.Client(
                server.issuer, client_id="c", transport=http, prompt=lambda p: None, store="memory"
            )
            return (await client.login()).access_token, await client.token()

    assert asyncio.run(main()) == (server.access, server.access)


def test_requests(refused):
    auth = devicegrant.requests.Auth(devicegrant.sync.Client(refused.issuer))
    got = []

    def one():
        got.append(requests.post(f"{refused.issuer}/api", data=b"hello", auth=auth, timeout=20).status_code)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == [200] * 20 and refused.refreshes == 1


def test_requests_takes_the_token_to_no_other_host(refused, make_server):
    """After a redirect elsewhere, a 401 there asks for no token."""
    auth = devicegrant.requests.Auth(devicegrant.sync.Client(refused.issuer))
    session = requests.Session()
    asked = requests.Request("GET", f"{refused.issuer}/api", auth=auth)
    prepared = session.prepare_request(asked)
    assert prepared.headers["Authorization"].startswith("Bearer access-")
    del prepared.headers["Authorization"]  # what requests does on a redirect to another host
    assert session.send(prepared, timeout=20).status_code == 401
    assert refused.refreshes == 0


@pytest.mark.parametrize("address", ["http://api.example.com/", "http://192.0.2.1:8080/", "http://localhost.example.com/", "http://127.0.0.1@api.example.com/"])
def test_requests_takes_no_token_over_plain_http_to_another_machine(address, monkeypatch):
    from requests.adapters import HTTPAdapter

    sent = []
    monkeypatch.setattr(HTTPAdapter, "send", lambda *given, **how: sent.append(given))
    auth = devicegrant.requests.Auth(devicegrant.sync.Client(store="memory", issuer="https://auth.example.com", client_id="c"))
    with pytest.raises(devicegrant.Usage) as caught:
        requests.get(address, auth=auth, timeout=5)
    assert caught.value.code == "bad_option" and "gets no token" in caught.value.message
    assert sent == []


@BOTH
def test_no_token_goes_over_plain_http_to_another_machine(library, ours):
    client = devicegrant.sync.Client(store="memory", issuer="https://auth.example.com", client_id="c")
    with library.Client(auth=ours.Auth(client), trust_env=False) as http:
        with pytest.raises(devicegrant.Usage) as caught:
            http.get("http://api.example.com/")
    assert caught.value.code == "bad_option" and "gets no token" in caught.value.message


@BOTH
@pytest.mark.parametrize("address", ["http://127.0.0.2:1/", "http://[::1]:1/", "http://LOCALHOST:1/"])
def test_this_machine_is_what_core_says_it_is(library, ours, address):
    client = devicegrant.sync.Client(store="memory", issuer="https://auth.example.com", client_id="c")
    with library.Client(auth=ours.Auth(client), trust_env=False) as http:
        # Past the address: nobody has signed in.
        with pytest.raises(devicegrant.SignInNeeded):
            http.get(address)
    with pytest.raises(devicegrant.SignInNeeded):
        requests.get(address, auth=devicegrant.requests.Auth(client), timeout=5)


@BOTH
@pytest.mark.parametrize("address", ["http://127.1/", "http://foo.localhost/", "http://0.0.0.0/", "http://localhost./"])
def test_and_so_is_what_only_leads_to_it(library, ours, address):
    client = devicegrant.sync.Client(store="memory", issuer="https://auth.example.com", client_id="c")
    with library.Client(auth=ours.Auth(client), trust_env=False) as http:
        with pytest.raises(devicegrant.Usage, match="gets no token"):
            http.get(address)
    with pytest.raises(devicegrant.Usage, match="gets no token"):
        requests.get(address, auth=devicegrant.requests.Auth(client), timeout=5)
