"""What each command does."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from typing import Any, Callable

from . import _native
from ._cli import from_env
from ._errors import DeviceGrantError, StoreError, TryLater, new, of
from ._need import Need
from ._output import event, line, name, note, rfc3339, whose
from ._stop import unless_stopped
from ._typed import Typed, is_terminal
from ._values import PastePrompt, Prompt
from ._ways import finish
from .sync import Client


# What names a login, besides its target.
WHICH = (
    "issuer", "provider", "client_id", "resource", "expected_sub", "expected_account", "profile",
    "device_endpoint", "token_endpoint",
)  # fmt: skip


def _redis(given: Namespace) -> Any:
    if given.key not in (None, "env", "command"):
        raise new("bad_option", f"--key {given.key} is for a home: a Redis store takes its key from DEVICEGRANT_KEY or DEVICEGRANT_KEY_COMMAND")  # fmt: skip
    if not os.environ.get("DEVICEGRANT_REDIS_URL"):
        raise new("bad_option", "--store redis takes its address from DEVICEGRANT_REDIS_URL, which is not set: rediss://USER:PASSWORD@HOST:PORT/DB")  # fmt: skip
    try:
        import redis
    except ImportError:
        raise new("bad_option", "--store redis needs redis-py: pip install devicegrant[redis]") from None
    from .redis import RedisStore

    return RedisStore(redis.Redis.from_url(os.environ["DEVICEGRANT_REDIS_URL"]))


def _client(given: Namespace, **more: Any) -> Client:
    return Client(
        given.target or given.server,
        **{name: getattr(given, name) for name in WHICH},
        home=given.home,
        store=_redis(given) if given.store == "redis" else given.store,
        key_source=given.key if given.store != "redis" else None,
        ca=given.ca,
        **more,
    )


def login(given: Namespace) -> int:
    params = dict(given.param)
    if len(params) != len(given.param):
        repeated = next(n for n, _ in given.param if sum(n == m for m, _ in given.param) > 1)
        raise new("bad_option", f"--param {repeated} is given twice")
    asked: list[bool] = []
    client = _client(
        given,
        client_secret=from_env(given.client_secret_env, "client secret"),
        client_auth=given.client_auth, client_metadata=given.client_metadata,
        scopes=given.scope, audience=given.audience, params=params,
        pkce=True if given.pkce else None, prompt=_shower(given, asked),
        unattended=given.unattended, redirect_uri=given.redirect_uri,
    )  # fmt: skip
    try:
        with unless_stopped(given.timeout):
            engine = client._engine
            if given.paste:
                there: Any = _pasted(client, given)
            else:
                if not given.resume:
                    finish(engine.keys.key(True, engine._ways(), _calm()))
                    client.keep(client.begin())
                there = finish(engine.finish(True))
    except DeviceGrantError as error:
        waits = isinstance(error, TryLater) or error.code in ("interrupted", "gave_up")
        if waits and asked and given.store != "memory":
            error.hint = f"The sign-in is kept; while its code lives, this goes on with it: {_resumption(given)}"
        raise
    assert isinstance(there, _native.Login)
    _report(there, client, given)
    return 0


def _resumption(given: Namespace) -> str:
    """The command that goes on with the sign-in to this place, to be pasted into a shell."""
    import shlex

    words = ["devicegrant", "login", "--resume", *([given.target] if given.target else [])]
    for flag in ("server", *WHICH, "client_metadata", "home", "store", "ca"):
        value = getattr(given, flag)
        if value and (flag, value) != ("store", "auto"):
            words += ["--" + flag.replace("expected", "expect").replace("_", "-"), value]
    return shlex.join(words)


def _calm() -> Any:
    from ._stretch import Stretch

    return Stretch()


def _pasted(client: Client, given: Namespace) -> _native.Login:
    with Typed() as typed:

        def paste(prompt: PastePrompt) -> str | None:
            _show("paste", prompt, given, with_qr=prompt.trouble is None)
            if is_terminal():
                note("What you paste is not shown; end it with Enter.")
            return typed.line()

        return finish(client._engine.login_by_paste(paste))


def _show(
    kind: str, prompt: Prompt | PastePrompt, given: Namespace, with_qr: bool = True
) -> None:
    if given.json:
        fields = vars(prompt._held.fields()).copy()
        expires_at = rfc3339(fields.pop("expires_at_ms"))
        event({"event": kind, **fields, "expires_at": expires_at})
    plain = given.plain or given.verbose or os.environ.get("ACCESSIBLE") or os.environ.get("NO_COLOR")
    if plain or not sys.stderr.isatty():
        note(prompt.plain)
        return
    note(prompt.text)
    if with_qr and not given.no_qr:
        _draw(prompt)


def _draw(prompt: Prompt | PastePrompt) -> None:
    """The QR code, where it leaves the address in sight."""
    rows = prompt.qr or []
    columns, lines = os.get_terminal_size(sys.stderr.fileno())
    tall = sum(1 + max(0, len(line) - 1) // columns for line in prompt.text.splitlines())
    if rows and len(rows[0]) <= columns and len(rows) + tall + 4 <= lines:
        note("\n" + "\n".join(f"\x1b[97;40m{row}\x1b[0m" for row in rows))


def _shower(given: Namespace, asked: list[bool]) -> Callable[[Prompt], None]:
    def show(prompt: Prompt) -> None:
        asked.append(True)
        _show("prompt", prompt, given)
        if given.spoken:
            note(f"The code, spelled: {prompt.spoken}")
        left = max(0, round(prompt.expires_at.timestamp() - time.time()))
        note(f"Waiting for your approval; the code ends in {left // 60} min {left % 60} s.")
        if given.open:
            import webbrowser

            webbrowser.open(prompt.verification_uri_complete or prompt.verification_uri)

    return show


def _report(login: _native.Login, client: Client, given: Namespace) -> None:
    header, tokens = login.header(), login.tokens()
    fields = tokens.fields()
    warnings = [f"the server granted {s!r}, which was not asked for" for s in login.granted_beyond()]
    nobody = _native.Failure("no_login", "")
    wall = int(time.time() * 1000)
    warnings += _native.health(login, nobody, None, 0, wall).warnings
    ends = rfc3339(fields.refresh_expires_at_ms)
    if ends:
        warnings.append(f"the refresh token ends at {ends}: without a renewal before, somebody has to sign in again")  # fmt: skip
    if given.store == "memory":
        warnings.append("the login is in this process alone, and gone when it ends")
    expires_at = rfc3339(fields.expires_at_ms)
    if given.json:
        return event({
            "event": "signed_in", "profile": header.profile, "issuer": header.issuer,
            "scope": " ".join(fields.scopes), "token_type": fields.token_type,
            "expires_at": expires_at, "refresh_expires_at": ends,
            "refreshable": tokens.refresh_token() is not None, "store": client.store,
            "warnings": warnings,
        })  # fmt: skip
    note(f"Signed in to {header.issuer or header.target or 'the server'}.")
    if fields.scopes:
        note(f"It may: {' '.join(fields.scopes)}")
    if expires_at:
        note(f"The token lives until {expires_at}.")
    note(f"Kept in {client.store}")
    for warning in warnings:
        note(f"warning: {warning}")
    return None


def _session(given: Namespace) -> tuple[Client, _native.Login]:
    client = _client(given)
    need = Need(int(given.min_ttl * 1000), from_env(given.reject_env, "token"))
    with unless_stopped():
        return client, finish(client._engine.renew(need)).login()


def _unsaved(client: Client) -> int:
    """A token that could not be kept is good all the same, but whoever runs this has to know."""
    from ._output import fail

    unsaved = client._engine.unsaved
    return fail(of(unsaved, client._engine.help_base), False) if unsaved else 0


def token(given: Namespace) -> int:
    client, login = _session(given)
    tokens = login.tokens()
    if given.json:
        fields = tokens.fields()
        event({
            "access_token": tokens.access_token(), "token_type": fields.token_type,
            "expires_at": rfc3339(fields.expires_at_ms), "scope": " ".join(fields.scopes),
            "issuer": login.header().issuer,
        })  # fmt: skip
    else:
        line(tokens.access_token())
    return _unsaved(client)


def headers(given: Namespace) -> int:
    client, login = _session(given)
    event({"Authorization": f"Bearer {login.tokens().access_token()}"})
    return _unsaved(client)


def logout(given: Namespace) -> int:
    client = _client(given)
    with unless_stopped():
        outcome = finish(client._engine.logout())
    reasons = {"nothing": "nobody was signed in", "not_offered": "the server does not offer revocation"}
    failure = outcome.failure.details() if outcome.failure else None
    reason = failure.message if failure else reasons.get(outcome.how)
    if given.json:
        event({
            "event": "signed_out", "revoked": outcome.how == "at_server", "reason": reason,
            "code": failure.code if failure else None,
        })  # fmt: skip
    elif outcome.how == "nothing":
        note("Nobody was signed in here.")
    elif outcome.how == "at_server":
        note("Signed out: the server has revoked the tokens.")
    else:
        note("Signed out: the tokens are no longer kept here.")
        note(f"warning: they were not revoked at the server and live until they expire: {reason}")
    return 0


def status(given: Namespace) -> int:
    from ._output import fail

    client = _client(given)
    engine = client._engine
    if any(getattr(given, name) for name in ("target", "server", *WHICH)):
        found = finish(engine.look())
        health = finish(engine.health(found))
        _login(found.header(), health, given.json)
        if health.state in ("fresh", "expiring"):
            return 0
        return new(health.code or "token_expired", "").exit
    found_all, unread = finish(engine.survey())
    _kept(client, given)
    waiting = [found.header() for found in found_all if found.header().kind == "pending"]
    for found in found_all:
        if found.header().kind != "pending":
            _login(found.header(), finish(engine.health(found)), given.json)
    for header in waiting:
        _pending(header, given.json)
    if not found_all and not unread and not given.json:
        line("Nobody has signed in yet.")
    return max((fail(of(one), given.json) for one in unread), default=0)


WORDS = {
    "fresh": "its token is good", "expiring": "its token is renewed with the next use",
    "signed_out": "signed out", "unreachable": "cannot be used now",
}  # fmt: skip


def _login(header: _native.Header, health: _native.Health, as_json: bool) -> None:
    told = {
        "expires_at": rfc3339(health.expires_at_ms), "refreshable": health.refreshable,
        "refresh_expires_at": rfc3339(health.refresh_expires_at_ms),
        "signed_in_at": rfc3339(header.signed_in_at_ms), "reason": health.reason,
    }  # fmt: skip
    if as_json:
        return event({
            "event": "login", "state": health.state, "code": health.code, **told,
            "scope": " ".join(header.scopes), "ended_at": rfc3339(header.ended_at_ms),
            "warnings": health.warnings, **whose(header),
        })  # fmt: skip
    line(f"\n{name(header)}: {WORDS[health.state]}")
    for what, value in (
        ("because", health.reason), ("issuer", header.issuer if header.issuer != header.target else None),
        ("account", header.account), ("may", " ".join(header.scopes)), ("signed in", told["signed_in_at"]),
        ("token until", told["expires_at"]), ("renewable until", told["refresh_expires_at"]),
        *(("warning", warning) for warning in health.warnings),
    ):  # fmt: skip
        if value:
            line(f"  {what:16} {value}")
    return None


def _pending(header: _native.Header, as_json: bool) -> None:
    begun_at = rfc3339(header.signed_in_at_ms)
    if as_json:
        return event({"event": "pending", "begun_at": begun_at, **whose(header)})
    line(f"\n{name(header)}: a sign-in waits")
    line(f"  {'begun':16} {begun_at}")
    line(f"  {'go on':16} devicegrant login --resume {name(header)}")
    return None


def _kept(client: Client, given: Namespace) -> None:
    """Where the logins are, and what opens them."""
    engine = client._engine
    error: DeviceGrantError | None = None
    try:
        finish(engine.keys.key(False, engine._ways(), _calm()))
    except StoreError as why:
        error = why if engine.keys.chosen() or given.store == "redis" else None
    except DeviceGrantError as why:
        error = why
    # It may be silent now, and still is the one that is named.
    opened, source = engine.keys.opened, engine.keys.chosen()
    why_key = {
        "memory": "drawn for this process, kept nowhere",
        "redis": "from DEVICEGRANT_KEY, else from DEVICEGRANT_KEY_COMMAND",
    }.get(given.store) or (
        "named in home.json, where the first login put it" if source else
        "the first login chooses: --key, else a variable that is set, else the keyring, else a file"
    )  # fmt: skip
    if given.json:
        return event({
            "event": "store", "store": client.store, "key_source": source,
            "key_id": opened.key_id if opened else None, "key_why": why_key,
            "protects": opened.protects if opened else None,
            "unattended": source != "keyring" if source else None,
            "code": error.code if error else None, "reason": error.message if error else None,
        })  # fmt: skip
    line(f"Logins are kept in {client.store}")
    line(f"Their key: {source or 'not chosen yet'} ({why_key})")
    if opened:
        line(opened.protects)
    if error:
        line(f"warning: {error.message}")
    return None
