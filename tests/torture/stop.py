"""A process that renews is stopped before each of its steps for longer than its lease, another one
renews, and the first goes on: what the other one kept stays.

The machines take the time as data, so nobody waits: to the one who takes over, and to the one who
was stopped, 46 s have gone by at once. `real` is the same with the real 45 s.
"""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from house import BINARY, House, Progress, environment, refreshes
from launch import Server


def stop(folder):
    """Every step, at a server that spends refresh tokens and at one that does not."""
    kinds = {}
    for rotate in (True, False):
        server = Server("oidc", rotate=str(rotate).lower())
        house = House(Path(folder) / f"rotate-{rotate}", server)
        house.folder.mkdir()
        try:
            kinds["rotating" if rotate else "not_rotating"] = _every_step(house, rotate)
        finally:
            house.stop()
            server.stop()
    return kinds


def _stopped(process, timeout=30):
    """True once it has stopped; False where it ended without."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        if Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return True
        time.sleep(0.002)
    raise TimeoutError("it neither stopped nor ended")


def _every_step(house, rotate):
    token = house.sign_in()
    steps = house.run("stall", token).steps
    token = house.token()
    house.server.new_log()
    progress = Progress(f"stop, refresh tokens {'spent' if rotate else 'kept'} by use", len(steps))
    kinds = {"the_newer_stayed": 0, "between": 0, "at_the_send": 0}
    for k, step in enumerate(steps, 1):
        holder = house.start("stall", token, "--stop", k)
        assert _stopped(holder), (k, step)
        revision = house.revision()
        taker = house.run("stall", token, "--later")
        before = refreshes(house.server.new_log())
        holder.send_signal(signal.SIGCONT)
        held = house.end(holder)
        after = refreshes(house.server.new_log())
        told = (k, step, taker, held, before, after)
        house.revision()
        # The one who was stopped had its answer, or the server had, and had published nothing.
        in_between = len(before) > (taker.sent or 0) and taker.sent > 0
        if rotate and in_between:
            kinds["between"] += 1
            # The taker spent the same token and was told so; the tokens that the holder had in hand
            # are the newest there are, and stand over the end that was told too early.
            assert taker.error == "login_ended", told
            assert held.token and held.token != token and house.token() == held.token, told
            token = house.sign_in()
            continue
        assert taker.token and taker.token != token, told
        kept = house.token()
        assert (kept == taker.token, held.token == taker.token) == (True, True), told
        assert house.revision() > revision or not taker.sent, told
        if step == "send":
            # It had decided, and the time went by before the first byte: no client can close that.
            kinds["at_the_send"] += 1
            assert [line["status"] for line in after] == [400 if rotate else 200], told
            token = house.sign_in()
            continue
        if rotate or not in_between:
            assert [line["status"] for line in before + after] == [200], told
        kinds["the_newer_stayed"] += 1
        token = kept
        house.server.new_log()
        progress.at(k)
    return {"steps": len(steps), **kinds}


def real(folder):
    """With the real 45 s, the real client and the real command: stopped with the lease in hand, and
    stopped with the answer in hand."""
    results, problems = {}, []

    def one(name, step, rotate):
        try:
            results[name] = _real(Path(folder) / name, step, rotate)
        except BaseException as problem:  # noqa: BLE001, to be told by the thread that waits
            problems.append((name, problem))

    threads = [
        threading.Thread(target=one, args=("with_the_lease", "load: list", "true")),
        threading.Thread(target=one, args=("with_the_answer", "save: publish r", "false")),
    ]
    for thread in threads:
        thread.start()
    progress, begun = Progress("stop, the real 45 s", 60), time.monotonic()
    while any(thread.is_alive() for thread in threads):
        progress.at(min(59, int(time.monotonic() - begun)))
        time.sleep(0.5)
    progress.at(60)
    assert not problems, problems
    return results


def _real(folder, step, rotate):
    ttl = 8
    folder.mkdir()
    server = Server("oidc", access_ttl=ttl, rotate=rotate)
    house = House(folder, server)
    try:
        token = house.sign_in()
        steps = house.run("renew", token, "--kill", 1000).steps
        # The last of that name: the one under the lease.
        k = len(steps) - steps[::-1].index(step)
        if step == "load: list":
            k = max(n for n, name in enumerate(steps, 1) if name == step and n <= steps.index("send"))
        token = house.token()
        time.sleep(ttl + 0.1)
        server.new_log()
        holder = house.start("renew", token, "--stop", k)
        assert _stopped(holder)
        begun = time.monotonic()
        taker = subprocess.run(
            [BINARY, "token", server.issuer, "--client-id", "public"],
            env=environment(folder), capture_output=True, timeout=90, check=False,
        )
        waited = time.monotonic() - begun
        assert taker.returncode == 0, taker.stderr.decode()[:500]
        os.kill(holder.pid, signal.SIGCONT)
        held = house.end(holder)
        newer = taker.stdout.decode().strip()
        kept = house.token()
        log = refreshes(server.new_log())
        told = (step, held, waited, log)
        assert 45 <= waited < 50, told
        assert newer != token and (kept == newer, held.token == newer) == (True, True), told
        assert [line["status"] for line in log] == [200] * (1 if rotate == "true" else 2), told
        return {"waited_s": round(waited, 1), "exchanges": len(log), "the_newer_stayed": True}
    finally:
        house.stop()
        server.stop()
