"""A conversation in which the client may have to be registered: `register` and `register_begin`."""

import base64
import json
from urllib.parse import parse_qsl

from devicegrant import _native as native
from devicegrant._driver import drive
from devicegrant._errors import DeviceGrantError, failure_of

import kept as stores
import replay

# The issuer whose client a vector is about, where the store has none at the start.
ISSUER = "https://auth.example.com"
GO, Step = native.Input.GO(), native.Step


def register(issuer, scopes):
    """A registration there, before its first step."""
    options = native.Options(target=issuer, scopes=scopes)
    metadata = {
        "issuer": issuer, "device_authorization_endpoint": f"{issuer}/d",
        "token_endpoint": f"{issuer}/t", "registration_endpoint": f"{issuer}/r",
    }  # fmt: skip
    flow, step = native.Flow.discover_registering(options, None), GO
    while not isinstance(step := flow.step(replay.WALL, replay.STEADY, step), Step.DONE):
        step = stores.response(metadata)
    return native.Flow.register(options, step.output.grant, stores.key(), bytes([5]) * 32)


def folder(issuer):
    """Where the client of that issuer is kept."""
    return register(issuer, []).step(replay.WALL, replay.STEADY, GO).id


def kept(one):
    """A client as a registration at that time would have kept it: its folder, and what is there."""
    revision, answer = one.get("revision", 1), json.dumps(one["answer"]).encode()
    flow, told = register(one["issuer"], one.get("scopes", [])), GO
    while not isinstance(step := flow.step(replay.WALL - one.get("ago_ms", 0), 1000, told), Step.SAVE):
        told = native.Input.LOADED(None, revision - 1)
        if isinstance(step, Step.SEND):
            told = native.Input.RESPONSE(native.Response(status=201, headers={}, body=answer))
    return step.id, (step.bytes, revision)


def opened(asked):
    """What was saved, as another login of another process finds it."""
    flow, told = register(ISSUER, []), GO
    while not isinstance(step := flow.step(replay.WALL, replay.STEADY, told), Step.DONE):
        replay.same(asked["id"], step.id, "the client's folder")
        told = native.Input.LOADED(asked["bytes"], asked["expected"] + 1)
    grant = step.output.registered.grant()
    client = json.loads(grant.json())["client"]
    return {"client_id": client["id"], "client_secret": secret(grant), "auth": client["auth"]}


def secret(grant):
    """The client's secret, which only a request shows."""
    step = native.Flow.begin(grant, replay.RANDOM).step(replay.WALL, replay.STEADY, GO)
    basic = step.request.headers.get("authorization", "").removeprefix("Basic ")
    if basic:
        return base64.b64decode(basic).decode().partition(":")[2]
    return dict(parse_qsl(step.request.body.decode())).get("client_secret")


async def run(vector, player):
    store = player.kept = stores.Store(vector)
    there = vector.get("registered")
    store.names[folder(there["issuer"] if there else ISSUER)] = "client"
    if there:
        store.there.update([kept(there)])
    own = vector.get("own_provider")
    own = json.dumps(own) if own is not None else None
    grant = (await drive(native.Flow.discover_registering(store.options, own), player)).grant
    flow = native.Flow.register(store.options, grant, stores.key(), replay.RANDOM)
    registered = (await drive(flow, player)).registered
    if vector["flow"] == "register":
        return registered.grant()

    def begin():
        return drive(native.Flow.begin(registered.grant(), replay.RANDOM), player)

    try:
        return (await begin()).pending
    except DeviceGrantError as error:
        anew = registered.anew(failure_of(error), stores.key(), bytes([9]) * 32)
        if anew is None:
            raise
    registered = (await drive(anew, player)).registered
    return (await begin()).pending
