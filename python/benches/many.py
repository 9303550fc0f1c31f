"""Ten thousand logins at once in one process, against server.py: interval 60, one keep-alive client.

Prints memory per login, CPU per poll, and how late the polls were sent.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import httpx

import devicegrant
from devicegrant._host import SystemClock

LOGINS, INTERVAL = int(sys.argv[1]), int(sys.argv[2])
late: list[float] = []


class Measured(SystemClock):
    async def sleep_until(self, until, stretch):
        await super().sleep_until(until, stretch)
        late.append(time.monotonic() * 1000 - until)


def resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def main() -> None:
    server = subprocess.Popen([sys.executable, Path(__file__).with_name("server.py"), str(INTERVAL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
    issuer = server.stdout.readline().strip()
    waiting = 0

    def shown(_):
        nonlocal waiting
        waiting += 1

    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=None, trust_env=False) as http:
        client = devicegrant.Client(issuer, client_id="bench", scopes=["read"], store="memory", transport=http, prompt=shown)  # fmt: skip
        # The clock is the seam at which lateness can be seen.
        make = client._engine._host
        client._engine._host = lambda ways, clock=None: make(ways, Measured(ways))
        gate = asyncio.Semaphore(200)  # a server's front door, not ours: codes are asked for in turn
        engine = client._engine
        ask = engine._ask_for_a_code

        async def gated(*arguments):
            async with gate:
                return await ask(*arguments)

        engine._ask_for_a_code = gated
        before, started = resident(), time.monotonic()
        tasks = [asyncio.create_task(client.login()) for _ in range(LOGINS)]
        while waiting < LOGINS:
            await asyncio.sleep(0.2)
        held, used, begun = resident(), cpu(), time.monotonic() - started
        late.clear()
        await asyncio.gather(*tasks)
        used = cpu() - used
    server.stdin.close()
    server.wait(10)
    late.sort()
    print(json.dumps({
        "logins": LOGINS, "interval": INTERVAL, "begun_in_s": round(begun, 1), "polls": len(late),
        "bytes_per_login": (held - before) // LOGINS, "cpu_us_per_poll": round(used / len(late) * 1e6),
        "late_ms_p50": round(late[len(late) // 2], 1), "late_ms_p99": round(late[len(late) * 99 // 100], 1),
        "late_ms_max": round(late[-1], 1),
    }))  # fmt: skip


asyncio.run(main())
