"""What a client is made of; everything has a default."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from . import _native, prompts
from ._engine import Engine
from ._errors import call, new, of
from ._keys import Keys, key_of
from ._store import Stored
from ._transport import sender
from ._ways import Ways


class Given:
    """What the caller named, secrets among it: a traceback shows its type and no more."""

    __slots__ = ("_named", "server")

    def __init__(self, named: dict[str, Any]) -> None:
        self._named = named
        self.server: str | None = named["target"]

    def keys(self) -> Keys | None:
        if self._named["key"] is None:
            del self._named["key"]
            return None
        return Keys(key_of(self._named.pop("key")))

    def options(self, scopes: Sequence[str], params: Mapping[str, str] | None) -> _native.Options:
        try:
            return _native.Options(scopes=list(scopes), params=dict(params or {}), **self._named)
        except _native.Failure as failure:
            error = of(failure)
        except (TypeError, ValueError) as why:
            error = new("bad_option", f"an option is of the wrong type: {why}")
        raise error


def build(
    ways: Callable[[], Ways],
    given: Given,
    *,
    scopes: Sequence[str],
    params: Mapping[str, str] | None,
    home: Any,
    store: Any,
    key_source: str | None,
    unattended: bool,
    transport: Any,
    ca: Any,
    prompt: Callable[[Any], Any] | None,
    on_event: Callable[[Mapping[str, Any]], object] | None,
) -> Engine:
    scopes = scopes.split() if isinstance(scopes, str) else scopes
    keys = given.keys()
    options = given.options(scopes, params)
    place = call(_native.Home, None if home is None else str(home))
    name = options.provider_name()
    own_provider = call(place.provider, name) if name else None
    if store in ("auto", "file"):
        kept: Any = _native.FileStore(place)
        keys = keys or Keys(home=place, source=key_source, unattended=unattended)
    elif store == "memory":
        kept = call(_native.MemoryStore)
        keys = keys or Keys.of_this_process()
    elif isinstance(store, str):
        raise new("bad_option", "store is auto, file, memory, or an object with the four methods")
    else:
        missing = [m for m in ("load", "save", "lock", "unlock") if not hasattr(store, m)]
        if missing:
            raise new("bad_option", f"the store has no method {missing[0]}")
        kept, keys = store, keys or Keys()
    return Engine(
        options=options,
        own_provider=own_provider,
        ways=ways,
        sender=sender(transport, None if ca is None else str(ca)),
        store=Stored(kept),
        keys=keys,
        prompt=prompt or prompts.fitting(),
        observer=None if on_event is None else lambda text: _tell(on_event, text),
        server=given.server,
    )


def _tell(on_event: Callable[[Mapping[str, Any]], object], text: str) -> None:
    import json

    on_event(json.loads(text))
