"""The torture in the size that every run of the tests affords. The whole: `cargo xtask torture`."""

import os

import pytest
from full import run

WITHOUT = os.environ.get("DEVICEGRANT_WITHOUT", "").split(",")
pytestmark = pytest.mark.skipif("oidc" in WITHOUT, reason="oidc could not be installed here")


def test_of_many_processes_one_exchanges_and_all_have_the_token(tmp_path):
    figures = run("race", "ci", tmp_path)
    assert figures["exchanges"] == figures["rounds"] == 10


@pytest.mark.skipif("languages" in WITHOUT, reason="the packages could not be built here")
def test_of_three_languages_one_exchanges_also_where_some_are_killed_and_stopped(tmp_path):
    figures = run("mixed", "ci", tmp_path)
    assert figures["exchanges"] + figures["between"] == figures["rounds"] == 3
    assert figures["exchanges"] >= 2 and figures["killed"] >= 2 and figures["stopped"] >= 2


def test_a_kill_tears_nothing_and_keeps_nobody_waiting(tmp_path):
    figures = run("kill", "ci", tmp_path)
    assert figures["before"] and figures["between"] and figures["after"]


def test_who_was_stopped_for_longer_than_the_lease_overwrites_nothing(tmp_path):
    figures = run("stop", "ci", tmp_path)
    assert figures["not_rotating"]["between"] == 0
    assert figures["rotating"]["between"] < figures["rotating"]["the_newer_stayed"]
