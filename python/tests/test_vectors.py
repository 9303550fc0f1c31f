"""Every conversation of tests/vectors through the driver: on asyncio, on trio, and blocking."""

import asyncio
import json
from pathlib import Path

import pytest
import trio
from devicegrant import _native as native
from devicegrant._ways import current, finish
from devicegrant._ways_blocking import Blocking

import replay
import shown

ROOT = Path(__file__).resolve().parents[2] / "tests" / "vectors"
FILES = sorted(p for p in ROOT.glob("*/*.json"))
RECORDS = [p for p in FILES if p.parent.name == "records"]
# The key of a home is opened by the native side in one call; core replays those conversations, and
# those in which another library of Rust renews.
CONVERSATIONS = [p for p in FILES if p.parent.name not in ("records", "home", "outside")]


async def nothing():
    pass


def on_asyncio(vector):
    async def main():
        await replay.replay(vector, current(), lambda: asyncio.sleep(0))

    asyncio.run(main())


def on_trio(vector):
    async def main():
        await replay.replay(vector, current(), trio.lowlevel.checkpoint)

    trio.run(main)


def blocking(vector):
    finish(replay.replay(vector, Blocking(), nothing))


@pytest.mark.parametrize("way", [on_asyncio, on_trio, blocking], ids=lambda way: way.__name__)
@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_conversation(file, way):
    way(json.loads(file.read_text()))


def test_none_is_forgotten():
    assert len(CONVERSATIONS) > 550 and len(RECORDS) > 3


@pytest.mark.parametrize("file", RECORDS, ids=lambda p: p.stem)
def test_record_of_another_implementation(file):
    record = json.loads(file.read_text())
    flow = native.Flow.find(native.Options())
    answers = [native.Input.GO(), native.Input.LISTED([record["id"]]),
               native.Input.LOADED(bytes.fromhex(record["bytes"]), record["revision"])]  # fmt: skip
    try:
        for answer in answers:
            step = flow.step(0, 0, answer)
        login = step.output.found.open(native.Key(bytes.fromhex(record["key"])))
    except native.Failure as failure:
        told = failure.details()
        assert told.code == record["error"]
        assert told.message == record.get("message", told.message)
    else:
        header = vars(login.header())
        there = {**shown.tokens(login.tokens()), "header": header}
        wanted = dict(record["login"])
        for name, value in wanted.pop("header", {}).items():
            assert header[name] == value
        replay.fields(wanted, there, "record")
