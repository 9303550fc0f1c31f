"""Many processes, one expiry: exactly one exchange, and every process has the new token.

The processes are the real command, held back by a shell each until the token has expired, then let
go all at once.
"""

import time

from gate import HELD_BACK, Gate
from house import BINARY, House, Progress, environment, refreshes
from launch import Server


def race(folder, processes, rounds, ttl):
    """`ttl` seconds live the tokens; a round has to be over in less than half of it."""
    server = Server("oidc", access_ttl=ttl)
    try:
        return _race(House(folder, server), processes, rounds, ttl)
    finally:
        server.stop()


def _race(house, processes, rounds, ttl):
    progress = Progress("race", rounds)
    # The sign-in was on a clock that jumped; this token's times are real ones.
    before = house.run("renew", house.sign_in()).token
    expires = refreshes(house.server.new_log())[0]["time"] + ttl
    argv = ["sh", "-c", HELD_BACK, BINARY, "token", house.server.issuer, "--client-id", "public"]
    slowest = exchanges = 0
    for done in range(1, rounds + 1):
        with Gate() as gate:
            for _ in range(processes):
                gate.start(argv, environment(house.folder))
            time.sleep(max(0, expires + 0.05 - time.time()))
            begun = time.monotonic()
            gate.open()
            outcomes = [process.communicate(timeout=60) for process in gate.running]
            took = time.monotonic() - begun
            slowest = max(slowest, took)
        problems = {err.decode()[:300] for _, err in outcomes if err}
        codes = {process.returncode for process in gate.running}
        assert codes == {0}, f"round {done}: exits {codes}, {problems}"
        tokens = {out.decode().strip() for out, _ in outcomes}
        asked = refreshes(house.server.new_log())
        # A round of more than half the token's life would rightly see a second exchange: told here.
        told = f"round {done}, {took:.2f} s: {len(tokens)} different tokens, exchanges {asked}"
        assert len(tokens) == 1 and [line["status"] for line in asked] == [200], told
        assert before not in tokens, f"{told}: the token that had expired"
        (before,) = tokens
        exchanges += 1
        house.revision()
        # Counted by the client from before it asked; the log's time is later than that.
        expires = asked[0]["time"] + ttl
        progress.at(done, f", {exchanges} exchanges, slowest round {slowest:.2f} s")
    return {
        "processes": processes, "rounds": rounds, "calls": processes * rounds, "exchanges": exchanges,
        "failed_exchanges": 0, "slowest_round_s": round(slowest, 2),
    }
