"""Who asks is proven by his token, what he may do by the table: default deny, and foreign objects are not there."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey

from chassis.auth import Authority, Caller, Guard, OidcAuthenticator, Principal, undeclared_routes
from chassis.http import Problem, create_app
from chassis.testing import KnownCallers


@dataclass(frozen=True, slots=True)
class Row:
    role: str
    when: tuple[str, ...] = ()


TABLE: Mapping[str, tuple[Row, ...]] = {
    "open": (Row("owner", ("tenant", "reason")), Row("admin")),
    "read": (Row("owner", ("tenant",)), Row("person", ("self",)), Row("guest", ("never-heard-of",))),
}
OWNER = Principal(subject="o", roles=frozenset({"owner"}), tenants=frozenset({"t"}))
PERSON = Principal(subject="p", roles=frozenset({"person"}), claims={"person_ref": "ref-1"})


def refused(principal: Principal, act: str, **resource: str) -> int:
    with pytest.raises(Problem) as problem:
        Authority(TABLE).require(principal, act, resource)
    return problem.value.status


def test_a_role_acts_where_all_conditions_hold() -> None:
    Authority(TABLE).require(OWNER, "open", {"tenant": "t", "reason": "because"})
    Authority(TABLE).require(PERSON, "read", {"subject": "p"})
    Authority(TABLE).require(PERSON, "read", {"subject": "ref-1"})


def test_no_is_told_in_three_ways() -> None:
    assert refused(PERSON, "open", tenant="t", reason="x") == 403
    assert refused(OWNER, "open", tenant="other", reason="x") == 404
    assert refused(OWNER, "open", tenant="t", reason=" ") == 422
    assert refused(PERSON, "read", subject="o") == 404
    assert refused(PERSON, "read") == 404


def test_a_condition_nobody_knows_never_holds() -> None:
    assert refused(Principal(subject="g", roles=frozenset({"guest"})), "read", tenant="t") == 404


def test_an_act_that_is_not_in_the_table_cannot_be_guarded() -> None:
    with pytest.raises(KeyError):
        Guard(KnownCallers({}), Authority(TABLE)).act("fly")


def test_routes_without_an_act_are_found() -> None:
    app, guard = create_app("x"), Guard(KnownCallers({}), Authority(TABLE))

    @app.get("/guarded")
    async def guarded(caller: Annotated[Caller, Depends(guard.act("read"))]) -> None: ...

    @app.get("/forgotten")
    async def forgotten() -> None: ...

    assert undeclared_routes(app) == ["['GET'] /forgotten"]


def test_a_route_of_an_included_router_is_seen_too() -> None:
    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")

    @inner.get("/forgotten")
    async def forgotten() -> None: ...

    outer.include_router(inner)
    app = FastAPI()
    app.include_router(outer)
    assert undeclared_routes(app) == ["['GET'] /outer/inner/forgotten"]


class Issuer:
    """Publishes its keys over HTTP and signs what it is told."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
        self.url = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, str]:
            return {"jwks_uri": f"{self.url}/keys"}

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        return app

    def token(self, key: RSAKey | None = None, **changed: Any) -> str:
        claims = {
            "iss": self.url,
            "aud": "ours",
            "sub": "ann",
            "exp": int(time.time()) + 600,
            "roles": ["owner"],
            "tenants": ["t"],
            **changed,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "k1"}, kept, key or self.key)


@pytest.fixture
async def issuer() -> Any:
    known = Issuer()
    listening = socket.create_server(("127.0.0.1", 0))
    known.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(known.app(), log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield known
    server.should_exit = True
    await task


async def status(authenticator: OidcAuthenticator, token: str) -> int:
    with pytest.raises(Problem) as problem:
        await authenticator.principal(token)
    return problem.value.status


async def test_a_token_of_the_issuer_proves_the_caller(issuer: Issuer) -> None:
    principal = await OidcAuthenticator(issuer.url, "ours").principal(issuer.token())
    assert principal == Principal(
        subject="ann",
        roles=frozenset({"owner"}),
        tenants=frozenset({"t"}),
        claims=principal.claims,
    )


async def test_every_other_token_is_401(issuer: Issuer) -> None:
    authenticator = OidcAuthenticator(issuer.url, "ours")
    stranger = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
    none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."
    for token in (
        issuer.token(key=stranger),
        issuer.token(aud="theirs"),
        issuer.token(iss="http://elsewhere"),
        issuer.token(exp=int(time.time()) - 100),
        issuer.token(exp=None),
        issuer.token(sub=None),
        issuer.token(nbf=int(time.time()) + 600),
        none,
        "garbage",
        "",
    ):
        assert await status(authenticator, token) == 401, token


async def test_an_issuer_that_is_away_is_503_and_not_a_no() -> None:
    assert await status(OidcAuthenticator("http://127.0.0.1:9", "ours"), "x.y.z") == 503
