"""Runs the torture by hand: `cargo xtask torture [race|mixed|kill|stop] [--size ci|full]`.

Progress goes to stderr; the last line on stdout is the result as JSON.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from kill import kill
from mixed import mixed
from race import race
from stop import real, stop

WHAT = ["race", "mixed", "kill", "stop"]
SIZES = {
    "ci": {"race": (10, 10, 6), "mixed": (12, 3, 10), "kills": 100},
    "full": {"race": (100, 100, 6), "mixed": (100, 9, 40), "kills": 2000},
}


def run(what, size, folder):
    sizes = SIZES[size]
    if what == "race":
        return race(folder, *sizes["race"])
    if what == "mixed":
        return mixed(folder, *sizes["mixed"])
    if what == "kill":
        return kill(folder, sizes["kills"])
    result = stop(folder)
    if size == "full":
        result["real_45_s"] = real(folder)
    return result


def main():
    parser = argparse.ArgumentParser(description="Races, kills and stops of processes that renew one login.")
    parser.add_argument("what", nargs="?", choices=WHAT)
    parser.add_argument("--size", choices=SIZES, default="full")
    args = parser.parse_args()
    results = {"size": args.size, "cores": os.cpu_count()}
    failed = False
    for what in [args.what] if args.what else WHAT:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="torture-") as folder:
            try:
                results[what] = run(what, args.size, Path(folder))
            except AssertionError as violated:
                failed = True
                results[what] = {"violated": str(violated)}
        results[what]["seconds"] = round(time.monotonic() - begun)
    print(json.dumps(results))
    return failed


if __name__ == "__main__":
    sys.exit(main())
