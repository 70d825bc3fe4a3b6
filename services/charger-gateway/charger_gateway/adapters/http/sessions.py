"""Starting and stopping a session: whose it is decides who may."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, create_model, model_validator

from charger_gateway.adapters.http.bodies import ClearToken, Hiding, TokenType, clear_model, record_of
from charger_gateway.adapters.http.edge import (
    Asked,
    Body,
    Edge,
    IdempotencyKey,
    asked_of,
    owner_of,
    resource_of,
    send,
)
from charger_gateway.domain.places import NOT_HERE, NOT_THIS_KIND, here
from charger_gateway.domain.tokens import word_of
from charger_gateway.ports import KnownStation
from chassis.auth import Caller, Resource
from chassis.http import Problem
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.common import ProfileType, SessionTargets
from ev_contracts.gateway import ChargingProfile, StartTransactionRemotely, StopTransactionRemotely

_NOT_THERE = {NOT_HERE: "not-at-this-location", NOT_THIS_KIND: "not-at-this-kind-of-evse"}


class Targets(BaseModel):
    """At what the session shall be stopped that a remote start begins; whichever is reached first."""

    model_config = ConfigDict(extra="forbid")

    energy_wh: Annotated[StrictInt, Field(gt=0, le=10**9)] | None = None
    cost: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=8)] | None = None
    currency: Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$")] | None = None
    duration_s: Annotated[StrictInt, Field(gt=0, le=30 * 86_400)] | None = None
    soc_percent: Annotated[StrictInt, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if (self.cost is None) != (self.currency is None):
            raise ValueError("cost and currency go together")
        return self


class Start(Body):
    """Start a session for a token."""

    id_token: Annotated[StrictStr, Field(min_length=1, max_length=36)]
    token_type: TokenType = "Central"  # noqa: S105 - a kind of token
    group_id_token: ClearToken | None = None
    evse_number: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    charging_profile: Any = None
    targets: Targets | None = None
    profile_type: Literal["CHEAP", "FAST", "GREEN", "REGULAR"] | None = None
    """OCPI's charging preference: it decides the kind of tariff."""


class Stop(Body):
    """Stop the station's transaction of that id (as sessions show it)."""

    transaction_id: Annotated[StrictStr, Field(min_length=1, max_length=36)]


_PROFILE: Any = clear_model(ChargingProfile) | None
_START: type[Start] = create_model(
    "Start",
    __base__=Start,
    __doc__=Start.__doc__,
    charging_profile=(_PROFILE, None),
)


def add_routes(app: FastAPI, edge: Edge) -> None:
    """Start and stop."""
    starts = edge.guard.act("start-session")
    stops = edge.guard.act("stop-session")

    async def start(
        station_id: str, body: Start, caller: Annotated[Caller, Depends(starts)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        station = edge.station(station_id)
        token = edge.stations.token(edge.token_key_of(body.id_token))
        asked = asked_of(station, caller, body, idempotency_key, token)
        if token is not None:
            _is_good_there(edge, station, body.evse_number, token)
        return await send(edge, asked, _start(edge, asked, body, token))

    start.__annotations__["body"] = _START
    app.post("/v1/stations/{station_id}/commands/start", tags=["commands"])(start)

    @app.post("/v1/stations/{station_id}/commands/stop", tags=["commands"])
    async def stop(
        station_id: str, body: Stop, caller: Annotated[Caller, Depends(stops)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        station = edge.station(station_id)
        token = None
        if not caller.may(**resource_of(station, body)):
            # Whose session it is decides, and only the log knows whose it is.
            token_ref = await edge.tails.token_of(f"{station.tenant}/{station_id}", body.transaction_id)
            began = None if token_ref is None else edge.stations.token_by_ref(token_ref)
            token = None if began is None else _of_the_group(edge, caller, resource_of(station, body), began)
        asked = asked_of(station, caller, body, idempotency_key, token)
        command = StopTransactionRemotely(**asked.shared(edge), transaction_id=body.transaction_id)
        return await send(edge, asked, command)


def _is_good_there(edge: Edge, station: KnownStation, evse_number: int | None, token: TokenSnapshot) -> None:
    """Raises Problem 409: where a provider's drivers may charge counts for whoever starts for them too."""
    places = edge.stations.places(token)
    some = here(places, edge.stations.shape(station.tenant, station.station_id).evses) if places else None
    word = None if some is None else some.refusal(evse_number or 0)
    if word is not None:
        raise Problem(409, _NOT_THERE[word])


def _of_the_group(edge: Edge, caller: Caller, resource: Resource, began: TokenSnapshot) -> TokenSnapshot:
    """The token by which the caller may stop what `began` started: that one itself, else a good one of its group."""
    now = edge.clock.now()
    group = () if began.group_id is None else edge.stations.group(began.group_id)
    good = [began, *(each for each in group if word_of(each, now) == "Accepted")]
    return next((each for each in good if caller.may(**{**resource, **owner_of(each)})), began)


def _start(edge: Edge, asked: Asked, body: Start, token: TokenSnapshot | None) -> StartTransactionRemotely:
    def hide(value: Any) -> bytes:
        return edge.seal.hide(asked.command_id, value)

    hiding = Hiding(hide=hide, token_of=edge.token_of)
    group, profile = body.group_id_token, body.charging_profile
    return StartTransactionRemotely(
        **asked.shared(edge),
        evse_number=body.evse_number,
        id_token_sealed=hide({"uid": body.id_token, "type": body.token_type}),
        token_ref=None if token is None else token.token_ref,
        group_id_token_sealed=hiding.group_of(token) if group is None else hide(group.model_dump()),
        charging_profile=None if profile is None else record_of(ChargingProfile, profile, hiding),
        targets=None if body.targets is None else SessionTargets(**body.targets.model_dump()),
        profile_type=None if body.profile_type is None else ProfileType(body.profile_type),
    )
