"""At the highest log level, nothing that could sign somebody in stands anywhere in the output."""

import re
import signal
import sys
import time
from pathlib import Path

import pytest
from approve import decide
from command import Run, environment

# Also what the libraries below would say if somebody asked them to.
LOUD = {"RUST_LOG": "trace", "RUST_BACKTRACE": "1", "SSLKEYLOGFILE": "/dev/null"}


def assert_no_secret(run, secrets):
    output = run.out + run.err
    assert re.search("debug|trace", run.err, re.IGNORECASE), "-vv must log, or this test shows nothing"
    for secret in secrets:
        assert secret not in output, f"a secret of {len(secret)} characters is in the output"
        # Nor a piece of one that is long enough to help: redaction by truncation is no redaction.
        if len(secret) >= 24:
            assert secret[:12] not in output
            assert secret[-12:] not in output


@pytest.mark.parametrize("approve", [True, False], ids=["approved", "denied"])
@pytest.mark.parametrize("json", [True, False], ids=["json", "plain"])
def test_public_client(json, approve, command, proxy, own):
    server = own("oidc", issuer=proxy.origin)
    proxy.forward_to(server.origin)
    run = command.start(
        "login", proxy.origin, "--client-id", "public", "--scope", "openid", "--pkce", "-vv",
        *(["--json"] if json else []), **LOUD,
    )
    # The log names addresses before the prompt does.
    run.wait_for_err("Enter the code")
    code = re.search("[A-Z]{4}-[A-Z]{4}", run.err + run.out).group()
    decide(f"{proxy.origin}/device", code, approve=approve)
    assert run.end() == (0 if approve else 4), run.err
    # device code and verifier; when approved the access, the refresh and the identity token too.
    assert len(proxy.secrets) >= (5 if approve else 2)
    assert_no_secret(run, proxy.secrets)


def test_confidential_client_through_faults(command, proxy, own, at):
    server = own("dot", interval=1)
    proxy.forward_to(server.origin)
    behind = [argument.replace(server.origin, proxy.origin) for argument in at(server, "confidential")]
    run = command.start(
        "login", *behind, "--client-secret-env", "THE_SECRET", "-vv", "--json", **LOUD, THE_SECRET="dot:s3cret+/%&=",
    )
    prompt = run.event("prompt")
    proxy.fault = ("reset", None)
    proxy.wait_for_polls(len(proxy.polls) + 1)
    proxy.fault = ("html502", None)
    proxy.wait_for_polls(len(proxy.polls) + 1)
    proxy.fault = ("pass", None)
    decide(prompt["verification_uri"], prompt["user_code"])
    run.event("signed_in", timeout=60)
    assert run.end() == 0
    assert len(proxy.secrets) >= 3
    assert_no_secret(run, {*proxy.secrets, "dot:s3cret+/%&="})


def hide_from(secrets, texts):
    for text in texts:
        for secret in secrets:
            assert secret not in text and (len(secret) < 24 or secret[:12] not in text)


def test_everything_that_is_done_with_a_login(command, proxy, demo):
    """Each command at -vv: neither what it says, nor a file, nor a command line holds a secret."""
    server = demo(access_ttl=4)
    proxy.forward_to(server.issuer)
    to = ["--device-endpoint", f"{proxy.origin}/device_authorization", "--token-endpoint", f"{proxy.origin}/token"]
    tv = ["--client-id", "tv"]
    key = command.run("doctor", "--new-key").out.strip()
    env = {**LOUD, "DEVICEGRANT_KEY": key, "BAD": "a-token-that-was-refused-before"}
    runs = [command.run("login", *to, *tv, "--json", "-vv", **env)]
    time.sleep(2.2)
    printed = command.token(**env)
    assert printed in proxy.secrets
    watch = "import os, time; print(open(f'/proc/{os.getppid()}/cmdline').read()); print(open('/proc/self/cmdline').read())"
    for argv in (
        ["exec", "--env", "T", "-vv", "--", sys.executable, "-c", watch], ["status", "-vv"], ["status", "--json", "-vv"],
        ["renew", "--force", "-vv"], ["renew", "--all", "--force", "--json", "-vv"], ["doctor", "--json", "-vv"],
        ["doctor", "-vv"],
    ):
        runs.append(command.run(*argv, **env))
        assert runs[-1].code == 0 or argv[0] == "doctor", (argv, runs[-1].err)
    # Where the token is the result, it stands on stdout alone.
    for argv in (["token"], ["token", "--json"], ["headers"], ["token", "--reject-env", "BAD"]):
        run = command.run(*argv, "-vv", **env)
        assert run.code == 0 and any(secret in run.out for secret in proxy.secrets)
        run.stdout.clear()
        runs.append(run)
    files = [path.read_bytes().decode("latin-1") for path in Path(command.home / "store").rglob("*") if path.is_file()]
    runs.append(command.run("logout", "-vv", **env))
    server.stop()
    runs += [command.run(*argv, "-vv", **env) for argv in (["token"], ["logout"], ["renew"])]
    secrets = {*proxy.secrets, key, env["BAD"]}
    assert len(secrets) >= 8 and files
    hide_from(secrets, files)
    hide_from(secrets, [run.out + run.err for run in runs])
    assert all(re.search("DEBUG|TRACE", run.err) for run in (runs[0], *runs[4:8])), "-vv must log"


def test_no_core_is_dumped(command, demo):
    """Not to a disk, nor to a program that collects them: nothing of the memory can be had."""
    server = demo(decide="person")
    run = Run(["login", server.issuer, "--client-id", "tv", "--json"], environment(command.home))
    run.event("prompt")
    limits = Path(f"/proc/{run.process.pid}/limits").read_text()
    soft = re.search(r"Max core file size\s+(\S+)", limits).group(1)
    owner = Path(f"/proc/{run.process.pid}/environ").stat().st_uid
    run.signal(signal.SIGQUIT)
    assert run.end() == -signal.SIGQUIT
    assert soft == "0"
    assert owner == 0, "the system hides the memory of a process that may not be dumped"


def test_a_server_that_repeats_what_it_was_sent(command, hostile):
    """The server's own words are shown, but not our secrets inside them."""
    error, run = command.fails(
        f"{hostile.origin}/echo", "--client-id", "public", "--client-secret-env", "THE_SECRET", "-vv",
        **LOUD, THE_SECRET="a-secret-that-nobody-may-see",
    )
    assert error["error"] == "invalid_grant"
    assert_no_secret(run, {"the-device-code-of-the-hostile-server", "a-secret-that-nobody-may-see"})
