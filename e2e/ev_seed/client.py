"""The platform's APIs as a partner's program would call them: a bearer token, JSON, and retries that are safe."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from ev_lab.services import SPECS, Fleet

TIMEOUT_S = 30.0
DECIDED_WITHIN_S = 20.0
ASK_AGAIN_AFTER_S = 0.2


class Declined(RuntimeError):
    """The platform said no; `problem` is its RFC 9457 body."""

    def __init__(self, what: str, status: int, problem: Any) -> None:
        super().__init__(f"{what}: HTTP {status} {problem}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Roots of the edges, as `make status JSON=1` prints them."""

    issuer: str
    urls: Mapping[str, str]
    ocpp: str

    @classmethod
    def of_status(cls, status: Mapping[str, Any]) -> Self:
        """From the JSON that `make status JSON=1` prints."""
        urls = {edge["name"]: edge["address"] for edge in status["edges"]}
        return cls(issuer=urls["issuer"], urls=urls, ocpp=urls["ocpp"].rpartition("/")[0])

    @classmethod
    def of_services(cls, services: Fleet) -> Self:
        """Where the services of this machine are reached."""
        urls = {name: services.url(name) for name in SPECS}
        return cls(issuer=urls["issuer"], urls=urls, ocpp=services.ocpp_url.rstrip("/"))


@dataclass(slots=True, kw_only=True)
class Platform:
    """A client of all command and read-model APIs. Use as `async with`."""

    addresses: Addresses
    _client: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(timeout=TIMEOUT_S))
    _tokens: dict[str, str] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def token(self, user: str) -> str:
        """The bearer token of a demo user, asked for once."""
        if user not in self._tokens:
            form = {"grant_type": "password", "username": user}
            answer = await self._client.post(f"{self.addresses.issuer}/token", data=form)
            if answer.status_code != httpx2.codes.OK:
                raise Declined(f"token of {user}", answer.status_code, answer.text)
            self._tokens[user] = answer.json()["access_token"]
        return self._tokens[user]

    def forget(self, user: str) -> None:
        """Ask for a new token next time: what it may do has changed."""
        self._tokens.pop(user, None)

    async def request(self, user: str, method: str, service: str, path: str, **more: Any) -> httpx2.Response:
        """One request as that user; whatever comes back."""
        headers = {"Authorization": f"Bearer {await self.token(user)}", **more.pop("headers", {})}
        url = f"{self.addresses.urls[service]}{path}"
        return await self._client.request(method, url, headers=headers, **more)

    async def get(self, user: str, service: str, path: str, **more: Any) -> Any:
        """The JSON behind a path. Raises Declined."""
        answer = await self.request(user, "GET", service, path, **more)
        return _content(f"GET {path}", answer)

    async def post(self, user: str, service: str, path: str, body: Any, **more: Any) -> Any:
        """Say a command; the same one twice is one. Raises Declined."""
        key = hashlib.sha256(f"{user} {service} {path} {json.dumps(body, sort_keys=True)}".encode()).hexdigest()
        headers = {"Idempotency-Key": key, **more.pop("headers", {})}
        async with asyncio.timeout(DECIDED_WITHIN_S):
            while True:
                answer = await self.request(user, "POST", service, path, json=body, headers=headers, **more)
                if answer.status_code != httpx2.codes.ACCEPTED:
                    return _content(f"POST {path}", answer)
                await asyncio.sleep(ASK_AGAIN_AFTER_S)


def _content(what: str, answer: httpx2.Response) -> Any:
    content = answer.json() if answer.content else None
    if not answer.is_success:
        raise Declined(what, answer.status_code, content)
    return content
