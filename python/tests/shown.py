"""What a vector's outcome is compared with, as JSON."""

import json
from math import isqrt

from devicegrant import _native as native
from devicegrant._errors import DeviceGrantError


def prompt(there):
    modules = there.qr_modules()
    return {
        **vars(there.fields()),
        "text": there.text(), "plain": there.plain(), "spoken": there.spoken(),
        "qr_size": isqrt(len(modules)) if modules else None,
    }  # fmt: skip


def paste(there):
    return {**vars(there.fields()), "text": there.text(), "plain": there.plain()}


def tokens(there):
    return {
        **vars(there.fields()),
        "access_token": there.access_token(),
        "refresh_token": there.refresh_token(),
        "id_token": there.id_token(),
        "extra": {name: json.loads(value) for name, value in there.extra().items()},
    }


def renewal(there):
    rest, unsaved = there.rest(), there.unsaved()
    return {
        **tokens(there.login().tokens()),
        "revision": there.login().header().revision,
        "rest": rest.code if rest else None,
        "unsaved": unsaved.details().code if unsaved else None,
    }


def revoked(there):
    code = {"code": there.failure.details().code} if there.failure else {}
    return {"how": there.how, **code}


def grant(there):
    value = json.loads(there.json())
    endpoints, client = value.pop("endpoints"), value.pop("client")
    assert "secret" not in client
    return {**value, **endpoints, "auth": client["auth"], "client_id": client["id"]}


def error(there):
    names = ("code", "exit", "message", "error", "error_description", "error_uri")
    return {"class": type(there).__name__, **{name: getattr(there, name) for name in names}}


FORMS = {
    "tokens": (native.Tokens, tokens),
    "grant": (native.Grant, grant),
    "error": (DeviceGrantError, error),
    "renewal": (native.Renewal, renewal),
    "revoked": (native.Output.REVOKED, revoked),
}


def outcome(wanted, there, player, fields):
    ((kind, wished),) = wanted.items()
    if kind == "pending":
        assert isinstance(there, native.Pending), f"it ended with {there!r}"
        return player.check_pending(wished, there)
    if kind == "tokens" and isinstance(there, native.Login):
        there = there.tokens()
    type_, form = FORMS[kind]
    assert isinstance(there, type_), f"it ended with {there!r}"
    fields(wished, form(there), kind)
