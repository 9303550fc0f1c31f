"""`Auth` for requests: `requests.get(url, auth=devicegrant.requests.Auth(client))`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.auth import AuthBase

from ._bearer import must_be_private

if TYPE_CHECKING:
    from .sync import Client


class Auth(AuthBase):
    """Adds the token of a `devicegrant.sync.Client`; a 401 renews it once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"Auth({self._client!r})"

    def __call__(self, request: Any) -> Any:
        at = urlsplit(request.url)
        must_be_private(at.scheme, at.hostname)
        request.headers["Authorization"] = f"Bearer {self._client.token()}"
        start = getattr(request.body, "tell", None)
        at = start() if start else None

        def answered(response: Any, **how: Any) -> Any:
            return self._answered(response, at, how)

        request.register_hook("response", answered)
        return request

    def _answered(self, response: Any, at: int | None, how: dict[str, Any]) -> Any:
        sent = response.request
        # After a redirect to another host requests takes the header away, and so it stays.
        if response.status_code != 401 or "Authorization" not in sent.headers:
            return response
        again = sent.copy()
        if at is not None:
            sent.body.seek(at)
        elif sent.body is not None and not isinstance(sent.body, (bytes, str)):
            return response  # a body that comes only once
        response.close()  # unread: a server need not let it end
        again.headers["Authorization"] = "Bearer " + self._client.token(
            reject=sent.headers["Authorization"][len("Bearer ") :]
        )
        answer = response.connection.send(again, **how)
        answer.history.append(response)
        answer.request = again
        return answer
