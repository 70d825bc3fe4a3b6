"""The command API: start, stop, trigger, reset; what became of a command; a station's frames."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol

from fastapi import Depends, FastAPI, Header, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from charger_gateway.adapters.tails import Tails
from charger_gateway.domain.command_book import CommandBook, CommandView
from charger_gateway.ports import IdToken, KnownStation
from chassis.auth import Caller, Guard, Principal, Resource
from chassis.clock import Clock, new_id
from chassis.decider import derived_id
from chassis.http import Accepted, CommandDesk, Pending, Problem, body_hash, create_app
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.gateway import (
    ResetStation,
    StartTransactionRemotely,
    StopTransactionRemotely,
    TriggerStationMessage,
)

DESK = "gateway.desk"


def own_session(principal: Principal, resource: Resource) -> bool:
    """The session is, or will be, one of the caller's own customers'."""
    return bool(principal.party_id) and resource.get("emsp_party_id") == principal.party_id


class Stations(Protocol):
    """What the edge asks of the tables."""

    def station(self, station_id: str) -> KnownStation | None: ...
    def token(self, uid_hmac: str) -> TokenSnapshot | None: ...
    def token_by_ref(self, token_ref: str) -> TokenSnapshot | None: ...


class TokenSeal(Protocol):
    """Hides a token's uid from the log."""

    def seal(self, command_id: str, token: IdToken) -> bytes: ...


class Body(BaseModel):
    """What every command may say."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    expires_in_s: Annotated[int, Field(ge=1, le=3600)] = 60


class Start(Body):
    """Start a session for a token."""

    id_token: Annotated[str, Field(min_length=1, max_length=36)]
    token_type: Literal["Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress"] = "Central"  # noqa: S105 - a kind of token
    evse_number: Annotated[int, Field(ge=1, le=1000)] | None = None


class Stop(Body):
    """Stop the station's transaction of that id (as sessions show it)."""

    transaction_id: Annotated[str, Field(min_length=1, max_length=36)]


class Trigger(Body):
    """Ask the station to send a message."""

    message: Literal["BootNotification", "StatusNotification", "MeterValues", "Heartbeat"]
    evse_number: Annotated[int, Field(ge=1, le=1000)] | None = None
    connector_number: Annotated[int, Field(ge=1, le=100)] | None = None


class Reset(Body):
    """Restart the station; hard does not wait for sessions to end."""

    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the routes work with."""

    guard: Guard
    desk: CommandDesk
    book: CommandBook
    stations: Stations
    tails: Tails
    seal: TokenSeal
    token_key_of: Callable[[str], str]
    clock: Clock
    business_seconds: Callable[[float], float]
    wait_s: float

    def station(self, station_id: str) -> KnownStation:
        """Raises Problem 404."""
        station = self.stations.station(station_id)
        if station is None:
            raise Problem(404, "not-found")
        return station


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a command, once its caller may make it."""

    station: KnownStation
    principal: Principal
    idempotency_key: str
    body: Body

    @property
    def key(self) -> str:
        """The desk's aggregate."""
        return f"{self.station.tenant}/{self.station.station_id}"

    @property
    def command_id(self) -> str:
        """The same for every retry under the same Idempotency-Key."""
        return derived_id("command", DESK, self.key, self.idempotency_key)

    def shared(self, edge: Edge) -> dict[str, Any]:
        """The fields that all commands have; the expiry is said in wall seconds and kept in business time."""
        now = edge.clock.now()
        return {
            "at": now,
            "command_id": self.command_id,
            "station_id": self.station.station_id,
            "requested_by": self.principal.subject,
            "reason": self.body.reason,
            "expires_at": now + timedelta(seconds=edge.business_seconds(self.body.expires_in_s)),
        }


IdempotencyKey = Annotated[str | None, Header(max_length=128)]


