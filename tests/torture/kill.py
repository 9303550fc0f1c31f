"""A process that renews is killed, at every step in turn and at random moments.

What each kill hit is told by the server's log and the files: before the exchange, between it and
the published revision, after. Of the middle kind a server that detects reuse leaves nothing: it has
spent the old token and nobody has the new one; the next process must say so, and a person signs in.
"""

import random
import signal
import time

from house import House, Progress, refreshes
from launch import Server

AT_MOST_MS = 1000


def kill(folder, kills, seed=None):
    server = Server("oidc")
    house = House(folder, server)
    try:
        return _Run(house, kills, random.Random(seed)).run()
    finally:
        house.stop()
        server.stop()


class _Run:
    def __init__(self, house, kills, chance):
        self.house, self.kills, self.chance = house, kills, chance
        self.kinds = {"before": 0, "between": 0, "after": 0}
        self.steps, self.by_step, self.at_random, self.slowest, self.sign_ins = set(), 0, 0, 0, 0

    def sign_in(self):
        self.sign_ins += 1
        self.token = self.house.sign_in()

    def renew(self):
        """An undisturbed renewal."""
        said = self.house.run("renew", self.token, "--kill", 1000)
        assert said.token and said.sent == 1, said
        self.token = said.token
        self.house.server.new_log()
        return said

    def run(self):
        self.sign_in()
        steps = self.renew().steps
        begun = time.monotonic()
        self.renew()
        usual = time.monotonic() - begun
        progress = Progress("kill", self.kills)
        k = 0
        while sum(self.kinds.values()) < self.kills:
            if self.chance.random() < 0.5:
                k = k % len(steps) + 1
                killed = self.at_step(k, steps)
            else:
                killed = self.at_some_time(usual)
            if killed:
                self.judge(killed)
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
            progress.at(sum(self.kinds.values()), f": {kinds}; slowest next {self.slowest} ms")
        return {
            "kills": self.kills, **self.kinds, "at_a_step": self.by_step, "at_random": self.at_random,
            "steps": len(self.steps), "torn": 0, "slowest_next_ms": self.slowest, "sign_ins": self.sign_ins,
        }

    def at_step(self, k, steps):
        self.revision = self.house.revision()
        said = self.house.run("renew", self.token, "--kill", k)
        assert said.code == -signal.SIGKILL, (k, steps[k - 1], said)
        self.by_step += 1
        self.steps.add((k, steps[k - 1]))
        return f"before step {k} ({steps[k - 1]})"

    def at_some_time(self, usual):
        self.revision = self.house.revision()
        victim = self.house.start("renew", self.token)
        moment = self.chance.uniform(0, usual * 1.1)
        time.sleep(moment)
        victim.kill()
        said = self.house.end(victim)
        if said.code != -signal.SIGKILL:
            # It was done by then: no kill.
            assert said.code == 0, said
            self.token = said.token
            self.house.server.new_log()
            return None
        self.at_random += 1
        return f"after {moment * 1000:.0f} ms"

    def judge(self, killed):
        published = self.house.revision() > self.revision
        said = self.house.run("renew", self.token)
        self.house.revision()
        log = refreshes(self.house.server.new_log())
        spent = len(log) - (said.sent or 0)
        kind = "after" if published else "between" if spent else "before"
        told = (killed, kind, said, log)
        self.kinds[kind] += 1
        assert said.ms is not None and said.ms < AT_MOST_MS, told
        self.slowest = max(self.slowest, said.ms)
        if kind == "between":
            assert (said.token, said.error, said.sent) == (None, "login_ended", 1), told
            self.sign_in()
            return
        assert said.token and said.token != self.token, told
        assert said.sent == (0 if published else 1) and len(refreshes(log, 200)) == 1, told
        self.token = said.token
