"""`status`, `renew`, `logout` and `doctor`: what an operator does with logins that are kept."""

import json
import os
import time
from pathlib import Path

import httpx
import pytest
from approve import decide

TV = ("--client-id", "tv")
LOGIN = {
    "event", "profile", "issuer", "target", "client_id", "resource", "account", "state", "code", "reason", "scope",
    "expires_at", "refresh_expires_at", "refreshable", "signed_in_at", "ended_at", "warnings",
}
STORE = {
    "event", "store", "key_source", "key_id", "key_why", "protects", "unattended", "code", "reason",
}
RENEWED = {
    "event", "renewed", "expires_at", "refresh_expires_at", "code", "reason",
    "profile", "issuer", "target", "client_id", "resource", "account",
}


def status(command, *argv, **env):
    """(the store, the logins, the run)"""
    run = command.run("status", "--json", *argv, **env)
    events = run.events()
    stores = [event for event in events if event["event"] == "store"]
    return (stores or [None])[0], [event for event in events if event["event"] == "login"], run


def files(folder):
    return sorted(str(path) for path in Path(folder).rglob("*"))


def test_nobody_has_signed_in(command):
    store, logins, run = status(command)
    assert (run.code, logins) == (0, [])
    assert set(store) == STORE and store["key_source"] is None
    assert command.run("status", "https://login.example.net").code == 3
    assert command.run("renew", "--all").code == 0
    assert command.run("renew").code == 3
    assert command.run("logout", "--json").events() == [
        {"event": "signed_out", "revoked": False, "reason": "nobody was signed in", "code": None}
    ]
    # Looking makes nothing.
    assert not (command.home / "store").exists()


def test_status(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV, "--scope", "read", "--profile", "work")
    store, [login], run = status(command)
    assert run.code == 0
    assert set(store) == STORE and set(login) == LOGIN
    assert (store["key_source"], store["unattended"]) == ("file", True)
    assert store["store"] == str(command.home / "store" / "logins")
    assert "copy of the folder" in store["protects"]
    assert (login["state"], login["profile"], login["issuer"], login["scope"]) == ("fresh", "work", server.issuer, "read")
    assert login["refreshable"] is True and login["expires_at"] > login["signed_in_at"]
    # One login alone, by whatever names it; no server is asked.
    server.stop()
    for which in (["--profile", "work"], [server.issuer], TV):
        alone = command.run("status", "--json", *which)
        assert (alone.code, alone.events()) == (0, [login])
    words = command.run("status").out
    assert "--profile work: its token is good" in words and "copy of the folder" in words


def test_a_token_that_nobody_can_renew(command, demo):
    server = demo(access_ttl=2, refresh=False)
    signed_in = command.sign_in(server.issuer, *TV)
    assert signed_in["refreshable"] is False
    assert any("no refresh token" in warning for warning in signed_in["warnings"])
    assert status(command)[1][0]["state"] == "fresh"
    time.sleep(2.1)
    _, [login], run = status(command, server.issuer)
    assert (login["state"], run.code) == ("signed_out", 3)
    assert command.run("token").code == 3
    assert command.run("renew", "--all").code == 3


def test_the_end_of_the_refresh_token_is_told(command, demo):
    """oidc-provider and the demo do not say when it ends; the hostile server of the other tests does not either."""
    signed_in = command.sign_in(demo().issuer, *TV)
    assert signed_in["refresh_expires_at"] is None
    assert any("offline_access" in warning for warning in signed_in["warnings"])
    assert command.sign_in(demo().issuer, *TV, "--scope", "offline_access")["warnings"] == []


def test_without_the_key(command, demo):
    """The clear part is told, nothing else is taken in the key's place, and signing out works."""
    server = demo()
    key = command.run("doctor", "--new-key").out.strip()
    command.sign_in(server.issuer, *TV, "--scope", "read", DEVICEGRANT_KEY=key)
    token = command.token(server.issuer, DEVICEGRANT_KEY=key)
    store, [login], run = status(command)
    assert run.code == 0
    assert (store["key_source"], store["code"]) == ("env", "key_unreachable")
    assert "DEVICEGRANT_KEY" in store["reason"]
    assert (login["state"], login["code"], login["scope"]) == ("unreachable", "key_unreachable", "read")
    assert command.run("status", server.issuer).code == 7
    assert command.run("token").code == 7
    assert command.run("renew", "--all", "--json").events()[0]["code"] == "key_unreachable"
    other = command.run("doctor", "--new-key").out.strip()
    assert other != key and "key_wrong" in command.run("token", "--json", DEVICEGRANT_KEY=other).out
    assert command.run("token", "--key", "file").code == 2
    [event] = command.run("logout", "--json").events()
    assert (event["revoked"], event["code"]) == (False, "key_unreachable")
    assert server.accepts(token)
    assert status(command)[1] == []


