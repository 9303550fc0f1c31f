"""The command `devicegrant`, for `uvx devicegrant login …`: the same flags, events and exits as
the command in Rust, for what a Python program's operator needs. The rest is in that one."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Any, Callable

from ._errors import DeviceGrantError, new


def _place(parser: argparse.ArgumentParser, top: bool) -> None:
    """Flags that stand before or behind the command's name."""
    none: Any = None if top else argparse.SUPPRESS
    add = parser.add_argument
    add("--home", metavar="DIR", default=none, help="keep logins here")
    add("--key", metavar="SOURCE", default=none, choices=SOURCES, help="where a new home keeps its key")
    add("--store", metavar="NAME", default="auto" if top else none, choices=STORES,
        help="what keeps logins: file (auto), memory, or redis at DEVICEGRANT_REDIS_URL")  # fmt: skip
    add("--ca", metavar="FILE", default=none, help="trust the root certificates in this PEM file too")
    add("-v", "--verbose", action="count", default=0 if top else none, help="log requests")


SOURCES = ("keyring", "env", "command", "passphrase", "file")
STORES = ("auto", "file", "memory", "redis")
AUTHS = {
    "basic": "client_secret_basic", "post": "client_secret_post",
    "client_secret_basic": "client_secret_basic", "client_secret_post": "client_secret_post",
}  # fmt: skip


def _which(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("target", nargs="?", help="the address of an issuer or of a protected resource, or a provider")
    place.add_argument("--issuer", metavar="URL")
    place.add_argument("--server", metavar="URL", help="a protected resource, such as an MCP server")
    place.add_argument("--provider", metavar="NAME")
    for flag, what in (
        ("--client-id", "ID"), ("--resource", "URI"), ("--profile", "NAME"),
        ("--device-endpoint", "URL"), ("--token-endpoint", "URL"),
    ):  # fmt: skip
        parser.add_argument(flag, metavar=what)
    parser.add_argument("--expect-sub", dest="expected_sub", metavar="SUB",
        help="the sub of the account that has to approve (OpenID Connect)")  # fmt: skip
    parser.add_argument("--expect-account", dest="expected_account", metavar="ACCOUNT",
        help="the account that has to approve: a verified e-mail address, a username, or the sub")  # fmt: skip


_UNITS = (
    ("ms|msec|millis", 0.001), ("s|sec|secs|second|seconds", 1), ("m|min|mins|minute|minutes", 60),
    ("h|hr|hrs|hour|hours", 3600), ("d|day|days", 86_400), ("w|week|weeks", 604_800),
)  # fmt: skip


def span(text: str) -> float:
    """A time: seconds, or as in 90s, 5m, 1h 30m."""
    if text.isdigit():
        return float(text)
    parts = re.findall(r"(\d+)\s*([a-z]+)\s*", text)
    sizes = [next((size for names, size in _UNITS if re.fullmatch(names, unit)), None) for _, unit in parts]
    if parts and re.fullmatch(r"(\s*\d+\s*[a-z]+\s*)+", text) and None not in sizes:
        return sum(int(n) * (size or 0) for (n, _), size in zip(parts, sizes))
    raise argparse.ArgumentTypeError("write it as seconds, or as in 90s, 5m, 1h")


def _time(text: str) -> float:
    """The same, and not none at all."""
    return span(text) or span("")


def _pair(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not name or not is_there:
        raise argparse.ArgumentTypeError("write it as NAME=VALUE")
    return name, value


def _method(text: str) -> str:
    if text not in AUTHS:
        raise argparse.ArgumentTypeError("write client_secret_basic or client_secret_post")
    return AUTHS[text]


def parser() -> argparse.ArgumentParser:
    from importlib.metadata import version

    top = argparse.ArgumentParser(prog="devicegrant", allow_abbrev=False, description=(
        "Sign-in for programs that have no browser: approve on a phone, keep the token here."))  # fmt: skip
    top.add_argument("--version", action="version", version=f"devicegrant {version('devicegrant')}")
    _place(top, top=True)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, about: str, needs: bool = False) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        _place(one, top=False)
        _which(one)
        if needs:
            one.add_argument("--min-ttl", metavar="TIME", type=span, default=60.0)
            one.add_argument("--reject-env", metavar="VAR", help="holds a token that was just refused")
        return one

    login = command("login", "Sign in: shows an address and a code, waits for the approval, keeps the tokens")
    for flag, about in (
        ("--resume", "go on with a sign-in that was interrupted"), ("--pkce", "send a PKCE challenge"),
        ("--paste", "sign in by a pasted address, at a server that has no device endpoint"),
        ("--unattended", "refuse a key that a service, which has no desktop session, cannot reach"),
        ("--no-qr", "draw no QR code"), ("--plain", "plain lines that are never redrawn"),
        ("--spoken", "spell the code, to be read aloud"), ("--json", "one JSON object per line on stdout"),
        ("--open", "open the address in this machine's browser"),
    ):  # fmt: skip
        login.add_argument(flag, action="store_true", help=about)
    login.add_argument("--redirect-uri", metavar="URI",
        help="with --paste: where the browser is sent in the end, as the client is registered with")  # fmt: skip
    login.add_argument("--client-secret-env", metavar="VAR", help="holds the client secret")
    login.add_argument("--client-auth", metavar="METHOD", type=_method)
    login.add_argument("--client-metadata", metavar="URL", help="the client's own metadata document")
    login.add_argument("--scope", metavar="SCOPE", action="append", default=[])
    login.add_argument("--audience", metavar="AUDIENCE")
    login.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], type=_pair)
    login.add_argument("--timeout", metavar="TIME", type=_time)
    token = command("token", "Print the access token of a login, renewed where that is due", needs=True)
    token.add_argument("--json", action="store_true")
    command("headers", "Print the header that a request needs, as JSON", needs=True)
    status = command("status", "Say how the logins are doing, and how they are kept")
    status.add_argument("--json", action="store_true")
    logout = command("logout", "Sign out: revoke the tokens at the server and remove them here")
    logout.add_argument("--json", action="store_true")
    return top


def from_env(variable: str | None, what: str) -> str | None:
    """A secret comes by the environment: arguments can be read by every user of the machine."""
    if variable is None:
        return None
    return os.environ.get(variable) or _no(variable, what)


def _no(variable: str, what: str) -> str:
    raise new("bad_option", f"the environment variable {variable} holds no {what}")


def main(arguments: list[str] | None = None) -> int:
    from . import _commands, _output

    top = parser()
    given = top.parse_args(arguments)
    if getattr(given, "client_auth", None) and not given.client_secret_env:
        top.error("--client-auth needs --client-secret-env")
    if getattr(given, "redirect_uri", None) and not given.paste:
        top.error("--redirect-uri needs --paste")
    if getattr(given, "paste", False):
        for flag in ("resume", "open", "device_endpoint"):
            if getattr(given, flag):
                top.error(f"--paste cannot be used with --{flag.replace('_', '-')}")
    if given.verbose:
        import logging

        logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
        logging.getLogger("devicegrant").setLevel(logging.DEBUG)
    run: Callable[[Any], int] = getattr(_commands, given.command)
    try:
        return run(given)
    except DeviceGrantError as error:
        if error.code == "interrupted" and given.command != "login":
            error.hint = "Run the command again; nothing was lost."
        return _output.fail(error, bool(getattr(given, "json", False)))
