"""Routes of templates: what stations of one kind have in common."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from pydantic import Field, StringConstraints

from asset_registry.adapters.http.bodies import AssetId, Body, ConnectorBody, PartyId, Text
from asset_registry.adapters.http.edge import Edge, wrong_party
from asset_registry.domain.template import MOST_VARIABLES
from chassis.auth import Caller
from chassis.http import Asking, InTenant, Problem, answer, refuse_if, tell
from ev_contracts.assets import PartyRole, SetStationTemplate, StationTemplate

Name = Annotated[str, StringConstraints(min_length=1, max_length=50)]
Value = Annotated[str, StringConstraints(max_length=2_500)]
"""As long as OCPP lets a value be."""


class TemplateEvseBody(Body):
    """One charging place of every station of this kind."""

    evse_number: Annotated[int, Field(ge=1, le=999)]
    connectors: Annotated[tuple[ConnectorBody, ...], Field(min_length=1, max_length=8)]


class DesiredVariableBody(Body):
    """A variable in 2.x's names and the value it shall have."""

    component: Name
    component_instance: Name | None = None
    evse_number: Annotated[int, Field(ge=0, le=999)] | None = None
    connector_number: Annotated[int, Field(ge=0, le=99)] | None = None
    variable: Name
    variable_instance: Name | None = None
    attribute: Annotated[str, StringConstraints(pattern=r"^(Actual|Target|MinSet|MaxSet)$")] | None = None
    value: Value


class TemplateBody(Body):
    """The whole template; stations that were made from it before do not change."""

    cpo_party_id: PartyId
    vendor: Text
    model: Text
    security_profile: Annotated[int, Field(ge=1, le=3)]
    evses: Annotated[tuple[TemplateEvseBody, ...], Field(min_length=1, max_length=64)]
    desired_variables: Annotated[tuple[DesiredVariableBody, ...], Field(max_length=MOST_VARIABLES)] = ()


def add_template_routes(app: FastAPI, edge: Edge) -> None:
    """Put and get one."""
    manages = edge.guard.act("manage-assets")

    @app.put("/v1/station-templates/{template_id}", tags=["onboarding"])
    async def set_template(
        template_id: AssetId,
        body: TemplateBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(manages)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        refuse_if(wrong_party(edge, "cpo_party_id", body.cpo_party_id, PartyRole.CPO, tenant=tenant))
        template = StationTemplate(template_id=template_id, **body.model_dump())
        command = SetStationTemplate(at=edge.clock.now(), template=template)
        key = f"{tenant}/{template_id}"
        outcome = await tell(edge.desk, asked, entity="assets.template", key=key, command=command, table=edge.templates)
        return answer(edge.desk, caller.principal.subject, outcome, {"tenant": tenant, "template_id": template_id})

    @app.get("/v1/station-templates/{template_id}", tags=["onboarding"])
    async def read_template(
        template_id: AssetId, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        found = edge.templates.get(f"{tenant}/{template_id}")
        if found is None:
            raise Problem(404, "not-found")
        return {"tenant": tenant, **found.template.model_dump(mode="json"), "version": found.version}