@pytest.mark.parametrize("source", ["file", "env", "command", "passphrase"])
def test_every_source_of_a_key(source, command, demo):
    server = demo()
    key = command.run("doctor", "--new-key").out.strip()
    script = command.home / "print-key"
    script.write_text(f"#!/bin/sh\necho {key}\n")
    script.chmod(0o700)
    env = {
        "env": {"DEVICEGRANT_KEY": key}, "command": {"DEVICEGRANT_KEY_COMMAND": str(script)},
        "passphrase": {"DEVICEGRANT_PASSPHRASE": "correct horse"},
    }.get(source, {})
    command.sign_in(server.issuer, *TV, "--key", source, "--unattended", **env)
    assert status(command, **env)[0]["key_source"] == source
    assert server.accepts(command.token(**env))
    doctor = {event["check"]: event for event in command.run("doctor", "--json", **env).events()}
    assert doctor["key"]["state"] == "ok"


def test_renew(command, demo):
    server = demo()
    for profile in ("a", "b"):
        command.sign_in(server.issuer, *TV, "--profile", profile)
    run = command.run("renew", "--all", "--json")
    assert run.code == 0
    events = run.events()
    assert all(set(event) == RENEWED for event in events)
    assert sorted((event["profile"], event["renewed"]) for event in events) == [("a", False), ("b", False)]
    assert server.count("was renewed") == 0
    before = command.token("--profile", "a")
    run = command.run("renew", "--profile", "a", "--force", "--json")
    assert [(event["profile"], event["renewed"]) for event in run.events()] == [("a", True)]
    assert command.token("--profile", "a") != before
    run = command.run("renew", "--all", "--force", "--json")
    assert [event["renewed"] for event in run.events()] == [True, True]
    server.exactly("was renewed", 3)
    assert command.run("renew").code == 2, "two fit"
    assert command.run("renew", "--all", "--profile", "a").code == 2
    assert "--profile a" in command.run("renew", "--all").out


def test_renew_what_is_due(command, demo):
    server = demo(access_ttl=2)
    command.sign_in(server.issuer, *TV)
    time.sleep(1.2)
    assert command.run("renew", "--all", "--json").events()[0]["renewed"] is True
    server.exactly("was renewed", 1)


def test_renew_all_goes_on_past_one_that_fails(command, demo):
    away, ended, well = demo(), demo(faults=[{"on": "refresh", "with": {"error": {"error": "invalid_grant"}}}]), demo()
    for profile, server in (("away", away), ("ended", ended), ("well", well)):
        command.sign_in(server.issuer, *TV, "--profile", profile)
    token = command.token("--profile", "away")
    away.stop()
    run = command.run("renew", "--all", "--force", "--json")
    told = {event["profile"]: event for event in run.events()}
    assert run.code == 6, "the highest"
    assert (told["away"]["event"], told["away"]["renewed"], told["away"]["code"]) == ("renewed", False, "unreachable")
    assert (told["ended"]["event"], told["ended"]["code"], told["ended"]["exit"]) == ("error", "login_ended", 3)
    assert told["well"]["renewed"] is True
    # Nothing was taken away from the one whose server is away.
    assert command.token("--profile", "away") == token


