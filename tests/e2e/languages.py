"""The three faces of one client, each in processes of its own: the command in Rust, the installed
wheel of Python, and the package of Node, packed and installed into an empty folder."""

import atexit
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from command import BINARY, ROOT

LANGUAGES = ("rust", "python", "node")


@functools.lru_cache(maxsize=None)
def node_folder():
    """A folder that holds nothing but what `npm install` of the packed tarball put there."""
    folder = Path(tempfile.mkdtemp(prefix="devicegrant-node-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    npm = functools.partial(subprocess.run, check=True, capture_output=True, text=True)
    packed = npm(["npm", "pack", "--json", "--pack-destination", folder], cwd=ROOT / "node").stdout
    (folder / "package.json").write_text('{ "private": true }\n')
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--offline"]
    npm(["npm", "install", *quiet, folder / json.loads(packed)[0]["filename"]], cwd=folder)
    return folder


@functools.lru_cache(maxsize=None)
def mcp_client():
    """The words that start `tests/servers/mcp/client.mjs`, beside the SDKs as whoever uses them has them."""
    folder = node_folder() / "mcp"
    (folder / "node_modules").mkdir(parents=True)
    (folder / "node_modules/@modelcontextprotocol").symlink_to(ROOT / "node/node_modules/@modelcontextprotocol")
    return ["node", shutil.copy(ROOT / "tests/servers/mcp/client.mjs", folder)]


def command(language):
    """The words that start its `devicegrant`."""
    if language == "rust":
        return [BINARY]
    if language == "python":
        return [sys.executable, "-m", "devicegrant"]
    return ["node", str(node_folder() / "node_modules/devicegrant/dist/cli.cjs")]


# Says that it is loaded, and waits for the end of stdin.
_HELD_BACK = {
    "rust": 'echo ready; read -r x; exec "$0" "$@"',
    "python": """
import sys, devicegrant.sync
client = devicegrant.sync.Client(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
print(client.token())
""",
    "node": """
import { readFileSync } from "node:fs";
import { Client, machines } from "devicegrant";
const client = new Client({ server: process.argv[2] });
machines();
console.log("ready");
readFileSync(0);
console.log(await client.token());
""",
}


def held_back(language, issuer):
    """A program that tells `ready` when it is loaded, and at the end of its stdin prints the token."""
    text = _HELD_BACK[language]
    if language == "rust":
        return ["sh", "-c", text, BINARY, "token", issuer]
    if language == "python":
        return [sys.executable, "-c", text, issuer]
    program = node_folder() / "held-back.mjs"
    if not program.exists():
        program.write_text(text)
    return ["node", str(program), issuer]
