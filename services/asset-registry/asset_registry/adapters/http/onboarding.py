"""Routes of onboarding: who knocks, who is let in from a template, and who is being set up."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from pydantic import Field

from asset_registry.adapters.http.bodies import AssetId, Body, EvseBody, EvseId, StationBody, StationId, Text
from asset_registry.adapters.http.edge import ELSEWHERE, Edge
from asset_registry.adapters.http.registration import Registered, Registration, Wrong, register
from chassis.auth import Caller
from chassis.http import Asking, InTenant, Problem, answer, refuse_if, wrong_fields
from ev_contracts.assets import RegistrationState, StationTemplate

_MOST_SHOWN = 200
_AWAITING = RegistrationState.AWAITING_SET_UP


class ApprovalBody(Body):
    """What a template cannot know: where this station stands, and its own numbers."""

    template_id: AssetId
    site_id: AssetId
    evse_ids: Annotated[tuple[EvseId, ...], Field(min_length=1, max_length=64)]
    """One for each EVSE of the template, in its order."""
    serial_number: Text | None = None


def add_onboarding_routes(app: FastAPI, edge: Edge) -> None:
    """List and approve."""
    lists, onboards = edge.guard.act("list-unknown-stations"), edge.guard.act("onboard-station")

    @app.get("/v1/onboarding", tags=["onboarding"])
    async def list_unknown(_caller: Annotated[Caller, Depends(lists)]) -> dict[str, list[dict[str, Any]]]:
        """Unknown stations that knocked, newest first; they are nobody's."""
        known = [one.station_id for _, one in edge.stations.items()]
        unknown = edge.unknown.newest(_MOST_SHOWN, without=known)
        return {"unknown": [one.model_dump(mode="json") for one in unknown]}

    @app.get("/v1/onboarding/awaiting-set-up", tags=["onboarding"])
    async def list_awaiting(caller: Annotated[Caller, Depends(onboards)], tenant: InTenant = None) -> dict[str, Any]:
        """The tenant's stations that are not accepted yet, and since when they wait."""
        tenant = caller.tenant(tenant)
        awaiting = [
            one.model_dump(mode="json", include={"station_id", "site_id", "vendor", "model", "changed_at"})
            for key, one in edge.stations.items()
            if key.startswith(f"{tenant}/") and one.registration is _AWAITING and not one.retired
        ]
        return {"tenant": tenant, "stations": awaiting[:_MOST_SHOWN]}

    @app.post("/v1/onboarding/{station_id}/approval", status_code=201, tags=["onboarding"])
    async def approve(
        station_id: StationId,
        body: ApprovalBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(onboards)],
        tenant: InTenant = None,
    ) -> Response:
        """The station stands as the template has it; its secret is told once, to be put into it on site."""
        tenant = caller.tenant(tenant)
        if edge.unknown.of(station_id) is None:
            raise Problem(404, "not-found", "no such station has knocked in the last days")
        template = _template(edge, tenant, body)
        registration = await register(
            edge, asked, tenant=tenant, body=_station(station_id, body, template), template=template
        )
        told = {"tenant": tenant, "station_id": station_id, "template_id": body.template_id}
        return _answer(edge, caller, registration, told)


def _template(edge: Edge, tenant: str, body: ApprovalBody) -> StationTemplate:
    """Raises Problem 422 where there is none, or one with another number of EVSEs."""
    found = edge.templates.get(f"{tenant}/{body.template_id}")
    if found is None:
        raise wrong_fields({"template_id": "no such template in this tenant"})
    wanted = len(found.template.evses)
    refuse_if({} if len(body.evse_ids) == wanted else {"evse_ids": f"the template has {wanted} EVSEs"})
    return found.template


def _station(station_id: str, body: ApprovalBody, template: StationTemplate) -> StationBody:
    evses = tuple(
        EvseBody(evse_id=evse_id, **evse.model_dump())
        for evse, evse_id in zip(template.evses, body.evse_ids, strict=True)
    )
    return StationBody(
        station_id=station_id,
        site_id=body.site_id,
        cpo_party_id=template.cpo_party_id,
        vendor=template.vendor,
        model=template.model,
        serial_number=body.serial_number,
        evses=evses,
    )


def _answer(edge: Edge, caller: Caller, registration: Registration, told: dict[str, Any]) -> Response:
    subject = caller.principal.subject
    if isinstance(registration, Wrong):
        raise wrong_fields(registration.fields)
    if not isinstance(registration, Registered):
        return answer(edge.desk, subject, registration, told, elsewhere=ELSEWHERE)
    secret = {} if registration.secret is None else {"secret": registration.secret}
    return answer(edge.desk, subject, registration.outcome, {**told, **secret}, elsewhere=ELSEWHERE)
