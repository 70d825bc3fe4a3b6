"""Routes of the contracts between parties: agreed version by version, and read whole."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from asset_registry.adapters.http.bodies import AssetId, CommercialBody, OwnershipBody
from asset_registry.adapters.http.edge import Edge, wrong_party, wrong_site
from chassis.auth import Caller
from chassis.http import Accepted, Asked, Asking, InTenant, Problem, answer, refuse_if, tell
from ev_contracts.assets import AgreeCommercialModel, AgreeOwnership, PartyRole

_SEEN_WITHIN_S = 2.0


def add_contract_routes(app: FastAPI, edge: Edge) -> None:
    """Agree contracts, or their next versions, and read them."""
    agrees = edge.guard.act("agree-contract")

    @app.post("/v1/contracts/ownership", status_code=201, tags=["contracts"])
    async def agree_ownership(
        body: OwnershipBody, asked: Asking, caller: Annotated[Caller, Depends(agrees)], tenant: InTenant = None
    ) -> Response:
        tenant = caller.tenant(tenant)
        wrong = wrong_party(edge, "owner_party_id", body.owner_party_id, PartyRole.OWNER)
        for index, site_id in enumerate(body.site_ids):
            wrong |= wrong_site(edge, f"site_ids.{index}", site_id, tenant=tenant)
        command = AgreeOwnership(at=edge.clock.now(), **body.model_dump())
        return await _agree(edge, asked, caller, tenant=tenant, command=command, wrong=wrong)

    @app.post("/v1/contracts/commercial", status_code=201, tags=["contracts"])
    async def agree_commercial_model(
        body: CommercialBody, asked: Asking, caller: Annotated[Caller, Depends(agrees)], tenant: InTenant = None
    ) -> Response:
        tenant = caller.tenant(tenant)
        wrong = wrong_party(edge, "emsp_party_id", body.emsp_party_id, PartyRole.EMSP)
        command = AgreeCommercialModel(at=edge.clock.now(), **body.model_dump())
        return await _agree(edge, asked, caller, tenant=tenant, command=command, wrong=wrong)

    @app.get("/v1/contracts/{contract_id}", tags=["contracts"])
    async def read_contract(
        contract_id: AssetId, caller: Annotated[Caller, Depends(agrees)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        versions = edge.contracts.of(f"{tenant}/{contract_id}")
        if not versions:
            raise Problem(404, "not-found")
        return {"tenant": tenant, "versions": [version.model_dump(mode="json") for version in versions]}


async def _agree(
    edge: Edge,
    asked: Asked,
    caller: Caller,
    *,
    tenant: str,
    command: AgreeOwnership | AgreeCommercialModel,
    wrong: dict[str, str],
) -> Response:
    refuse_if(wrong | wrong_party(edge, "cpo_party_id", command.cpo_party_id, PartyRole.CPO, tenant=tenant))
    key = f"{tenant}/{command.contract_id}"
    outcome = await tell(edge.desk, asked, entity="assets.contract", key=key, command=command)
    if isinstance(outcome, Accepted) and outcome.events:
        version = outcome.events[-1]["payload"]["contract_version"]
        await edge.contracts.awaited(f"{key}@{version}", lambda _: True, timeout_s=_SEEN_WITHIN_S)
    told = {"tenant": tenant, "contract_id": command.contract_id}
    return answer(edge.desk, caller.principal.subject, outcome, told)
