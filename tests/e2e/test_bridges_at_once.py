"""Several bridges to one server: their person is shown one code, and a no to one is a no to all."""

import re
import threading
import time

import pytest
from certificates import Certificates
from hostile_mcp import HONEST, HOSTS, LOGIN, MCP, World, device
from mcp_parts import Bridge

CODE = r"WDJB-\d{4}"


class Person:
    """An authorization server whose codes are all different, and whoever approves there."""

    def __init__(self, certificates):
        self.approved, self.issued = False, 0
        self.world = World(certificates.context("good", HOSTS), {f"{LOGIN}/device": self.code, f"{LOGIN}/token": self.token})
        self.flags, self.env = ["--ca", str(certificates.ca_file)], {"HTTPS_PROXY": self.world.proxy}

    def code(self, _):
        self.issued += 1
        return device(device_code=f"code-{self.issued:04}", user_code=f"WDJB-{self.issued:04}")

    def token(self, _):
        return HONEST[f"{LOGIN}/token"] if self.approved else (400, {}, {"error": "authorization_pending"})

    @property
    def polls(self):
        return [form["device_code"] for form in self.world.forms if "device_code" in form]


@pytest.fixture
def person(tmp_path):
    one = Person(Certificates(tmp_path))
    yield one
    one.world.stop()


@pytest.fixture
def bridge(command, person):
    return lambda **how: Bridge(command, MCP, *person.flags, **how, **person.env)


def together(bridges, name):
    said = [""] * len(bridges)

    def call(at):
        said[at] = bridges[at].called(name)

    threads = [threading.Thread(target=call, args=(at,)) for at in range(len(bridges))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_one_code_for_all_that_begin_at_once(person, bridge, command):
    bridges = [bridge() for _ in range(4)]
    said = together(bridges, "devicegrant_sign_in")
    codes = {re.search(CODE, one)[0] for one in said}
    assert len(codes) == 1, said
    time.sleep(3)
    assert {poll[-4:] for poll in person.polls} == {code[-4:] for code in codes}, "another code is polled by nobody"
    person.approved = True
    before = len(person.polls)
    assert all("signed in" in one.lower() for one in together(bridges, "devicegrant_sign_in"))
    assert len(person.polls) <= before + 1
    assert command.token(MCP) == HONEST[f"{LOGIN}/token"]["access_token"]


def test_a_no_to_one_is_a_no_to_all(person, bridge):
    waits = bridge()
    code = re.search(CODE, waits.called("devicegrant_sign_in"))[0]
    asks = bridge(elicits="decline")
    assert "declined" in asks.called("weather")
    assert re.search(CODE, asks.elicited[0]["message"])[0] == code
    # What is on its way comes to its end.
    time.sleep(1)
    polls = len(person.polls)
    time.sleep(4)
    assert len(person.polls) == polls, "a declined sign-in is polled by nobody"
    assert re.search(CODE, waits.called("devicegrant_sign_in"))[0] != code
