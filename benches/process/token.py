"""The whole process that prints a token: `devicegrant token` beside `gh auth token`.

    python3 benches/process/token.py [RUNS]

Both read a login that is kept in files and is fresh; no server is asked. CPU is what the system
charged to the process and its children (user and system), wall is from start to end; medians.
Debian has `gh`, `gnome-keyring` and `dbus`; what is not there is left out. The login is made at
`devicegrant demo`.
"""
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "e2e"))
from session_bus import Session  # noqa: E402

BINARY = os.environ.get("DEVICEGRANT_BIN", "target/release/devicegrant")


def measure(command, environment, runs):
    cpu, wall = [], []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        wall.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode or not done.stdout.strip():
            raise SystemExit(f"{command} failed: {done.stderr}")
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(cpu) * 1000, statistics.median(wall) * 1000


def sign_in(home, environment, key="file"):
    """A login at the demo's server, approved by its script."""
    script = json.dumps({"interval": 1, "decide": {"approve": {"after_polls": 0}}, "access_ttl": 86400})
    demo = subprocess.Popen([BINARY, "demo", "--serve", "0", "--script", script], stdout=subprocess.PIPE, text=True)
    try:
        issuer = json.loads(demo.stdout.readline())["issuer"]
        login = [BINARY, "--home", home, "--key", key, "login", issuer, "--client-id", "bench", "--json"]
        subprocess.run(login, env=environment, check=True, capture_output=True)
        return issuer
    finally:
        demo.terminate()
        demo.wait()


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "GH_CONFIG_DIR": f"{folder}/gh"}
        show("sh -c 'echo x'", ["sh", "-c", "echo x"], environment, runs)
        issuer = sign_in(f"{folder}/home", environment)
        show("devicegrant token, key in a file", [BINARY, "--home", f"{folder}/home", "token", issuer], environment, runs)
        if shutil.which("gnome-keyring-daemon") and shutil.which("dbus-daemon"):
            session = Session(f"{folder}/session")
            try:
                issuer = sign_in(f"{folder}/desktop", session.environment, "keyring")
                command = [BINARY, "--home", f"{folder}/desktop", "token", issuer]
                show("devicegrant token, key in gnome-keyring", command, session.environment, runs)
            finally:
                session.stop()
        if shutil.which("gh"):
            Path(folder, "gh").mkdir(mode=0o700)
            hosts = "github.com:\n    oauth_token: gho_0123456789\n    user: someone\n    git_protocol: https\n"
            Path(folder, "gh", "hosts.yml").write_text(hosts)
            show("gh auth token", ["gh", "auth", "token"], environment, runs)


def show(name, command, environment, runs):
    cpu, wall = measure(command, environment, runs)
    print(f"{name:40} {cpu:6.2f} ms CPU  {wall:6.2f} ms wall  ({runs} runs)", flush=True)


if __name__ == "__main__":
    main()
