"""Routes of sites."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from asset_registry.adapters.http.bodies import AssetId, SiteBody
from asset_registry.adapters.http.edge import Edge, wrong_party
from chassis.auth import Caller
from chassis.http import Asking, InTenant, Problem, answer, refuse_if, tell
from ev_contracts.assets import OpenSite, PartyRole


def add_site_routes(app: FastAPI, edge: Edge) -> None:
    """Open and read sites."""
    manages = edge.guard.act("manage-assets")

    @app.post("/v1/sites", status_code=201, tags=["sites"])
    async def open_site(
        body: SiteBody, asked: Asking, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> Response:
        tenant = caller.tenant(tenant)
        wrong = wrong_party(edge, "cpo_party_id", body.cpo_party_id, PartyRole.CPO, tenant=tenant)
        if body.dso_party_id is not None:
            wrong |= wrong_party(edge, "dso_party_id", body.dso_party_id, PartyRole.DSO)
        refuse_if(wrong)
        command = OpenSite(at=edge.clock.now(), **body.model_dump())
        key = f"{tenant}/{body.site_id}"
        outcome = await tell(edge.desk, asked, entity="assets.site", key=key, command=command, table=edge.sites)
        return answer(edge.desk, caller.principal.subject, outcome, {"tenant": tenant, "site_id": body.site_id})

    @app.get("/v1/sites/{site_id}", tags=["sites"])
    async def read_site(
        site_id: AssetId, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        site = edge.sites.get(f"{tenant}/{site_id}")
        if site is None:
            raise Problem(404, "not-found")
        return {"tenant": tenant, **site.model_dump(mode="json")}
