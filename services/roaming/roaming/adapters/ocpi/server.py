"""The OCPI app: who is calling, OCPI's answers to what goes wrong, versions and version details."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from chassis.clock import Clock
from chassis.log.port import LogError
from ev_contracts.roaming import PartnerSnapshot
from roaming.adapters.ocpi.wire import CORRELATION_ID, OcpiError, envelope, presented_tokens
from roaming.adapters.sealing import fingerprint
from roaming.domain.ocpi import VERSION, Status, party_of


class PartnersByToken(Protocol):
    """Where a token is looked up."""

    def by_token(self, token_sha256: str) -> tuple[str, PartnerSnapshot] | None:
        """Key (`<tenant>/<partner>`) and partner whose token A or C this is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A partner who proved itself by a token in force; `token` is what it presented."""

    key: str
    partner: PartnerSnapshot
    token: str

    @property
    def tenant(self) -> str:
        """The tenant of our party that the partner is connected to."""
        return self.key.partition("/")[0]

    @property
    def is_registered(self) -> bool:
        """Whether it came with token C; else with token A, which opens versions and credentials only."""
        return self.partner.status == "registered"


class Gate:
    """Proves callers by their tokens."""

    def __init__(self, partners: PartnersByToken, clock: Clock) -> None:
        self._partners = partners
        self._clock = clock

    def any_token(self, request: Request) -> Caller:
        """Token A or C. Raises OcpiError 401."""
        for token in presented_tokens(request.headers.get("Authorization")):
            found = self._partners.by_token(fingerprint(token))
            if found is not None and not self._has_expired(found[1]):
                return Caller(key=found[0], partner=found[1], token=token)
        raise OcpiError(
            Status.CLIENT_ERROR, "unknown token", http_status=401, headers={"WWW-Authenticate": "Token"}
        )  # fmt: skip

    def token_c(self, request: Request) -> Caller:
        """Token C, for everything but versions and credentials. Raises OcpiError 401, and 2001 for a foreign party."""
        caller = self.any_token(request)
        if not caller.is_registered:
            raise OcpiError(Status.CLIENT_ERROR, "register first", http_status=401)
        _check_routing(request, caller.partner)
        return caller

    def _has_expired(self, partner: PartnerSnapshot) -> bool:
        expires_at: datetime | None = partner.token_a_expires_at
        return expires_at is not None and self._clock.now() >= expires_at


def _check_routing(request: Request, partner: PartnerSnapshot) -> None:
    """Routing headers are optional between two peers, but may not name others."""
    for side, party_id in (("to", partner.our_party_id), ("from", partner.party_id)):
        expected = party_of(party_id)
        named = tuple(request.headers.get(f"OCPI-{side}-{what}", "") for what in ("country-code", "party-id"))
        if any(named) and tuple(each.upper() for each in named) != expected:
            raise OcpiError(Status.INVALID_PARAMETERS, f"OCPI-{side} names another party than {party_id}")


def create_ocpi_app(gate: Gate, public_url: str, routers: list[APIRouter]) -> FastAPI:
    """The app that stands under /ocpi; `public_url` is how partners reach it."""
    app = FastAPI(title="OCPI 2.2.1", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    _add_handlers(app)
    app.include_router(_versions(gate, public_url))
    for router in routers:
        app.include_router(router, prefix=f"/{VERSION}")
    return app


def _versions(gate: Gate, public_url: str) -> APIRouter:
    router = APIRouter(tags=["versions"])
    module_url = f"{public_url}/{VERSION}"

    @router.get("/versions")
    def versions(_caller: Annotated[Caller, Depends(gate.any_token)]) -> Response:
        return envelope([{"version": VERSION, "url": module_url}])

    @router.get(f"/{VERSION}")
    def details(_caller: Annotated[Caller, Depends(gate.any_token)]) -> Response:
        endpoints = [
            {"identifier": name, "role": "SENDER", "url": f"{module_url}/{name}"}
            for name in ("credentials", "locations")
        ]
        return envelope({"version": VERSION, "endpoints": endpoints})

    return router


def _add_handlers(app: FastAPI) -> None:
    @app.middleware("http")
    async def echo(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        # The request id is echoed for every service by the chassis; the correlation id is OCPI's own.
        response = await call_next(request)
        correlation_id = request.headers.get(CORRELATION_ID)
        if correlation_id:
            response.headers[CORRELATION_ID] = correlation_id
        return response

    @app.exception_handler(OcpiError)
    async def _ocpi(_request: Request, error: OcpiError) -> Response:
        return envelope(
            status=error.status, message=error.message, http_status=error.http_status, headers=error.headers
        )

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        fault = error.errors()[0]
        return envelope(status=Status.INVALID_PARAMETERS, message=f"{fault['loc'][-1]}: {fault['msg']}")

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        return envelope(
            status=Status.CLIENT_ERROR, message=str(error.detail), http_status=error.status_code,
            headers=error.headers,
        )  # fmt: skip

    @app.exception_handler(LogError)
    async def _log(_request: Request, _error: LogError) -> Response:
        return envelope(status=Status.SERVER_ERROR, message="try again later", http_status=503)
