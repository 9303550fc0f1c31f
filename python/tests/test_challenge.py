"""Of several challenges of a server none is lost on its way through a transport (RFC 9110 §5.3). The
resource names `Basic` first, and in the other header its own scope, one of two that it has."""

import asyncio

import httpx
import httpx2
import pytest

import devicegrant
import devicegrant.sync
from devicegrant._transport import headers_of


def place(resource):
    return {"server": resource.address, "client_id": "client-1"}


def asked(pending):
    assert pending.prompt is not None
    return pending.prompt.scopes


def test_the_library_s_own(resource, loop):
    async def begin():
        return await devicegrant.Client(**place(resource)).begin()

    assert asked(loop(begin())) == ("read",)
    assert asked(devicegrant.sync.Client(**place(resource)).begin()) == ("read",)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_the_caller_s(resource, library):
    async def begin():
        async with library.AsyncClient(trust_env=False) as http:
            return await devicegrant.Client(**place(resource), transport=http).begin()

    assert asked(asyncio.run(begin())) == ("read",)
    with library.Client(trust_env=False) as http:
        assert asked(devicegrant.sync.Client(**place(resource), transport=http).begin()) == ("read",)


def test_only_challenges_are_a_list():
    sent = [("Retry-After", "5"), ("WWW-Authenticate", "Basic"), ("retry-after", "6"), ("www-authenticate", "Bearer")]
    assert headers_of(sent) == {"retry-after": "5", "www-authenticate": "Basic, Bearer"}
