"""Who is asking (OIDC bearer tokens) and what he may do (the authority table, default deny)."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.http.problems import Problem

_ALGORITHMS = ["RS256", "ES256", "PS256"]
_LEEWAY_S = 30
_KEYS_FOR_S = 300.0
_REFETCH_AFTER_S = 10.0
_FETCH_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A proven caller; `claims` are the token's, whole."""

    subject: str
    roles: frozenset[str]
    tenants: frozenset[str] = frozenset()
    party_id: str = ""
    grants: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict)


class Row(Protocol):
    """A row of the authority table: this role, where all these conditions hold."""

    @property
    def role(self) -> str: ...
    @property
    def when(self) -> tuple[str, ...]: ...


Resource = Mapping[str, str | None]
Condition = Callable[[Principal, Resource], bool]

BUILT_IN: Mapping[str, Condition] = {
    "tenant": lambda principal, resource: resource.get("tenant") in principal.tenants,
    "party": lambda principal, resource: bool(principal.party_id) and resource.get("party_id") == principal.party_id,
    "self": lambda principal, resource: (
        bool(resource.get("subject")) and resource.get("subject") in {principal.subject, *_own_refs(principal)}
    ),
    "granted": lambda principal, resource: resource.get("grant") in principal.grants,
    "reason": lambda _principal, resource: bool((resource.get("reason") or "").strip()),
}


def _own_refs(principal: Principal) -> set[str]:
    return {value for name, value in principal.claims.items() if name.endswith("_ref") and isinstance(value, str)}


class Authority:
    """The engine over the table `act -> rows`; conditions of the trade are added by whoever knows the trade."""

    def __init__(
        self, table: Mapping[str, Sequence[Row]], *, conditions: Mapping[str, Condition] | None = None
    ) -> None:
        self.table = table
        self._conditions = {**BUILT_IN, **(conditions or {})}

    def may(self, principal: Principal, act: str, resource: Resource) -> bool:
        """Whether any row allows it. Raises KeyError for an unknown act; an unknown condition never holds."""
        return any(
            row.role in principal.roles and all(self._holds(name, principal, resource) for name in row.when)
            for row in self.table[act]
        )

    def require(self, principal: Principal, act: str, resource: Resource) -> None:
        """Raises Problem: 403 for a role that never may, 422 where only the reason lacks, 404 for what is another's."""
        if self.may(principal, act, resource):
            return
        if not any(row.role in principal.roles for row in self.table[act]):
            raise Problem(403, "forbidden", f"none of your roles may {act}")
        if self.may(principal, act, {**resource, "reason": "given"}):
            raise Problem(422, "reason-required", errors=({"field": "reason", "message": "say why"},))
        raise Problem(404, "not-found")

    def _holds(self, name: str, principal: Principal, resource: Resource) -> bool:
        condition = self._conditions.get(name)
        return condition is not None and condition(principal, resource)


class Authenticator(Protocol):
    """Turns a bearer token into a principal, or raises Problem 401."""

    async def principal(self, token: str) -> Principal: ...


