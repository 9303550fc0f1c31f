"""Signing in by a pasted address: what the caller's own callable is given, and what it gives."""

import asyncio
import os
import signal
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import trio

import devicegrant
import devicegrant.sync
from support import named


def client_of(kind, server, **more):
    return kind(**named(server, **more))


def landed(prompt, **more):
    """The address that a browser is sent to when somebody has approved."""
    query = parse_qs(urlsplit(prompt.authorization_uri).query)
    assert query["code_challenge_method"] == ["S256"]
    more = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{prompt.redirect_uri}?code=code-12345678&state={query['state'][0]}{more}"


def test_without_a_loop(server):
    seen = []

    def paste(prompt):
        seen.append(prompt)
        return "wrong" if len(seen) == 1 else landed(prompt)

    client = client_of(devicegrant.sync.Client, server)
    tokens = client.login_by_paste(paste)
    assert [prompt.trouble for prompt in seen] == [None, "that is no address with an answer in it"]
    assert seen[0].authorization_uri in seen[0].text and seen[0].authorization_uri not in repr(seen[0])
    assert server.asked == ["authorization_code"]
    assert tokens.access_token == client.token() == server.access
    assert client.token(reject=tokens.access_token) == server.access != tokens.access_token
    assert client.logout() is True


def test_a_wider_login_asks_for_what_is_demanded_and_keeps_it(server):
    asked = []

    def paste(prompt):
        asked.append(parse_qs(urlsplit(prompt.authorization_uri).query)["scope"])
        return landed(prompt)

    client = client_of(devicegrant.sync.Client, server)
    client.login_by_paste(paste)
    client.login_by_paste(paste, challenge='Bearer error="insufficient_scope", scope="write"')
    # A plain one does not narrow it again.
    client.login_by_paste(paste)
    assert asked == [["read"], ["read write"], ["read write"]]


@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
def test_on_a_loop(run, plain, server):
    async def slowly(prompt):
        return landed(prompt)

    async def main():
        client = client_of(devicegrant.Client, server)
        return await client.login_by_paste(landed if plain else slowly)

    start = main if run is trio.run else main()
    assert run(start).access_token == server.access


def test_nothing_to_be_read(server):
    with pytest.raises(devicegrant.SignInNeeded) as caught:
        client_of(devicegrant.sync.Client, server).login_by_paste(lambda prompt: None)
    assert caught.value.code == "bad_paste" and server.asked == []


def test_what_the_callable_raises_comes_back(server):
    def paste(prompt):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        client_of(devicegrant.sync.Client, server).login_by_paste(paste)


def test_the_redirect_uri_of_the_caller(server):
    at = "https://app.example.com/landed"
    client = client_of(devicegrant.sync.Client, server, redirect_uri=at)
    seen = []
    client.login_by_paste(lambda prompt: seen.append(prompt) or landed(prompt))
    assert seen[0].redirect_uri == at


def test_interrupted_while_somebody_types(server):
    typed, begun = threading.Event(), time.monotonic()

    def paste(prompt):
        os.kill(os.getpid(), signal.SIGINT)
        typed.wait(20)

    with pytest.raises(KeyboardInterrupt):
        client_of(devicegrant.sync.Client, server).login_by_paste(paste)
    assert time.monotonic() - begun < 10
    typed.set()
