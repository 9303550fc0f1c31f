"""The stores of this package for who keeps the SDKs' own authorization: sealed, on files, in Redis
or wherever logins may be."""

from __future__ import annotations

import json
import time
from os import urandom
from typing import TYPE_CHECKING, Any, Mapping, Sequence, SupportsFloat

from .. import _native
from .._errors import DeviceGrantError, call, new, of
from .._keys import Keys, key_of
from .._store import Store, Stored
from .._stretch import Stretch
from .._ways import current

if TYPE_CHECKING:
    from os import PathLike

    from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

_TRIES = 5
Input: Any = _native.Input


class KeyValue:
    """`AsyncKeyValue` of py-key-value, as fastmcp takes it, over a store of this package.

        OAuth(token_storage=KeyValue())
        OAuth(token_storage=KeyValue(RedisStore(redis, "values"), key=key))

    A value is sealed, and its names do not show; it is bound to its place, and may have 60 KiB. It is
    for names that stay, as a client's are: one that was ever used leaves a little behind, and what is
    out of time is taken away when it is asked for. A server's `OAuthProxy`, which makes names for each
    request, wants a `client_storage` that clears up by itself: fastmcp's own, or py-key-value's store
    for Redis in its `FernetEncryptionWrapper`.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        key: bytes | str | None = None,
        home: str | PathLike[str] | None = None,
        default_collection: str = "default",
    ) -> None:
        """By default files in the folder `values` of the home of logins, sealed with its key.
        `store` has to be one of its own, as a `RedisStore` with another prefix is, and needs a
        `key`, `DEVICEGRANT_KEY` or `DEVICEGRANT_KEY_COMMAND`.
        """
        keys = None if key is None else Keys(key_of(key))
        key = None  # a traceback may show what stands here
        if store is None:
            place = call(_native.Home, None if home is None else str(home))
            inside = call(_native.Home, f"{place.path()}/values")
            self._stored = Stored(_native.FileStore(inside))
            self._keys = keys or Keys(home=place)
        else:
            self._stored = Stored(store)
            self._keys = keys or Keys()
        self._default = default_collection

    def __repr__(self) -> str:
        return f"KeyValue({self._stored.describe()})"

    async def _load(self, value: _native.Value) -> tuple[Any, int]:
        answer = await self._stored.with_ways(current()).load(value.id(), Stretch())
        _raise_where_failed(answer)
        if answer.bytes is None:
            return None, answer.revision
        key = await self._keys.key(False, current(), Stretch())
        plain = call(value.open, key, answer.revision, answer.bytes)
        return json.loads(plain), answer.revision

    async def _change(self, value: _native.Value, wanted: Mapping[str, Any] | None) -> bool:
        """Writes it, or nothing in its place; true where something was there before."""
        key = await self._keys.key(True, current(), Stretch())
        for _ in range(_TRIES):
            there = await self._stored.with_ways(current()).load(value.id(), Stretch())
            _raise_where_failed(there)
            if wanted is None and there.bytes is None:
                return False
            sealed = None
            if wanted is not None:
                plain = json.dumps(wanted).encode()
                sealed = call(value.seal, key, urandom(32), there.revision + 1, plain)
            stored = self._stored.with_ways(current())
            answer = await stored.save(value.id(), sealed, there.revision, Stretch())
            _raise_where_failed(answer)
            if not isinstance(answer, Input.CONFLICT):
                return there.bytes is not None
        raise new("store_busy", f"a value changed {_TRIES} times while it was being written")

    def _named(self, key: str, collection: str | None) -> _native.Value:
        return _native.Value(collection or self._default, key)

    async def ttl(
        self, key: str, *, collection: str | None = None
    ) -> tuple[dict[str, Any] | None, float | None]:
        value = self._named(key, collection)
        there, revision = await self._load(value)
        if there is None:
            return None, None
        until = there["until"]
        if until is None:
            return there["value"], None
        left = until - time.time()
        if left > 0:
            return there["value"], left
        # Whoever wrote it again meanwhile wins, and where nothing can be written nothing is lost.
        await self._stored.with_ways(current()).save(value.id(), None, revision, Stretch())
        return None, None

    async def get(self, key: str, *, collection: str | None = None) -> dict[str, Any] | None:
        return (await self.ttl(key, collection=collection))[0]

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        until = None if ttl is None else time.time() + float(ttl)
        await self._change(self._named(key, collection), {"value": dict(value), "until": until})

    async def delete(self, key: str, *, collection: str | None = None) -> bool:
        return await self._change(self._named(key, collection), None)

    async def get_many(
        self, keys: Sequence[str], *, collection: str | None = None
    ) -> list[dict[str, Any] | None]:
        return [await self.get(key, collection=collection) for key in keys]

    async def ttl_many(
        self, keys: Sequence[str], *, collection: str | None = None
    ) -> list[tuple[dict[str, Any] | None, float | None]]:
        return [await self.ttl(key, collection=collection) for key in keys]

    async def put_many(
        self,
        keys: Sequence[str],
        values: Sequence[Mapping[str, Any]],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        for key, value in zip(keys, values, strict=True):
            await self.put(key, value, collection=collection, ttl=ttl)

    async def delete_many(self, keys: Sequence[str], *, collection: str | None = None) -> int:
        return sum([await self.delete(key, collection=collection) for key in keys])


class TokenStorage:
    """The SDK's `TokenStorage`, of `mcp` 1.x and 2.x, over a store of this package.

        OAuthClientProvider(server_url, metadata, storage=TokenStorage(server_url), …)

    It keeps what the SDK gives it. The SDK renews without a lock: several processes that share a
    login want `DeviceAuth`, which needs no storage.
    """

    def __init__(self, server_url: str, values: KeyValue | None = None, **options: Any) -> None:
        """`options` are those of `KeyValue`, where none is given."""
        self._values = values or KeyValue(**options)
        self._server_url = server_url

    def __repr__(self) -> str:
        return f"TokenStorage({self._server_url!r}, {self._values!r})"

    async def get_tokens(self) -> OAuthToken | None:
        from mcp.shared.auth import OAuthToken

        there = await self._values.get(self._server_url, collection="mcp-tokens")
        if there is None:
            return None
        tokens = OAuthToken.model_validate(there["tokens"])
        if there["until"] is not None:
            # What is left of it: counted from a restart it would live for ever.
            tokens.expires_in = max(0, int(there["until"] - time.time()))
        return tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        until = None if tokens.expires_in is None else time.time() + tokens.expires_in
        value = {"tokens": tokens.model_dump(mode="json", exclude_none=True), "until": until}
        await self._values.put(self._server_url, value, collection="mcp-tokens")

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        from mcp.shared.auth import OAuthClientInformationFull

        there = await self._values.get(self._server_url, collection="mcp-clients")
        return None if there is None else OAuthClientInformationFull.model_validate(there)

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        value = client_info.model_dump(mode="json", exclude_none=True)
        await self._values.put(self._server_url, value, collection="mcp-clients")


def _raise_where_failed(answer: Any) -> None:
    if isinstance(answer, Input.FAILED):
        error: DeviceGrantError = of(answer.failure)
        raise error
