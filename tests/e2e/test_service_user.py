"""An operator in a desktop session signs in for a service's user, who renews with an empty environment."""

import json
import os
import shutil
import subprocess

import pytest
from command import BINARY
from session_bus import Session

# Nobody logs in as this user. Without root there is no other user to be had, and it is one's own.
SERVICE = 65534 if os.geteuid() == 0 else os.geteuid()


@pytest.fixture
def session(tmp_path):
    one = Session(tmp_path / "session")
    yield one
    one.stop()


@pytest.fixture
def house(tmp_path):
    """A command that the service's user may run, and a home that is theirs."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder.name:
            folder.chmod(folder.stat().st_mode | 0o011)
    program = tmp_path / "devicegrant"
    shutil.copy(BINARY, program)
    program.chmod(0o755)
    home = tmp_path / "service"
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(home, SERVICE, SERVICE)
    return program, home


def as_service(program, home, *argv, env):
    """What `sudo -u` and `su` do: the operator's environment may come along, the user does not."""
    other = {"user": SERVICE, "group": SERVICE, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run([program, "--home", home, *argv], env=env, capture_output=True, text=True, timeout=60, **other)


def test_signed_in_from_a_desktop_renewed_by_the_service(session, house, demo):
    server = demo(access_ttl=3600)
    program, home = house
    login = ("login", server.issuer, "--client-id", "unit", "--unattended", "--json")
    done = as_service(program, home, *login, env=session.environment)
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "home.json").read_text())["key"]["source"] == "file"
    assert {path.stat().st_uid for path in home.rglob("*")} == {SERVICE}

    first = as_service(program, home, "token", env={})
    assert first.returncode == 0 and server.accepts(first.stdout.strip()), first.stderr
    renewed = as_service(program, home, "renew", "--force", env={})
    assert renewed.returncode == 0, renewed.stderr
    second = as_service(program, home, "token", env={})
    assert server.accepts(second.stdout.strip()) and second.stdout != first.stdout


def test_a_desktop_home_is_not_given_to_a_service(session, tmp_path, demo):
    """The operator's own home has its key in the keyring: `--unattended` says so before anybody is asked."""
    server = demo()
    home = tmp_path / "own"

    def operator(*argv, env=session.environment):
        return subprocess.run([BINARY, "--home", home, *argv], env=env, capture_output=True, text=True, timeout=60)

    login = ("login", server.issuer, "--client-id", "unit", "--json")
    done = operator(*login)
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "home.json").read_text())["key"]["source"] == "keyring"

    refused = operator(*login, "--unattended")
    event = json.loads(refused.stdout.splitlines()[-1])
    assert (refused.returncode, event["code"]) == (7, "key_needs_session")
    silent = operator("token", env={})
    assert (silent.returncode, silent.stdout) == (7, "") and "keyring" in silent.stderr
    assert server.accepts(operator("token").stdout.strip())
