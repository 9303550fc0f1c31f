"""A Rust program that meets a 403 `insufficient_scope`: one more approval, and the login is wider.

The same from Python stands in python/tests/test_step_up.py."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from approve import decide
from protected import Protected

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = os.environ.get("DEVICEGRANT_EXAMPLES") or str(ROOT / "target" / "debug" / "examples")


@pytest.fixture
def resource(own):
    one = Protected(own("oidc").issuer)
    yield one
    one.stop()


def run(tmp_path, *words):
    """What it printed, line by line; whatever it asks for is approved."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DEVICEGRANT_")}
    env.pop("DBUS_SESSION_BUS_ADDRESS", None)
    env["DEVICEGRANT_HOME"] = str(tmp_path / "home")
    program = [f"{EXAMPLES}/step_up", "public", *words]
    lines = []
    with subprocess.Popen(program, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout:
                lines.append(line.strip())
                if asked := re.match(r"open (\S+) enter (\S+) for ", line):
                    decide(*asked.groups())
            error = process.stderr.read()
            assert process.wait(20) == (1 if "Error" in error else 0)
        finally:
            process.kill()
    return lines, error


def asked(lines):
    return [line.split(" for ")[1] for line in lines if " for " in line]


def test_asked_once_and_kept(tmp_path, command, resource):
    write = f"{resource.address}/write"
    lines, error = run(tmp_path, resource.address, write)
    assert asked(lines) == ["read offline_access", "read offline_access write"], error
    assert [line for line in lines if line[0].isdigit()] == [f"200 {resource.address}", f"200 {write}"]
    # Another process has it, and nobody is asked.
    lines, error = run(tmp_path, resource.address, write)
    assert asked(lines) == [] and lines[-1] == f"200 {write}", error


def test_a_loop_is_an_error_that_says_so(tmp_path, resource):
    unknown = f"{resource.address}/unheard-of"
    lines, error = run(tmp_path, resource.address, unknown)
    assert asked(lines) == ["read offline_access", "read offline_access unheard-of"], error
    assert lines[-1] == f"403 {unknown}"
    lines, error = run(tmp_path, resource.address, unknown)
    assert asked(lines) == []
    assert "which this login was asked for and not granted" in error
