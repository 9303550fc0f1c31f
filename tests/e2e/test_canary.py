"""At the highest log level, nothing that could sign somebody in stands anywhere in the output."""

import re

import pytest
from approve import decide

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


def test_a_server_that_repeats_what_it_was_sent(command, hostile):
    """The server's own words are shown, but not our secrets inside them."""
    error, run = command.fails(
        f"{hostile.origin}/echo", "--client-id", "public", "--client-secret-env", "THE_SECRET", "-vv",
        **LOUD, THE_SECRET="a-secret-that-nobody-may-see",
    )
    assert error["error"] == "invalid_grant"
    assert_no_secret(run, {"the-device-code-of-the-hostile-server", "a-secret-that-nobody-may-see"})
