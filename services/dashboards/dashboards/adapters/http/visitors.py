"""Who is visiting: the session cookie, sealed, for this site only, gone with the token it carries."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from chassis.http import Seal, WrongToken
from dashboards.ports import SignInAgain, User

SESSION, SIGN_IN = "session", "sign-in"
SIGN_IN_WITHIN_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """Reads and writes the two cookies; `now` is wall time in seconds, as tokens have it."""

    seal: Seal
    secure: bool
    now: Callable[[], float] = time.time

    def user(self, request: Request) -> User:
        """The signed-in user. Raises SignInAgain."""
        kept = self._opened(request, SESSION)
        if kept is None or kept["expires_at"] <= self.now():
            raise SignInAgain
        return User(**{**kept, "roles": tuple(kept["roles"])})

    def remember(self, response: Response, user: User) -> None:
        """Sign the user in for as long as his token lives."""
        kept = {"name": user.name, "roles": user.roles, "token": user.token, "expires_at": user.expires_at}
        self._set(response, SESSION, kept, max_age=max(0, int(user.expires_at - self.now())))
        self._drop(response, SIGN_IN)

    def begin(self, response: Response, attempt: dict[str, str]) -> None:
        """Keep what the provider's answer must be compared with."""
        self._set(response, SIGN_IN, attempt, max_age=SIGN_IN_WITHIN_S)

    def attempt(self, request: Request) -> dict[str, str]:
        """What was kept at the beginning of the sign-in. Raises SignInAgain."""
        kept = self._opened(request, SIGN_IN)
        if kept is None:
            raise SignInAgain
        return dict(kept)

    def forget(self, response: Response) -> None:
        """Sign out."""
        self._drop(response, SESSION)

    def _opened(self, request: Request, name: str) -> Any:
        value = request.cookies.get(name)
        try:
            return None if value is None else self.seal.open(value)
        except WrongToken:
            return None

    def _set(self, response: Response, name: str, value: object, *, max_age: int) -> None:
        sealed = self.seal.seal(value)
        # Lax, not Strict: the provider's redirect back is a navigation from another site.
        response.set_cookie(name, sealed, max_age=max_age, httponly=True, samesite="lax", secure=self.secure, path="/")

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, httponly=True, samesite="lax", secure=self.secure, path="/")
