"""What several tests use."""

import os
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What could not be installed here, as `cargo xtask test` says.
WITHOUT = set(filter(None, os.environ.get("DEVICEGRANT_WITHOUT", "").split(",")))
BINARY = os.environ.get("DEVICEGRANT_BIN") or str(ROOT / "target" / "release" / "devicegrant")


def silent(prompt):
    """A prompt that needs nobody: the scripted server approves by itself."""


def named(server, **more):
    return {"issuer": server.issuer, "client_id": "client-1", "scopes": ["read"], "prompt": silent, **more}


def own_threads():
    return [thread for thread in threading.enumerate() if thread.name == "devicegrant"]


def no_thread_left(seconds=1.0):
    end = time.monotonic() + seconds
    while own_threads() and time.monotonic() < end:
        time.sleep(0.02)
    assert not own_threads()
