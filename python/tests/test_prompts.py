"""How a person is asked: terminal, notebook, rich."""

import io
import os
import pty
import re
import sys

import pytest

import devicegrant
import devicegrant.sync
from support import named
from devicegrant import prompts


@pytest.fixture
def prompt(server):
    seen = []
    devicegrant.sync.Client(**{**named(server), "prompt": seen.append}, store="memory").login()
    return seen[0]


def test_a_terminal_is_chosen_where_there_is_one(server):
    program = f"""
import devicegrant.sync
devicegrant.sync.Client({server.issuer!r}, client_id="c", scopes=["read"], store="memory").login()
"""
    ours, theirs = pty.openpty()
    import subprocess

    process = subprocess.Popen([sys.executable, "-c", program], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    told = b""
    try:
        while chunk := os.read(ours, 4096):
            told += chunk
    except OSError:
        pass  # Linux says so where the other side is closed
    assert process.wait(20) == 0 and process.stdout.read() == b""
    os.close(ours)
    process.stdout.close()
    assert b"WDJB-MJHT" in told and f"{server.issuer}/open".encode() in told


def test_html_escapes_what_the_server_sent(prompt, monkeypatch):
    html = prompt._repr_html_()
    assert "WDJB-MJHT" in html and 'rel="noopener noreferrer"' in html and html.count("<svg") == 1

    class Evil:
        verification_uri = 'https://x.example/"><script>'
        verification_uri_complete, scopes, message, qr_modules = None, ("<b>",), "<i>", None
        user_code = "<script>"

    text = prompts.html(Evil())
    assert "<script>" not in text and "<b>" not in text and "<i>" not in text


def test_rich_and_the_plain_ones(prompt, capsys):
    from rich.console import Console

    into = io.StringIO()
    Console(file=into, width=80).print(prompt)
    assert "WDJB-MJHT" in into.getvalue() and "Sign in" in into.getvalue()
    for show in (prompts.terminal, prompts.plain, prompts.rich):
        show(prompt)
        out, err = capsys.readouterr()
        assert "WDJB-MJHT" in err and out == ""


def test_a_notebook_is_chosen_in_a_kernel(prompt, monkeypatch):
    import types

    shown = []
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    ipython.display = types.SimpleNamespace(display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    chosen = prompts.fitting()
    chosen(prompt)
    assert chosen is prompts.jupyter and shown == [prompt]


def test_the_forms_of_one_prompt(prompt):
    assert prompt.spoken.startswith("W, Whiskey.") and prompt.interval == 1
    assert len(prompt.qr_modules) == len(prompt.qr_modules[0])
    assert re.match(r"Prompt\(verification_uri=", repr(prompt))