def create_http(edge: Edge) -> FastAPI:
    """All routes of the gateway's HTTP edge."""
    app = create_app("EV Assets Manager: charger-gateway")
    _add_sessions(app, edge)
    _add_upkeep(app, edge)
    _add_reads(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app


def _add_sessions(app: FastAPI, edge: Edge) -> None:
    starts = edge.guard.act("start-session")
    stops = edge.guard.act("stop-session")

    @app.post("/v1/stations/{station_id}/commands/start", tags=["commands"])
    async def start(
        station_id: str, body: Start, caller: Annotated[Caller, Depends(starts)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        station = edge.station(station_id)
        token = edge.stations.token(edge.token_key_of(body.id_token))
        asked = _asked(station, caller, body, idempotency_key, token)
        sealed = edge.seal.seal(asked.command_id, IdToken(uid=body.id_token, type=body.token_type))
        command = StartTransactionRemotely(
            **asked.shared(edge),
            evse_number=body.evse_number,
            id_token_sealed=sealed,
            token_ref=None if token is None else token.token_ref,
        )
        return await _send(edge, asked, command)

    @app.post("/v1/stations/{station_id}/commands/stop", tags=["commands"])
    async def stop(
        station_id: str, body: Stop, caller: Annotated[Caller, Depends(stops)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        station = edge.station(station_id)
        token = None
        if not caller.may(**_resource(station, body, None)):
            # Whose session it is decides, and only the log knows whose it is.
            token_ref = await edge.tails.token_of(f"{station.tenant}/{station_id}", body.transaction_id)
            token = None if token_ref is None else edge.stations.token_by_ref(token_ref)
        asked = _asked(station, caller, body, idempotency_key, token)
        command = StopTransactionRemotely(**asked.shared(edge), transaction_id=body.transaction_id)
        return await _send(edge, asked, command)


def _add_upkeep(app: FastAPI, edge: Edge) -> None:
    commands = edge.guard.act("command-station")

    @app.post("/v1/stations/{station_id}/commands/trigger", tags=["commands"])
    async def trigger(
        station_id: str,
        body: Trigger,
        caller: Annotated[Caller, Depends(commands)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        asked = _asked(edge.station(station_id), caller, body, idempotency_key)
        command = TriggerStationMessage(
            **asked.shared(edge),
            message=body.message,
            evse_number=body.evse_number,
            connector_number=body.connector_number,
        )
        return await _send(edge, asked, command)

    @app.post("/v1/stations/{station_id}/commands/reset", tags=["commands"])
    async def reset(
        station_id: str,
        body: Reset,
        caller: Annotated[Caller, Depends(commands)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        asked = _asked(edge.station(station_id), caller, body, idempotency_key)
        return await _send(edge, asked, ResetStation(**asked.shared(edge), hard=body.hard))


def _add_reads(app: FastAPI, edge: Edge) -> None:
    @app.get("/v1/stations/{station_id}/commands/{command_id}", tags=["commands"])
    async def command(
        station_id: str, command_id: str, principal: Annotated[Principal, Depends(edge.guard.anyone())]
    ) -> Response:
        """Whoever asked for it, and the operators of the station, may see it."""
        station = edge.station(station_id)
        view = edge.book.view(command_id)
        operator = edge.guard.authority.may(principal, "command-station", {"tenant": station.tenant})
        if view is None or view.station_id != station_id or not (operator or view.requested_by == principal.subject):
            raise Problem(404, "not-found")
        return JSONResponse(_shown(view))

    @app.get("/v1/stations/{station_id}/frames", tags=["frames"])
    async def frames(
        station_id: str,
        caller: Annotated[Caller, Depends(edge.guard.act("read-frames"))],
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """The latest frames as they were on the wire; a bounded look back, not an archive."""
        caller.require(tenant=edge.station(station_id).tenant)
        try:
            found = await edge.tails.frames(station_id, limit)
        except TimeoutError as error:
            raise Problem(503, "log-too-slow", headers={"Retry-After": "5"}) from error
        return JSONResponse(
            {
                "frames": [
                    {
                        "frame_ref": frame.frame_ref,
                        "epoch": frame.epoch,
                        "from_station": frame.inbound,
                        "at": frame.at.isoformat(),
                        "text": frame.text,
                    }
                    for frame in found
                ]
            }
        )


def _resource(station: KnownStation, body: Body, token: TokenSnapshot | None) -> dict[str, str | None]:
    return {
        "tenant": station.tenant,
        "reason": body.reason,
        "subject": None if token is None else token.driver_ref,
        "emsp_party_id": None if token is None else token.emsp_party_id,
    }


def _asked(
    station: KnownStation, caller: Caller, body: Body, idempotency_key: str | None, token: TokenSnapshot | None = None
) -> Asked:
    """Raises Problem where the caller may not."""
    principal = caller.require(**_resource(station, body, token))
    return Asked(station=station, principal=principal, idempotency_key=idempotency_key or new_id(), body=body)


async def _send(edge: Edge, asked: Asked, command: Any) -> Response:
    """The outcome where the station answers in time, else 202 and where to look."""
    outcome = await edge.desk.client.ask(
        entity=DESK,
        key=asked.key,
        command=command,
        idempotency_key=asked.idempotency_key,
        body_hash=body_hash([type(command).__name__, asked.body.model_dump(mode="json")]),
    )
    if not isinstance(outcome, Accepted | Pending):
        return edge.desk.respond(outcome, caller=asked.principal.subject)
    view = await edge.book.decided(asked.command_id, edge.wait_s) if isinstance(outcome, Accepted) else None
    link = f"/v1/stations/{asked.station.station_id}/commands/{asked.command_id}"
    if view is None:
        pending = {"command_id": asked.command_id, "status": "pending", "link": link}
        return JSONResponse(pending, 202, {"Location": link})
    return JSONResponse(_shown(view) | {"link": link}, 200 if view.decided else 202, {"Location": link})


def _shown(view: CommandView) -> dict[str, Any]:
    return {
        "command_id": view.command_id,
        "station_id": view.station_id,
        "action": view.action,
        "status": view.status,
        "answer": view.answer,
        "detail": view.detail,
        "requested_by": view.requested_by,
        "reason": view.reason,
        "requested_at": view.requested_at.isoformat(),
        "expires_at": view.expires_at.isoformat(),
        "sent_at": None if view.sent_at is None else view.sent_at.isoformat(),
        "decided_at": None if view.decided_at is None else view.decided_at.isoformat(),
    }
