"""The OpenID provider: authorization code with PKCE (RFC 7636), as a public client."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dashboards.ports import SignInAgain, Unavailable, User

TIMEOUT_S = 5.0
ALGORITHMS = ["RS256", "ES256", "PS256"]


class OidcProvider:
    """One provider, by its discovery document, which is read once and again after a failure."""

    def __init__(
        self, issuer: str, client_id: str, audience: str, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._audience = audience
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_S, transport=transport)
        self._metadata: Mapping[str, Any] | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def authorize_url(self, *, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        metadata = await self._discovered()
        return f"{metadata['authorization_endpoint']}?{urlencode(asked)}"

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, nonce: str) -> User:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
        }
        metadata = await self._discovered()
        try:
            answer = await self._client.post(str(metadata["token_endpoint"]), data=form)
            keys = KeySet.import_key_set(await self._json(str(metadata["jwks_uri"])))
        except httpx2.HTTPError as error:
            raise Unavailable("the sign-in service does not answer") from error
        if answer.status_code != httpx2.codes.OK:
            raise SignInAgain
        told = answer.json()
        try:
            self._claims(told["id_token"], keys, audience=self._client_id, nonce=nonce)
            claims = self._claims(told["access_token"], keys, audience=self._audience)
        except (JoseError, ValueError, KeyError) as error:
            raise SignInAgain from error
        return User(
            name=str(claims.get("name") or claims["sub"]),
            roles=tuple(claims.get("roles", ())),
            token=told["access_token"],
            expires_at=int(claims["exp"]),
        )

    def _claims(self, token: str, keys: KeySet, *, audience: str, nonce: str | None = None) -> Mapping[str, Any]:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": audience},
            "exp": {"essential": True},
        }
        if nonce is not None:
            wanted["nonce"] = {"essential": True, "value": nonce}
        jwt.JWTClaimsRegistry(leeway=30, **wanted).validate(decoded.claims)
        return dict(decoded.claims)

    async def _discovered(self) -> Mapping[str, Any]:
        if self._metadata is None:
            try:
                self._metadata = await self._json(f"{self._issuer}/.well-known/openid-configuration")
            except httpx2.HTTPError as error:
                raise Unavailable("the sign-in service does not answer") from error
        return self._metadata

    async def _json(self, url: str) -> Any:
        answer = await self._client.get(url)
        answer.raise_for_status()
        return answer.json()
