"""Five lines sign in; what the command signed in Python finds and renews, and the other way round."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

import devicegrant
import devicegrant.sync
from support import BINARY, named, silent
from launch import Server

WITHOUT = os.environ.get("DEVICEGRANT_WITHOUT", "")


@pytest.fixture
def demo():
    started = []

    def start(**script):
        script = {"interval": 1, "decide": {"approve": {"after_polls": 1}}, **script}
        process = subprocess.Popen(
            [BINARY, "demo", "--serve", "0", "--script", json.dumps(script)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started.append(process)
        return json.loads(process.stdout.readline())["issuer"]

    yield start
    for process in started:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_five_lines_against_the_demo(demo, loop):
    async def main():
        client = devicegrant.Client(demo(), client_id="five-lines", scopes=["read"], prompt=seen.append)
        tokens = await client.login()
        token = await client.token()
        return tokens, token

    seen = []
    tokens, token = loop(main())
    assert token == tokens.access_token and tokens.scopes == ("read",)
    assert tokens.token_type == "Bearer" and tokens.expires_at.tzinfo is not None
    assert len(seen) == 1 and seen[0].user_code in seen[0].text and seen[0].qr


def test_the_plain_client_and_the_two_halves(demo):
    client = devicegrant.sync.Client(demo(), client_id="halves", scopes=["read"])
    there = client.begin()
    sealed = there.to_bytes(bytes(32))
    there = devicegrant.Pending.from_bytes(bytes(32), sealed)
    assert there.prompt.user_code
    import time

    assert isinstance(client.poll(there), devicegrant.Pending)  # before its time nothing is sent
    end = time.monotonic() + 20
    while isinstance(there, devicegrant.Pending):
        assert time.monotonic() < end
        time.sleep(0.3)
        there = client.poll(there)
    assert client.token() == there.access_token
    assert client.health().state == "fresh"
    assert client.logout() is True
    with pytest.raises(devicegrant.SignInNeeded) as why:
        client.token()
    assert why.value.code == "no_login" and why.value.exit == 3


def test_a_kept_sign_in_is_finished_by_another_client(demo):
    issuer = demo()
    one = devicegrant.sync.Client(issuer, client_id="kept", scopes=["read"])
    one.keep(one.begin())
    other = devicegrant.sync.Client(issuer, client_id="kept", prompt=silent)
    assert other.resume().access_token == one.token()


@pytest.mark.skipif("oidc" in WITHOUT, reason="oidc-provider could not be installed here")
def test_oidc_provider(loop):
    server = Server("oidc", device_ttl=60)
    approve = os.path.join(os.path.dirname(sys.modules["launch"].__file__), "approve.py")

    def person(prompt):
        people.append(subprocess.Popen([sys.executable, approve, prompt.verification_uri, prompt.user_code]))

    people = []
    try:

        async def main():
            client = devicegrant.Client(
                server.issuer, client_id="public", scopes=["openid", "offline_access"], prompt=person
            )
            tokens = await client.login()
            renewed = await client.token(reject=tokens.access_token)
            return tokens, renewed, await client.logout()

        tokens, renewed, revoked = loop(main())
        assert renewed != tokens.access_token and tokens.refresh_token and revoked is True
        assert people[0].wait(20) == 0
        assert len(server.log(endpoint="token", grant_type="refresh_token")) == 1
    finally:
        server.stop()


def test_the_command_signs_in_and_python_renews(server, command):
    done = command("login", server.issuer, "--client-id", "client-1", "--scope", "read")
    assert done.returncode == 0, done.stderr
    client = devicegrant.sync.Client(server.issuer)
    first = client.token()
    assert first == server.access and server.refreshes == 0
    second = client.token(reject=first)
    assert second == server.access != first and server.refreshes == 1
    # And the command finds what Python renewed.
    assert command("token", server.issuer).stdout.strip() == second


def test_python_signs_in_and_the_command_renews(make_server, command, sign_in):
    server = make_server(ttl=2)
    sign_in(server)
    import time

    time.sleep(2.1)
    done = command("token", server.issuer)
    assert done.stdout.strip() == server.access and server.refreshes == 1, done.stderr
    assert devicegrant.sync.Client(server.issuer).token() == server.access and server.refreshes == 1


def test_nobody_to_ask(server):
    client = devicegrant.sync.Client(**{**named(server), "prompt": None})
    with pytest.raises(devicegrant.SignInNeeded) as why:
        client.login()
    assert why.value.code == "no_prompt" and server.asked == []


def test_without_a_loop_it_names_the_other_client(server):
    waiting = devicegrant.Client(**named(server)).token()
    with pytest.raises(RuntimeError, match="devicegrant.sync"):
        waiting.send(None)


def test_events_are_told_and_hold_no_secret(server):
    events = []
    devicegrant.sync.Client(**named(server), on_event=events.append).login()
    assert [event["event"] for event in events][-3:] == ["code_issued", "token_issued", "saved"]
    assert not any(secret in json.dumps(events) for secret in server.secrets)


def test_a_user_s_own_provider(server, home):
    home.mkdir(mode=0o700)
    (home / "providers").mkdir(mode=0o700)
    (home / "providers" / "mine.json").write_text(
        json.dumps({"title": "Mine", "issuer": server.issuer, "client_id": "m", "help_base": "https://h/"})
    )
    devicegrant.sync.Client(provider="mine", prompt=silent).login()
    assert devicegrant.sync.Client("mine").token() == server.access
    with pytest.raises(devicegrant.SignInNeeded) as why:
        devicegrant.sync.Client(provider="mine", client_id="another").token()
    assert why.value.help == "https://h/no_login"
