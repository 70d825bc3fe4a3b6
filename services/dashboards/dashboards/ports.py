"""What the pages need of others, in their own words."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who is signed in; `token` is his own bearer token, which every question to an API carries."""

    name: str
    roles: tuple[str, ...]
    token: str
    expires_at: int


class Unavailable(Exception):
    """An API did not answer, or answered that it cannot: the page says so, and what to do."""


class NotYours(Exception):
    """There is no such thing for this user."""


class SignInAgain(Exception):
    """The token is no longer taken."""


GATEWAY = "charger-gateway"
"""Among the APIs, the one that is no role's: it has the films of stations."""
ENGINEER = "cpo-engineer"
"""Who may see frames."""


class ReadModels(Protocol):
    """The read-model APIs, one a role, and the gateway's."""

    async def read(self, role: str, path: str, user: User, query: Mapping[str, str]) -> Mapping[str, Any]:
        """An answer's JSON. Raises Unavailable, NotYours or SignInAgain."""
        ...

    def stream(self, role: str, path: str, user: User) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The raw server-sent events behind a path. Raises as `read`."""
        ...


class Provider(Protocol):
    """The OpenID provider."""

    async def authorize_url(self, *, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        """Where the browser signs in. Raises Unavailable."""
        ...

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, nonce: str) -> User:
        """The user behind an authorization code. Raises SignInAgain or Unavailable."""
        ...
