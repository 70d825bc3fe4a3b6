"""What all routes of the command API share: who asks, for which station, under which key, and how he is answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, Protocol

from fastapi import Header, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from charger_gateway.adapters.film import Film
from charger_gateway.adapters.http.shown import shown
from charger_gateway.adapters.tails import Tails
from charger_gateway.adapters.trust.revocations import Revocations
from charger_gateway.domain.command_book import CommandBook, CommandView, JobView
from charger_gateway.domain.desk_state import DeskEvent
from charger_gateway.ports import KnownStation, StationShape
from chassis.auth import Caller, Guard, Principal, Resource
from chassis.clock import Clock, new_id
from chassis.decider import derived_id
from chassis.http import Accepted, CommandDesk, Pending, Problem, body_hash
from ev_contracts.accounts import ChargingPlaces, TokenSnapshot
from ev_contracts.gateway import TrustedRoot

DESK = "gateway.desk"


def own_session(principal: Principal, resource: Resource) -> bool:
    """The session is, or will be, one of the caller's own customers'."""
    return bool(principal.party_id) and resource.get("emsp_party_id") == principal.party_id


def key_of(station: KnownStation) -> str:
    """The station's desk."""
    return f"{station.tenant}/{station.station_id}"


class Stations(Protocol):
    """What the edge asks of the tables."""

    def station(self, station_id: str) -> KnownStation | None: ...
    def token(self, uid_hmac: str) -> TokenSnapshot | None: ...
    def token_by_ref(self, token_ref: str) -> TokenSnapshot | None: ...
    def group(self, group_id: str) -> Iterable[TokenSnapshot]: ...
    def places(self, token: TokenSnapshot) -> Sequence[ChargingPlaces]: ...
    def shape(self, tenant: str, station_id: str) -> StationShape: ...


class Sealing(Protocol):
    """Hides tokens and secrets from the log, and opens what stations answered."""

    def hide(self, command_id: str, value: Any) -> bytes: ...
    def reveal(self, command_id: str, sealed: bytes) -> Any: ...


class Body(BaseModel):
    """What every command may say."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[StrictStr, Field(min_length=1, max_length=500)] | None = None
    expires_in_s: Annotated[StrictInt, Field(ge=1, le=3600)] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the routes work with."""

    guard: Guard
    desk: CommandDesk
    book: CommandBook
    stations: Stations
    tails: Tails
    film: Film
    seal: Sealing
    token_key_of: Callable[[str], str]
    version_of: Callable[[str], str | None]
    """The OCPP version that a station (by its key) speaks now; None where it is not connected."""
    trusted_roots: Callable[[], Sequence[TrustedRoot]] | None
    """The operator's trust store, if there is one. Raises OSError, ValueError where it cannot be read."""
    revocations: Revocations | None
    """Of the local station CA, if there is one."""
    clock: Clock
    business_seconds: Callable[[float], float]
    wait_s: float

    def station(self, station_id: str) -> KnownStation:
        """Raises Problem 404."""
        station = self.stations.station(station_id)
        if station is None:
            raise Problem(404, "not-found")
        return station

    async def command(self, station: KnownStation, command_id: str) -> CommandView | None:
        """The station's command, also where the book has forgotten it. Raises Problem 503."""
        known = self.book.view(command_id)
        view = known or (await self._book_of(station)).view(command_id)
        return view if view is not None and view.station_id == station.station_id else None

    async def job(self, station: KnownStation, job_id: str) -> JobView | None:
        """As `command`."""
        known = self.book.job(job_id)
        view = known or (await self._book_of(station)).job(job_id)
        return view if view is not None and view.station_id == station.station_id else None

    async def _book_of(self, station: KnownStation) -> CommandBook:
        book = CommandBook()
        for event in await self.desk_events(station):
            book.on_event(key_of(station), event)
        return book

    async def desk_events(self, station: KnownStation, since: type[DeskEvent] | None = None) -> Sequence[DeskEvent]:
        """What the desk said of the station of late, or since its newest word of a kind. Raises Problem 503."""
        try:
            return await self.tails.desk_events(key_of(station), since)
        except TimeoutError as error:
            raise Problem(503, "log-too-slow", headers={"Retry-After": "5"}) from error

    def token_of(self, uid: str) -> TokenSnapshot | None:
        """The token of a uid, where the platform knows it."""
        return self.stations.token(self.token_key_of(uid))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a command, once its caller may make it; `hashed` is what its idempotency key stands for."""

    station: KnownStation
    principal: Principal
    idempotency_key: str
    body: Body
    hashed: Any = None

    def with_hashed(self, hashed: Any) -> "Asked":
        """The same, where the body alone is not all that was asked."""
        return replace(self, hashed=hashed)

    @property
    def key(self) -> str:
        """The desk's aggregate."""
        return key_of(self.station)

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


def resource_of(station: KnownStation, body: Body, token: TokenSnapshot | None = None) -> dict[str, str | None]:
    """What the authority table is asked about."""
    return {"tenant": station.tenant, "reason": body.reason, **owner_of(token)}


def owner_of(token: TokenSnapshot | None) -> dict[str, str | None]:
    """Whose the token is, in the authority table's words."""
    return {
        "subject": None if token is None else token.driver_ref,
        "emsp_party_id": None if token is None else token.emsp_party_id,
    }


def asked_of(
    station: KnownStation, caller: Caller, body: Body, idempotency_key: str | None, token: TokenSnapshot | None = None
) -> Asked:
    """Raises Problem where the caller may not."""
    principal = caller.require(**resource_of(station, body, token))
    return Asked(station=station, principal=principal, idempotency_key=idempotency_key or new_id(), body=body)


async def send(edge: Edge, asked: Asked, command: Any) -> Response:
    """The outcome where the station answers in time, else 202 and where to look."""
    hashed = asked.body.model_dump(mode="json") if asked.hashed is None else asked.hashed
    outcome = await edge.desk.client.ask(
        entity=DESK,
        key=asked.key,
        command=command,
        idempotency_key=asked.idempotency_key,
        body_hash=body_hash([type(command).__name__, hashed]),
    )
    if not isinstance(outcome, Accepted | Pending):
        return edge.desk.respond(outcome, caller=asked.principal.subject)
    view = await edge.book.decided(asked.command_id, edge.wait_s) if isinstance(outcome, Accepted) else None
    link = f"/v1/stations/{asked.station.station_id}/commands/{asked.command_id}"
    if view is None:
        pending = {"command_id": asked.command_id, "status": "pending", "link": link}
        return JSONResponse(pending, 202, {"Location": link})
    return JSONResponse(shown(view, edge.seal) | {"link": link}, 200 if view.decided else 202, {"Location": link})
