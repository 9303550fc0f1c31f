"""Ways to show a prompt. Each is a callable for `Client(prompt=…)`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from ._values import Prompt


def terminal(prompt: Prompt) -> None:
    """Address, code and scopes, on stderr."""
    print(f"{prompt.text}\n\nWaiting for your approval …\n", file=sys.stderr, flush=True)


def plain(prompt: Prompt) -> None:
    """Plain sentences on stderr, for a screen reader."""
    print(prompt.plain, file=sys.stderr, flush=True)


def jupyter(prompt: Prompt) -> None:
    """Below the cell: a link, the code, and the QR code."""
    sys.modules["IPython"].display.display(prompt)


def rich(prompt: Prompt) -> None:
    """A panel on stderr, by the library rich."""
    from rich.console import Console

    Console(stderr=True).print(panel(prompt))


def panel(prompt: Prompt) -> Any:
    """The prompt as something that rich prints."""
    from rich.panel import Panel
    from rich.text import Text

    words = Text(prompt.text)
    words.highlight_words([prompt.user_code], "bold")
    words.highlight_words([prompt.verification_uri], "underline")
    return Panel(words, title="Sign in", expand=False)


def html(prompt: Prompt) -> str:
    """The prompt for a notebook. What the server sent is escaped."""
    from html import escape

    address = escape(prompt.verification_uri, quote=True)
    complete = escape(prompt.verification_uri_complete or prompt.verification_uri, quote=True)
    lines = [
        f'<p>To sign in, open <a href="{complete}" target="_blank" rel="noopener noreferrer">'
        f"{address}</a> and check that it shows this code, or enter it:</p>",
        f'<p style="font:bold 1.6em monospace">{escape(prompt.user_code)}</p>',
    ]
    if prompt.scopes:
        lines.append(f"<p>It asks for: {escape(', '.join(prompt.scopes))}</p>")
    if prompt.message:
        lines.append(f"<p>The server says: {escape(prompt.message)}</p>")
    modules = prompt.qr_modules
    if modules:
        lines.append(_svg(modules))
    return "\n".join(lines)


def _svg(modules: list[list[bool]]) -> str:
    size = len(modules) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z"
        for y, row in enumerate(modules)
        for x, dark in enumerate(row)
        if dark
    )
    return (
        f'<svg role="img" aria-label="QR code of the address" width="180" viewBox="0 0 {size} {size}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}"/></svg>'
    )


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def fitting() -> Callable[[Prompt], None] | None:
    """What fits where we are; none where nobody would read it."""
    if _in_notebook():
        return jupyter
    stderr = sys.stderr
    return terminal if stderr is not None and stderr.isatty() else None
