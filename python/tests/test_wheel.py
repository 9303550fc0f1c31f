"""The wheel: one for every Python, and not newer than it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import devicegrant

# `cargo xtask test` names the wheel that it installed.
WHEEL = os.environ.get("DEVICEGRANT_WHEEL")
PACKAGE = Path(devicegrant.__file__).parent


def pythons():
    """Every Python from 3.10 on that this machine has, once each."""
    names = [f"python3.{minor}" for minor in range(10, 20)]
    places = [*os.environ["PATH"].split(os.pathsep), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    found = {}
    for place in places:
        for name in names:
            there = shutil.which(name, path=place)
            works = there and subprocess.run([there, "-c", ""], capture_output=True).returncode == 0
            if works:
                found.setdefault(name, there)
    return found or {"python": sys.executable}


@pytest.fixture(scope="module")
def library():
    (there,) = PACKAGE.glob("_native/*devicegrant_bindings.*[!y]")
    return there.read_bytes()


def test_nothing_of_one_python_is_in_it(library):
    assert b"libpython" not in library and not re.search(rb"\0Py[A-Z][A-Za-z]+_[A-Za-z]+\0", library)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_it_asks_for_no_newer_glibc_than_its_tag_says(library):
    metadata = next(PACKAGE.parent.glob("devicegrant-*.dist-info/WHEEL")).read_text()
    (tag,) = re.findall(r"^Tag: (py3-none-.*)$", metadata, re.MULTILINE)
    claimed = int(re.search(r"manylinux_2_(\d+)_", tag).group(1))
    needed = max(int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", library))
    assert needed <= claimed, f"{tag} needs glibc 2.{needed}"


def test_it_needs_nothing_else():
    text = next(PACKAGE.parent.glob("devicegrant-*.dist-info/METADATA")).read_text()
    assert [line for line in text.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: redis>=5 ; extra == 'redis'"
    ]
    assert "Requires-Python: >=3.10" in text and (PACKAGE / "py.typed").exists()


PROGRAM = """
import sys
import devicegrant, devicegrant.sync
for name in devicegrant.__all__:
    getattr(devicegrant, name)
client = devicegrant.sync.Client(sys.argv[1], client_id="c", scopes=["read"], store="memory", prompt=lambda p: None)
assert client.login().access_token == client.token()
import asyncio
async def main():
    client = devicegrant.Client(sys.argv[1], client_id="c", prompt=lambda p: None, store="memory")
    await client.login()
    return await client.token(force=True)
print(asyncio.run(main()))
"""


@pytest.mark.parametrize("python", pythons().values(), ids=pythons().keys())
def test_it_works_in(python, server, tmp_path):
    folder = tmp_path / "site"
    if WHEEL:
        # By pip for that very Python: it refuses a wheel whose tag does not fit.
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-index", "--no-deps", "--target", folder, WHEEL], check=True, timeout=120)
    else:
        shutil.copytree(PACKAGE, folder / "devicegrant")
    done = subprocess.run(
        [python, "-W", "error", "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n" + PROGRAM, server.issuer],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == (server.access, "")