def test_logout(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    token = command.token()
    assert server.accepts(token)
    run = command.run("logout", server.issuer, "--json")
    assert (run.code, run.events()) == (0, [{"event": "signed_out", "revoked": True, "reason": None, "code": None}])
    server.wait_for("a token was revoked")
    assert not server.accepts(token)
    assert command.run("token").code == 3
    assert "signed out" not in command.run("status").out
    assert command.run("logout").code == 0


def test_logout_while_the_server_is_away(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    server.stop()
    run = command.run("logout")
    assert (run.code, run.out) == (0, "")
    assert "warning" in run.err and "could not be reached" in run.err
    assert status(command)[1] == []


def test_logout_where_revocation_is_refused(command, demo):
    server = demo(faults=[{"on": "revoke", "with": "bad_gateway"}])
    command.sign_in(server.issuer, *TV)
    [event] = command.run("logout", "--json").events()
    assert (event["revoked"], event["code"]) == (False, "server_failing")


def userinfo(server, token):
    bearer = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.issuer}/me", headers=bearer, trust_env=False).status_code


def test_logout_at_a_real_server(command, own):
    server = own("oidc")
    run = command.start("login", server.issuer, "--client-id", "public", "--scope", "openid", "--json")
    prompt = run.event("prompt")
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in", timeout=60)
    assert run.end() == 0
    first = command.token()
    assert command.run("renew", "--force").code == 0
    second = command.token()
    assert second != first and userinfo(server, second) == 200
    [event] = command.run("logout", "--json").events()
    assert event["revoked"] is True
    assert userinfo(server, second) == 401


def test_memory_keeps_nothing(command, demo):
    server = demo()
    signed_in = command.sign_in(server.issuer, *TV, "--store", "memory")
    assert any("this process alone" in warning for warning in signed_in["warnings"])
    assert not (command.home / "store").exists()
    assert command.run("token", "--store", "memory").code == 3
    assert command.run("status", "--store", "disk").code == 2


def test_redis_takes_its_address_from_the_environment(command):
    for run in (command.run("status", "--store", "redis"), command.run("token", "--store", "redis", DEVICEGRANT_REDIS_URL="")):
        assert run.code == 2 and "DEVICEGRANT_REDIS_URL" in run.err
    run = command.run("status", "--store", "redis", "--key", "file", DEVICEGRANT_REDIS_URL="redis://127.0.0.1:1")
    assert run.code == 2
    run = command.run("doctor", "--store", "redis", "--json", DEVICEGRANT_REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    assert run.code == 7 and run.events()[0]["check"] == "store"
    assert "hunter2" not in run.out + run.err


def test_redis(command, demo, redis):
    server = demo()
    key = command.run("doctor", "--new-key").out.strip()
    env = {"DEVICEGRANT_REDIS_URL": redis.url, "DEVICEGRANT_KEY": key}
    at = ("--store", "redis")
    command.sign_in(server.issuer, *TV, *at, **env)
    before = redis.keys()
    token = command.token(*at, **env)
    assert command.run("renew", "--all", "--force", *at, **env).code == 0
    assert command.token(*at, **env) != token
    store, [login], run = status(command, *at, **env)
    assert (run.code, login["state"]) == (0, "fresh")
    assert redis.password not in run.out and f"127.0.0.1:{redis.port}" in store["store"]
    doctor = command.run("doctor", "--json", *at, **env)
    assert [event["state"] for event in doctor.events()] == ["ok"] * 4, doctor.out
    assert redis.keys() == before, "looking leaves nothing behind"
    without = command.run("doctor", "--json", *at, DEVICEGRANT_REDIS_URL=redis.url)
    assert (without.code, without.events()[0]["code"]) == (7, "key_needed")
    assert command.run("logout", "--json", *at, **env).events()[0]["revoked"] is True
    assert not (command.home / "store").exists()


def checks(command, *argv, **env):
    run = command.run("doctor", "--json", *argv, **env)
    events = run.events()
    assert all(set(event) == {"event", "check", "state", "code", "message", "remedy"} for event in events)
    return {event["check"]: event for event in events}, run


def test_doctor_on_a_fresh_machine(command):
    told, run = checks(command)
    assert run.code == 0
    assert list(told) == ["home", "key", "keyring", "store", "clock"]
    assert not (command.home / "store").exists()


def test_doctor_leaves_nothing_behind(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    before = files(command.home / "store")
    told, run = checks(command)
    assert run.code == 0 and {event["state"] for event in told.values()} == {"ok"}
    assert server.issuer in told["server"]["message"] and "0 s" in told["clock"]["message"]
    assert files(command.home / "store") == before
    assert command.run("doctor").out.count("\nok ") >= 4


def test_doctor_finds_what_is_wrong(command, demo, hostile):
    server = demo()
    command.sign_in(server.issuer, *TV)
    os.chmod(command.home / "store", 0o755)
    told, run = checks(command)
    assert (told["home"]["state"], told["home"]["code"], run.code) == ("fail", "store_unsafe", 7)
    assert "755" in told["home"]["message"] and "700" in told["home"]["remedy"]
    os.chmod(command.home / "store", 0o700)
    (command.home / "store" / "key").unlink()
    told, run = checks(command)
    assert (told["key"]["state"], told["key"]["code"], run.code) == ("fail", "key_unreachable", 7)
    server.stop()
    told, run = checks(command, server.issuer)
    assert (told["server"]["state"], told["server"]["code"]) == ("fail", "unreachable")


def test_doctor_without_a_device_grant(command, tmp_path, demo):
    metadata = {"status": 200, "headers": {"Content-Type": "application/json", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}}
    server = demo(faults=[{"on": "metadata", "with": {"answer": {**metadata, "body": "{}"}}}])
    told, run = checks(command, server.issuer)
    assert told["server"]["state"] == "fail" and run.code == 8
    # A clock that is decades away from the server's.
    assert told["clock"]["state"] == "fail" and "Set this machine's clock" in told["clock"]["remedy"]


def test_a_fresh_key(command):
    keys = {command.run("doctor", "--new-key").out.strip() for _ in range(3)}
    assert len(keys) == 3 and {len(key) for key in keys} == {43}
    assert not (command.home / "store").exists()


def test_json_is_one_object_a_line(command, demo):
    server = demo()
    command.sign_in(server.issuer, *TV)
    for argv in (["status"], ["renew"], ["renew", "--all"], ["doctor"], ["logout"], ["token"]):
        run = command.run(*argv, "--json")
        for line in run.out.splitlines():
            assert isinstance(json.loads(line), dict)
