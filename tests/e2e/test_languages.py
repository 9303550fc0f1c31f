"""One login for three languages: each finds what another signed in, renews it for all, and signs out
for all. And the five lines of Node, as they stand in its README, on a terminal."""

import json
import os
import pty
import re
import select
import subprocess
import time

import pytest
from approve import decide
from command import environment
from languages import LANGUAGES, command as words, node_folder
from session_bus import Session
from test_oidc import userinfo

WITHOUT = os.environ.get("DEVICEGRANT_WITHOUT", "").split(",")
pytestmark = pytest.mark.skipif("languages" in WITHOUT, reason="the packages could not be built here")


class Person:
    """Who uses all three on one machine."""

    def __init__(self, env, server):
        self.env, self.server = env, server

    def run(self, language, *argv, **env):
        return subprocess.run(
            [*words(language), *argv], env={**self.env, **env}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60,
        )

    def sign_in(self, language):
        argv = ["login", "--json", self.server.issuer, "--client-id", "public", "--scope", "openid"]
        process = subprocess.Popen(
            [*words(language), *argv], env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        prompt = json.loads(process.stdout.readline())
        decide(prompt["verification_uri"], prompt["user_code"])
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
        return json.loads(out.splitlines()[-1])

    def token(self, language, reject=None):
        """Without naming anything: there is one login."""
        more = (["--reject-env", "OLD"], {"OLD": reject}) if reject else ([], {})
        done = self.run(language, "token", *more[0], **more[1])
        assert done.returncode == 0, (language, done.stderr)
        return done.stdout.strip()


@pytest.fixture(params=["file", "keyring"])
def key(request, tmp_path):
    """(the source of the key, the environment): a machine without a keyring, and one with it."""
    env = environment(tmp_path)
    if request.param == "file":
        yield request.param, env
        return
    session = Session(tmp_path / "session")
    yield request.param, {**env, **session.environment, "HOME": env["HOME"]}
    session.stop()


@pytest.mark.skipif("oidc" in WITHOUT, reason="oidc-provider could not be installed here")
def test_one_login(key, own):
    source, env = key
    server = own("oidc")
    person = Person(env, server)
    for at, signs_in in enumerate(LANGUAGES):
        server.new_log()
        signed_in = person.sign_in(signs_in)
        assert signed_in["issuer"] == server.issuer
        told = {language: json.loads(person.run(language, "status", "--json").stdout.splitlines()[0]) for language in LANGUAGES}
        assert {store["key_source"] for store in told.values()} == {source}, told
        assert len({store["key_id"] for store in told.values()}) == 1
        (token,) = {person.token(language) for language in LANGUAGES}
        assert userinfo(server, token).status_code == 200
        for renews in LANGUAGES:
            old, token = token, person.token(renews, reject=token)
            assert token != old, f"{renews} renewed nothing"
            for other in set(LANGUAGES) - {renews}:
                # Who was refused the old one as well is given what the first one got.
                assert person.token(other, reject=old) == token, (renews, other)
        exchanges = [line["status"] for line in server.new_log() if line["grant_type"] == "refresh_token"]
        assert exchanges == [200] * len(LANGUAGES)
        leaves = LANGUAGES[(at + 1) % len(LANGUAGES)]
        left = json.loads(person.run(leaves, "logout", "--json").stdout)
        assert left == {"event": "signed_out", "revoked": True, "reason": None, "code": None}
        for language in LANGUAGES:
            done = person.run(language, "token")
            assert (done.returncode, done.stdout) == (3, ""), (leaves, language)
        assert userinfo(server, token).status_code == 401


FIVE_LINES = """\
import { Client } from "devicegrant";
const client = new Client({ issuer: process.argv[2], clientId: "public", scopes: "read" });
const tokens = await client.login();
const token = await client.token();
console.log(JSON.stringify({ token, same: token === tokens.accessToken, kept: client.store }));
"""


def five_lines(env, issuer):
    """Runs them on a terminal, where the person reads the code; returns what they print."""
    program = node_folder() / "five-lines.mjs"
    program.write_text(FIVE_LINES)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["node", str(program), issuer], env=env, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    told, end = b"", time.monotonic() + 30
    try:
        while (shown := re.search(rb"on any device:\s+(\S+)\s+and enter this code:\s+(\S+)\s", told)) is None:
            assert select.select([ours], [], [], max(0, end - time.monotonic()))[0], told
            told += os.read(ours, 4096)
        decide(*(word.decode() for word in shown.groups()))
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert process.returncode == 0, told
    return json.loads(out)


@pytest.mark.parametrize("kind", ["oidc", "demo"])
def test_five_lines_of_node(kind, own, demo, tmp_path):
    server = own("oidc") if kind == "oidc" else demo(decide="person", interval=1)
    said = five_lines(environment(tmp_path), server.issuer)
    assert said["token"] and said["same"] and said["kept"] == str(tmp_path / "store" / "logins")
    installed = sorted(path.name for path in (node_folder() / "node_modules").iterdir() if path.name[0] != ".")
    assert installed == ["devicegrant"], "it brought something along"
    if kind == "oidc":
        assert [line["status"] for line in server.log(endpoint="token", status=200)] == [200]
    else:
        assert server.accepts(said["token"])
