"""The network breaks in the middle of polling: the sign-in still succeeds, at no faster a pace."""

import pytest
from approve import decide

FAULTS = {
    # 10 s without a listener; then one poll each that meets the fault.
    "refused": None,
    "html502": ("html502", None),
    "retry": ("retry", 9),
    "reset": ("reset", None),
}


def begin(kind, command, proxy, own, at):
    """A login through the proxy: (run, interval that the server asked for)."""
    if kind == "oidc":
        # The server must know the proxy's address as its own, or discovery would find another issuer.
        server = own("oidc", issuer=proxy.origin)
        proxy.forward_to(server.origin)
        return command.start("login", proxy.origin, "--client-id", "public", "--scope", "read", "--json"), 5
    server = own("dot", interval=2)
    proxy.forward_to(server.origin)
    behind = [argument.replace(server.origin, proxy.origin) for argument in at(server)]
    return command.start("login", *behind, "--json"), 2


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["oidc", "dot"])
def test_outage(kind, fault, command, proxy, own, at):
    run, interval = begin(kind, command, proxy, own, at)
    prompt = run.event("prompt")
    proxy.wait_for_polls(1)
    if fault == "refused":
        proxy.refuse(10)
    else:
        proxy.fault = FAULTS[fault]
        proxy.wait_for_polls(2)
        proxy.fault = ("pass", None)
    proxy.wait_for_polls(3)
    decide(prompt["verification_uri"], prompt["user_code"])
    assert run.event("signed_in", timeout=60)["refreshable"] is True
    assert run.end() == 0

    gaps = proxy.gaps()
    assert min(gaps) >= interval, gaps
    if fault == "refused":
        assert gaps[0] >= 10, gaps
    if fault == "retry":
        assert gaps[1] >= 9, gaps
    # What the fault taught stays for the rest of the sign-in: a bare 429 is a slow_down, a lost
    # answer doubles the interval, and neither is ever taken back.
    learned = {"retry": interval + 5, "reset": 2 * interval}.get(fault, interval)
    assert min(gaps[1:]) >= learned, gaps
