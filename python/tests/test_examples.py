"""The examples run as they are written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(name, *arguments, **more):
    return subprocess.run([sys.executable, EXAMPLES / name, *arguments], capture_output=True, timeout=60, **more)


def test_five_lines_on_a_terminal(server):
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, EXAMPLES / "five_lines.py", server.issuer], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    told = b""
    try:
        while chunk := os.read(ours, 4096):
            told += chunk
    except OSError:
        pass  # the other side is closed
    os.close(ours)
    out = process.stdout.read().decode()
    assert process.wait(20) == 0 and b"WDJB-MJHT" in told and out.startswith("Signed in")


def test_a_service(server, sign_in):
    done = run("server.py", server.issuer, f"{server.issuer}/api")
    assert done.returncode == 3 and b"nobody has signed in" in done.stderr
    sign_in(server)
    done = run("server.py", server.issuer, f"{server.issuer}/api")
    assert (done.returncode, done.stdout.strip()) == (0, b'200 {"good": true}')


def test_two_halves(server, monkeypatch):
    import time

    monkeypatch.setenv("DEVICEGRANT_KEY", "A" * 43)
    pending = run("two_halves.py", server.issuer, "begin")
    assert b"WDJB-MJHT" in pending.stderr
    assert run("two_halves.py", server.issuer, "poll", input=pending.stdout).stdout.strip() == b"still waiting"
    time.sleep(1.3)
    done = run("two_halves.py", server.issuer, "poll", input=pending.stdout)
    assert done.stdout.startswith(b"signed in"), done.stderr
    assert not any(secret.encode() in done.stdout for secret in server.secrets)


def test_an_mcp_server(peers):
    from mcp_programs import code_in

    demo = peers.demo()
    words = [sys.executable, str(EXAMPLES / "mcp_server.py"), demo.issuer, f"{demo.issuer}/api/whoami"]
    client = peers.client("mcp2", stdio=words)
    client.call("who_am_i", "first")
    demo.approve(code_in(client.event(event="asked")["message"]))
    told = client.result("first")
    assert told["error"] is False and "{" in told["text"], told


def test_an_unattended_mcp_client(peers):
    """Signed in, through an expiry and a restart: tests/e2e/test_ai_endurance.py."""
    open_to_all = peers.server("mcp2")
    done = run("mcp_client.py", open_to_all.address, "whoami")
    assert (done.returncode, done.stdout.strip()) == (0, b"nobody"), done.stderr
    demanding = peers.server("mcp2", users="alice=token-of-alice")
    done = run("mcp_client.py", demanding.address, "whoami")
    assert done.returncode == 3 and b"devicegrant login" in done.stderr and b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("*.py")))
def test_each_is_tried(name):
    assert f'"{name}"' in Path(__file__).read_text()
