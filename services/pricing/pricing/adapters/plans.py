"""The plans' routes: a seller publishes what its subscribers get."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from chassis.auth import Caller
from chassis.http import Asking, InTenant, Problem, answer, tell
from pricing.adapters.bodies import PlanBody, TariffId
from pricing.adapters.edge import Edge, seen, tenant_of_seller


def add_plan_routes(app: FastAPI, edge: Edge) -> None:
    """Publish and read plans."""

    @app.post("/v1/plans", status_code=201, tags=["plans"])
    async def publish_plan(
        body: PlanBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(edge.guard.act("set-price"))],
        tenant: InTenant = None,
    ) -> Response:
        tenant = tenant_of_seller(caller, tenant, body.seller_party_id)
        command, key = body.command(edge.clock.now()), f"{tenant}/{body.plan_id}"
        outcome = await tell(edge.desk, asked, entity="pricing.plan", key=key, command=command)
        await seen(outcome, edge.tariffs.plans)
        return answer(edge.desk, caller.principal.subject, outcome, {"tenant": tenant, "plan_id": body.plan_id})

    @app.get("/v1/plans/{plan_id}", tags=["plans"])
    async def read_plan(
        plan_id: TariffId,
        caller: Annotated[Caller, Depends(edge.guard.act("read-tariff"))],
        tenant: InTenant = None,
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        versions = edge.tariffs.plans.all_of(tenant, plan_id)
        if not versions:
            raise Problem(404, "not-found")
        told = [each.model_dump(mode="json") for each in versions]
        return {"tenant": tenant, "plan_id": plan_id, "versions": told}
