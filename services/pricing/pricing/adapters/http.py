"""Pricing's API: sellers publish and assign tariffs, and ask what something would cost."""

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from pydantic import AwareDatetime

from chassis.auth import Caller
from chassis.http import (
    Accepted,
    Asking,
    InTenant,
    Outcome,
    Problem,
    answer,
    create_app,
    tell,
)
from ev_contracts.common import RelationKind
from ev_contracts.pricing import AssignTariff, PublishPricePoints, RetireTariff
from pricing.adapters.bodies import AssignmentBody, PartyId, PointsBody, RetirementBody, TariffBody, TariffId
from pricing.adapters.edge import Edge, seen, tenant_of_seller
from pricing.adapters.plans import add_plan_routes
from pricing.adapters.quotes import add_quote_routes
from pricing.domain.coverage import gaps


def pricing_app(edge: Edge) -> FastAPI:
    """All routes; each names its act."""
    app = create_app("pricing")
    _add_command_routes(app, edge)
    _add_read_routes(app, edge)
    add_quote_routes(app, edge)
    add_plan_routes(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app


def _add_command_routes(app: FastAPI, edge: Edge) -> None:
    sets = edge.guard.act("set-price")

    @app.post("/v1/tariffs", status_code=201, tags=["tariffs"])
    async def publish_tariff(
        body: TariffBody, asked: Asking, caller: Annotated[Caller, Depends(sets)], tenant: InTenant = None
    ) -> Response:
        tenant = tenant_of_seller(caller, tenant, body.issuer_party_id)
        command = body.command(edge.clock.now())
        key = f"{tenant}/{body.tariff_id}"
        outcome = await tell(edge.desk, asked, entity="pricing.tariff", key=key, command=command)
        result = {"tenant": tenant, "tariff_id": body.tariff_id, **_version_in(outcome)}
        await seen(outcome, edge.tariffs.versions, edge.tariffs.assignments)
        return answer(edge.desk, caller.principal.subject, outcome, result)

    @app.post("/v1/tariffs/{tariff_id}/assignments", status_code=201, tags=["tariffs"])
    async def assign_tariff(
        tariff_id: TariffId,
        body: AssignmentBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(sets)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = tenant_of_seller(caller, tenant, body.seller_party_id)
        command = AssignTariff(at=edge.clock.now(), tariff_id=tariff_id, **body.model_dump())
        outcome = await tell(edge.desk, asked, entity="pricing.tariff", key=f"{tenant}/{tariff_id}", command=command)
        result = {"tenant": tenant, "tariff_id": tariff_id, "assignment_id": body.assignment_id}
        await seen(outcome, edge.tariffs.versions, edge.tariffs.assignments)
        return answer(edge.desk, caller.principal.subject, outcome, result, elsewhere={"tariff-unknown"})

    @app.post("/v1/price-feeds/{feed_id}/points", status_code=201, tags=["price feeds"])
    async def publish_points(
        feed_id: TariffId,
        body: PointsBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(sets)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = tenant_of_seller(caller, tenant, body.issuer_party_id)
        told = {"at": edge.clock.now(), "feed_id": feed_id, **body.model_dump()}
        command = PublishPricePoints.model_validate(told)
        outcome = await tell(edge.desk, asked, entity="pricing.price-feed", key=f"{tenant}/{feed_id}", command=command)
        return answer(edge.desk, caller.principal.subject, outcome, {"tenant": tenant, "feed_id": feed_id})

    @app.post("/v1/tariffs/{tariff_id}/retirement", status_code=201, tags=["tariffs"])
    async def retire_tariff(
        tariff_id: TariffId,
        body: RetirementBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(sets)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = tenant_of_seller(caller, tenant, body.seller_party_id)
        command = RetireTariff(at=edge.clock.now(), tariff_id=tariff_id, **body.model_dump())
        outcome = await tell(edge.desk, asked, entity="pricing.tariff", key=f"{tenant}/{tariff_id}", command=command)
        result = {"tenant": tenant, "tariff_id": tariff_id, "retires_at": body.retires_at.isoformat()}
        await seen(outcome, edge.tariffs.versions, edge.tariffs.assignments)
        return answer(edge.desk, caller.principal.subject, outcome, result, elsewhere={"tariff-unknown"})


def _version_in(outcome: Outcome) -> dict[str, Any]:
    if not isinstance(outcome, Accepted) or not outcome.events:
        return {}
    tariff = outcome.events[-1]["payload"]["tariff"]
    return {"version": tariff["version"], "content_hash": tariff["content_hash"]}


def _add_read_routes(app: FastAPI, edge: Edge) -> None:
    reads = edge.guard.act("read-tariff")

    @app.get("/v1/tariffs/{tariff_id}", tags=["tariffs"])
    async def read_tariff(
        tariff_id: TariffId, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        versions = edge.tariffs.versions.all_of(tenant, tariff_id)
        if not versions:
            raise Problem(404, "not-found")
        told = [{"name": each.name, **each.tariff.model_dump(mode="json")} for each in versions]
        return {"tenant": tenant, "tariff_id": tariff_id, "versions": told}

    @app.get("/v1/coverage", tags=["tariffs"])
    async def coverage(
        seller_party_id: PartyId,
        relation: RelationKind,
        caller: Annotated[Caller, Depends(reads)],
        tenant: InTenant = None,
        at: AwareDatetime | None = None,
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        moment = at or edge.clock.now()
        listed = edge.tariffs.assignments.listed(tenant, seller_party_id, relation, moment)
        versions = edge.tariffs.versions
        found = list(gaps(listed, moment, partial(versions.in_force, tenant), partial(versions.changes, tenant)))
        return {
            "total": not found,
            "gaps": [{"rule": each.rule, "message": each.message} for each in found],
            "tried_in_this_order": [each.model_dump(mode="json", exclude_none=True) for each in listed],
        }
