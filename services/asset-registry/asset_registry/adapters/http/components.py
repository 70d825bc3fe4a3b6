"""Routes of the components of a station: fitted, taken out, swapped, and read with the time each was there."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from asset_registry.adapters.http.bodies import FittingBody, RemovalBody, StationId, SwapBody
from asset_registry.adapters.http.edge import ELSEWHERE, Edge, known_station
from asset_registry.domain.component import ComponentCommand
from chassis.auth import Caller
from chassis.http import Accepted, Asked, Asking, InTenant, answer, refuse_if, tell
from ev_contracts.assets import FitComponent, RemoveComponent, SwapComponent

_SEEN_WITHIN_S = 2.0


def add_component_routes(app: FastAPI, edge: Edge) -> None:
    """Say which component is where, from when to when, and read it."""
    manages = edge.guard.act("manage-assets")
    Manager = Annotated[Caller, Depends(manages)]  # noqa: N806  # a type that needs the edge's guard

    @app.post("/v1/stations/{station_id}/components", status_code=201, tags=["components"])
    async def fit_component(
        station_id: StationId, body: FittingBody, asked: Asking, caller: Manager, tenant: InTenant = None
    ) -> Response:
        _refuse_owner(edge, body.component.owner_party_id)
        command = FitComponent(at=edge.clock.now(), station_id=station_id, **body.model_dump())
        return await _tell(edge, asked, caller, tenant=tenant, command=command)

    @app.post("/v1/stations/{station_id}/component-removals", status_code=201, tags=["components"])
    async def remove_component(
        station_id: StationId, body: RemovalBody, asked: Asking, caller: Manager, tenant: InTenant = None
    ) -> Response:
        command = RemoveComponent(at=edge.clock.now(), station_id=station_id, **body.model_dump())
        return await _tell(edge, asked, caller, tenant=tenant, command=command)

    @app.post("/v1/stations/{station_id}/component-swaps", status_code=201, tags=["components"])
    async def swap_component(
        station_id: StationId, body: SwapBody, asked: Asking, caller: Manager, tenant: InTenant = None
    ) -> Response:
        _refuse_owner(edge, body.component.owner_party_id)
        command = SwapComponent(at=edge.clock.now(), station_id=station_id, **body.model_dump())
        return await _tell(edge, asked, caller, tenant=tenant, command=command)

    @app.get("/v1/stations/{station_id}/components", tags=["components"])
    async def read_components(station_id: StationId, caller: Manager, tenant: InTenant = None) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        known_station(edge, tenant, station_id)
        fittings = edge.components.of(f"{tenant}/{station_id}")
        return {"tenant": tenant, "components": [each.model_dump(mode="json") for each in fittings]}


def _refuse_owner(edge: Edge, owner_party_id: str | None) -> None:
    if owner_party_id is not None and edge.parties.get(f"_/{owner_party_id}") is None:
        refuse_if({"component.owner_party_id": "no such party"})


async def _tell(edge: Edge, asked: Asked, caller: Caller, *, tenant: str | None, command: ComponentCommand) -> Response:
    tenant = caller.tenant(tenant)
    known_station(edge, tenant, command.station_id)
    key = f"{tenant}/{command.station_id}"
    outcome = await tell(edge.desk, asked, entity="assets.station", key=key, command=command)
    told: dict[str, Any] = {"tenant": tenant, "station_id": command.station_id}
    if isinstance(outcome, Accepted) and outcome.events:
        event = outcome.events[-1]
        number, version = event["payload"]["fitting_number"], event["stream_version"]
        await edge.components.awaited(f"{key}@{number}", lambda seen: seen.version >= version, timeout_s=_SEEN_WITHIN_S)
        told["fitting_number"] = number
    return answer(edge.desk, caller.principal.subject, outcome, told, elsewhere=ELSEWHERE)
