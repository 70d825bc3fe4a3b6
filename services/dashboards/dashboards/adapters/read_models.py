"""The read-model APIs over HTTP, asked with the user's own token."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from dashboards.ports import GATEWAY, NotYours, SignInAgain, Unavailable, User

TIMEOUT = httpx2.Timeout(5.0)
LOOKING_BACK = httpx2.Timeout(5.0, read=12.0)
"""The gateway reads a film out of the log, for ten seconds at most."""
STREAMING = httpx2.Timeout(5.0, read=None)
"""A stream is quiet between changes; its heartbeat is watched in the browser."""
CONNECTIONS = httpx2.Limits(max_connections=500)


class HttpReadModels:
    """One client for all roles; `root_of` gives a role's API."""

    def __init__(self, root_of: Callable[[str], str], *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._root_of = root_of
        self._client = httpx2.AsyncClient(timeout=TIMEOUT, limits=CONNECTIONS, transport=transport)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def read(self, role: str, path: str, user: User, query: Mapping[str, str]) -> Mapping[str, Any]:
        url, timeout = f"{self._root_of(role)}{path}", LOOKING_BACK if role == GATEWAY else TIMEOUT
        try:
            answer = await self._client.get(url, params=dict(query), headers=_bearer(user), timeout=timeout)
        except httpx2.HTTPError as error:
            raise Unavailable(type(error).__name__) from error
        _check(answer.status_code)
        content: Mapping[str, Any] = answer.json()
        return content

    @asynccontextmanager
    async def stream(self, role: str, path: str, user: User) -> AsyncIterator[AsyncIterator[bytes]]:
        url = f"{self._root_of(role)}{path}"
        try:
            async with self._client.stream("GET", url, headers=_bearer(user), timeout=STREAMING) as answer:
                _check(answer.status_code)
                yield answer.aiter_raw()
        except httpx2.HTTPError as error:
            raise Unavailable(type(error).__name__) from error


def _bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {user.token}"}


def _check(status: int) -> None:
    if status == httpx2.codes.UNAUTHORIZED:
        raise SignInAgain
    if status in {httpx2.codes.FORBIDDEN, httpx2.codes.NOT_FOUND}:
        raise NotYours
    if status != httpx2.codes.OK:
        raise Unavailable(f"HTTP {status}")
