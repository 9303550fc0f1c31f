"""Processes of three languages that race for one login, and some of them are killed or stopped: one
exchange for each expiry.

Whoever took the lease is told by its claim in the files. In turns that one is killed as soon as it has
it, or stopped in the middle and let go on, or let alone; others are killed and stopped at random. In
turns, too, one language has a start over the others, so that each comes to hold the lease.
"""

import json
import os
import random
import signal
import threading
import time

from gate import Gate
from house import House, Progress, environment, refreshes
from languages import LANGUAGES, held_back
from launch import Server

ACTS = ("let alone", "killed", "stopped")
# A stop is longer than any step of an exchange and shorter than a lease.
STOPPED_S = 1.0
AHEAD_S = 0.1


def mixed(folder, processes, rounds, ttl, seed=None):
    """`ttl` seconds live the tokens; a round has to be over in less than half of it."""
    # So long is an answer on its way that a holder can be met in the middle of its exchange.
    server = Server("oidc", access_ttl=ttl, token_delay_ms=100)
    house = House(folder, server)
    try:
        return _Run(house, processes, rounds, ttl, random.Random(seed)).run()
    finally:
        house.stop()
        server.stop()


class _Run:
    def __init__(self, house, processes, rounds, ttl, chance):
        self.house, self.processes, self.rounds, self.ttl, self.chance = house, processes, rounds, ttl, chance
        self.slowest = self.exchanges = self.killed = self.stopped = self.between = 0
        self.holders = {act: dict.fromkeys(LANGUAGES, 0) for act in ACTS}

    def sign_in(self):
        # The sign-in was on a clock that jumped; this token's times are real ones.
        self.token = self.house.run("renew", self.house.sign_in()).token
        self.expires = refreshes(self.house.server.new_log())[0]["time"] + self.ttl

    def run(self):
        self.sign_in()
        progress = Progress("mixed", self.rounds)
        for done in range(1, self.rounds + 1):
            with Gate() as ahead, Gate() as rest:
                first = LANGUAGES[(done + done // len(ACTS)) % len(LANGUAGES)]
                self.round(done, first, ahead, rest, ACTS[done % len(ACTS)])
            progress.at(done, f", {self.between} between, slowest round {self.slowest:.2f} s")
        return {
            "processes": self.processes, "rounds": self.rounds, "calls": self.processes * self.rounds,
            "exchanges": self.exchanges, "killed": self.killed, "stopped": self.stopped, "holders": self.holders,
            "between": self.between, "slowest_round_s": round(self.slowest, 2),
        }

    def round(self, done, first, ahead, rest, act):
        env = environment(self.house.folder)
        self.language = {}
        for at in range(self.processes):
            language = LANGUAGES[at % len(LANGUAGES)]
            gate = ahead if language == first else rest
            process = gate.start(held_back(language, self.house.server.issuer), env)
            self.language[process.pid] = language
        running = ahead.running + rest.running
        for process in running:
            assert process.stdout.readline() == b"ready\n", process.stderr.read()[:500]
        revision, old = self.house.revision(), set(self.house.login().iterdir())
        time.sleep(max(0, self.expires + 0.05 - time.time()))
        begun = time.monotonic()
        ahead.open()
        later = threading.Timer(AHEAD_S, rest.open)
        later.start()
        holder = self.hit_the_holder(revision, old, act)
        later.join()
        victims = self.hit_others(running, holder)
        outcomes = [(process, *process.communicate(timeout=60)) for process in running]
        took = time.monotonic() - begun
        self.slowest = max(self.slowest, took)
        log = refreshes(self.house.server.new_log())
        asked = [line["status"] for line in log]
        killed = [process for process, *_ in outcomes if process.returncode == -signal.SIGKILL]
        self.killed += len(killed)
        told = f"round {done}, {first} first, the holder {act}, {took:.2f} s: {len(killed)} killed, {len(victims)} hit, exchanges {asked}"
        # By kill -9 alone does a process leave without its token.
        left = [(process.returncode, out.decode(), err.decode()) for process, out, err in outcomes if process not in killed]
        if killed and asked == [200, 400]:
            # Killed with the answer in hand; see the README. All others say so, and a person signs in.
            assert all(code and "no longer takes the refresh token" in err for code, _, err in left), (told, left)
            self.between += 1
            self.sign_in()
            return
        assert {code for code, *_ in left} == {0}, f"{told}: {[err[:300] for code, _, err in left if code][:3]}"
        assert asked == [200], told
        tokens = {out.strip() for _, out, _ in left}
        assert len(tokens) == 1 and self.token not in tokens, told
        (self.token,) = tokens
        assert self.house.revision() == revision + 1, told
        self.exchanges += 1
        self.expires = log[0]["time"] + self.ttl

    def hit_the_holder(self, revision, old, act):
        """Waits for the first claim, and does that to whoever has it. Returns its process id."""
        pid = self.wait_for_claim(revision, old)
        if pid is None:
            return None
        self.holders[act][self.language[pid]] += 1
        if act == "killed":
            os.kill(pid, signal.SIGKILL)
        elif act == "stopped":
            # Anywhere in its exchange, the answer being on its way for a tenth of a second.
            time.sleep(self.chance.uniform(0, 0.1))
            self.stop_for_a_while([pid])
        return pid

    def wait_for_claim(self, revision, old):
        end = time.monotonic() + self.ttl / 2
        while time.monotonic() < end and self.house.revision() == revision:
            for claim in set(self.house.login().glob(f"l.{revision}.*")) - old:
                try:
                    return json.loads(claim.read_text()).get("owner", {}).get("pid")
                except FileNotFoundError:
                    return None  # renewed already
            time.sleep(0.001)
        assert time.monotonic() < end, "nobody took the lease"
        return None

    def stop_for_a_while(self, pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        self.stopped += len(pids)

    def hit_others(self, running, holder):
        """A tenth of them is hit while they wait for the new token, or a moment later."""
        pids = [process.pid for process in running if process.pid != holder]
        victims = self.chance.sample(pids, max(2, len(pids) // 10))
        half = len(victims) // 2
        for pid in victims[:half]:
            os.kill(pid, signal.SIGKILL)
        self.stop_for_a_while(victims[half:])
        return victims