class OidcAuthenticator:
    """Checks signature, issuer, audience and times with the issuer's published keys, which are cached."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._audience = audience
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._fetching = asyncio.Lock()

    async def principal(self, token: str) -> Principal:
        try:
            claims = await self._claims(token)
            return _principal_of(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Problem(
                401, "unauthenticated", type(error).__name__, headers={"WWW-Authenticate": "Bearer"}
            ) from error

    async def _claims(self, token: str) -> dict[str, Any]:
        keys = await self._current(older_than_s=_KEYS_FOR_S)
        try:
            decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            # Perhaps the issuer has new keys; asked for at most every ten seconds.
            keys = await self._current(older_than_s=_REFETCH_AFTER_S)
            decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        registry.validate(decoded.claims)
        return dict(decoded.claims)

    async def _current(self, *, older_than_s: float) -> KeySet:
        async with self._fetching:
            if self._keys is None or time.monotonic() - self._fetched_at > older_than_s:
                self._keys = await self._fetch()
                self._fetched_at = time.monotonic()
            return self._keys

    async def _fetch(self) -> KeySet:
        try:
            async with httpx2.AsyncClient(timeout=_FETCH_TIMEOUT_S) as client:
                found = (await client.get(f"{self._issuer}/.well-known/openid-configuration")).raise_for_status().json()
                keys = (await client.get(found["jwks_uri"])).raise_for_status().json()
        except httpx2.HTTPError as error:
            if self._keys is not None:
                return self._keys
            raise Problem(503, "issuer-unavailable", headers={"Retry-After": "5"}) from error
        return KeySet.import_key_set(keys)


def _principal_of(claims: Mapping[str, Any]) -> Principal:
    return Principal(
        subject=str(claims["sub"]),
        roles=_names(claims.get("roles")),
        tenants=_names(claims.get("tenants")),
        party_id=str(claims.get("party_id") or ""),
        grants=_names(claims.get("grants")),
        claims=dict(claims),
    )


def _names(value: Any) -> frozenset[str]:
    return frozenset(str(each) for each in value) if isinstance(value, list) else frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal at a route that names an act; the route says on what before it does anything."""

    principal: Principal
    act: str
    authority: Authority

    def require(self, **resource: str | None) -> Principal:
        """The act on this resource (tenant=, party_id=, subject=, grant=, reason=). Raises Problem 403, 404, 422."""
        self.authority.require(self.principal, self.act, resource)
        return self.principal

    def tenant(self, asked: str | None) -> str:
        """The tenant to act in: the one asked for, else the caller's only one. Raises Problem 403, 404, 422."""
        if asked is None:
            if len(self.principal.tenants) != 1:
                raise Problem(422, "tenant-required", errors=({"field": "tenant", "message": "say which tenant"},))
            (asked,) = self.principal.tenants
        self.require(tenant=asked)
        return asked

    def may(self, **resource: str | None) -> bool:
        """The same as a question, for filtering lists."""
        return self.authority.may(self.principal, self.act, resource)


class _Act:
    """A dependency that proves the caller and fixes the act; refused at once where none of his roles has it."""

    def __init__(self, act: str, guard: "Guard") -> None:
        self.act = act
        self._guard = guard

    async def __call__(self, request: Request) -> Caller:
        principal = await self._guard.prove(request)
        if not any(row.role in principal.roles for row in self._guard.authority.table[self.act]):
            raise Problem(403, "forbidden", f"none of your roles may {self.act}")
        return Caller(principal, self.act, self._guard.authority)


class _Anyone:
    """A dependency that proves the caller and leaves the rest to the route."""

    act = "anyone"

    def __init__(self, guard: "Guard") -> None:
        self._guard = guard

    async def __call__(self, request: Request) -> Principal:
        return await self._guard.prove(request)


class Guard:
    """Makes the dependencies of routes: `caller: Annotated[Caller, Depends(guard.act("do-something"))]`."""

    def __init__(self, authenticator: Authenticator, authority: Authority) -> None:
        self._authenticator = authenticator
        self.authority = authority

    def act(self, act: str) -> _Act:
        """Raises KeyError at import of the routes for an act the table does not know."""
        if act not in self.authority.table:
            raise KeyError(f"the authority table has no act {act!r}")
        return _Act(act, self)

    def anyone(self) -> _Anyone:
        """Any proven caller; the route itself decides by who he is."""
        return _Anyone(self)

    async def prove(self, request: Request) -> Principal:
        """Raises Problem 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem(401, "unauthenticated", "a bearer token is needed", headers={"WWW-Authenticate": "Bearer"})
        return await self._authenticator.principal(token.strip())


def undeclared_routes(app: FastAPI, *, public: frozenset[str] = frozenset()) -> list[str]:
    """Routes without an act, besides health, OpenAPI and those named public: for each service's test."""
    return [
        f"{sorted(methods)} {path}"
        for path, methods, proofs in _proofs(app)
        if not proofs and path not in public and not path.startswith(("/health", "/metrics-json"))
    ]


def declared_acts(app: FastAPI) -> list[tuple[str, str, str]]:
    """(method, path, act) of every route that names one: what policy tests are generated from."""
    return [
        (method, path, proof.act)
        for path, methods, proofs in _proofs(app)
        for proof in proofs
        if isinstance(proof, _Act)
        for method in sorted(methods)
    ]


def _proofs(app: FastAPI) -> Iterator[tuple[str, set[str], list[_Act | _Anyone]]]:
    """(path, methods, what it asks of callers) of every route, those of included routers too (not of mounted apps)."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            calls = [each.call for each in context.dependant.dependencies]
            yield context.path or "", context.methods or set(), [c for c in calls if isinstance(c, _Act | _Anyone)]
