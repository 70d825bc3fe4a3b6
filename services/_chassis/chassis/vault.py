"""The accounts' vault over HTTP, asked as a service with credentials of its own; its answers are never logged."""

import time

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.outbox import Retry

_TIMEOUT_S = 5.0
_RENEW_BEFORE_S = 30.0


class _Grant(BaseModel):
    model_config = ConfigDict(extra="ignore")
    access_token: str
    expires_in: float = 60.0


class VaultToken(BaseModel):
    """A token in clear."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    uid: str
    token_type: str
    token_ref: str
    contract_id: str | None = None


class ServiceTokens:
    """A bearer token by the client-credentials grant, kept until shortly before it expires."""

    def __init__(self, http: httpx2.AsyncClient, issuer: str, client_id: str, client_secret: str) -> None:
        self._http = http
        self._issuer = issuer.rstrip("/")
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._token = ""
        self._good_until = 0.0

    async def current(self) -> str:
        """Raises httpx2.HTTPError."""
        if time.monotonic() >= self._good_until:
            found = await self._http.get(f"{self._issuer}/.well-known/openid-configuration")
            endpoint = found.raise_for_status().json()["token_endpoint"]
            answer = await self._http.post(endpoint, data=self._form)
            grant = _Grant.model_validate_json(answer.raise_for_status().content)
            self._token = grant.access_token
            self._good_until = time.monotonic() + max(0.0, grant.expires_in - _RENEW_BEFORE_S)
        return self._token


class VaultClient:
    """Reads the vault's doors."""

    def __init__(self, *, url: str, issuer: str, client_id: str, client_secret: str) -> None:
        self._http = httpx2.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)
        self._url = url.rstrip("/")
        self._tokens = ServiceTokens(self._http, issuer, client_id, client_secret)

    async def close(self) -> None:
        """Release the connections."""
        await self._http.aclose()

    async def token(self, token_ref: str) -> VaultToken | None:
        """None where the vault has no such token (any more). Raises Retry where it does not answer."""
        try:
            bearer = await self._tokens.current()
            answer = await self._http.get(
                f"{self._url}/v1/vault/tokens/{token_ref}", headers={"Authorization": f"Bearer {bearer}"}
            )
            if answer.status_code == 404:
                return None
            return VaultToken.model_validate_json(answer.raise_for_status().content)
        except (httpx2.HTTPError, ValidationError, KeyError) as error:
            raise Retry(f"vault: {type(error).__name__}") from error
