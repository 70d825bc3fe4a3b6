"""Routes of subscriptions: a service provider lets its driver buy by one of its plans."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from accounts.adapters.http.bodies import EndBody, Reference, SubscriptionBody
from accounts.adapters.http.edge import Edge
from chassis.auth import Caller
from chassis.http import Asking, InTenant, Problem, answer, tell
from ev_contracts.accounts import EndSubscription, SubscribeDriver

_ENTITY = "accounts.subscription"


def add_subscription_routes(app: FastAPI, edge: Edge) -> None:
    """Subscribe a driver, end a subscription, and read those of a driver."""
    subscribes = edge.guard.act("subscribe-driver")

    @app.post("/v1/drivers/{driver_ref}/subscriptions", status_code=201, tags=["subscriptions"])
    async def subscribe_driver(
        driver_ref: Reference,
        body: SubscriptionBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(subscribes)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        provider = await _provider_of(edge, caller, tenant, driver_ref)
        now = edge.clock.now()
        command = SubscribeDriver(
            at=now,
            subscription_id=body.subscription_id,
            driver_ref=driver_ref,
            seller_party_id=provider,
            plan_id=body.plan_id,
            valid_from=body.valid_from or now,
        )
        key, said = f"{tenant}/{driver_ref}", _said(driver_ref, body)
        outcome = await tell(edge.desk, asked, entity=_ENTITY, key=key, command=command, body=said)
        told = {"tenant": tenant, "driver_ref": driver_ref, "subscription_id": body.subscription_id}
        return answer(edge.desk, caller.principal.subject, outcome, told)

    @app.post("/v1/drivers/{driver_ref}/subscriptions/end", status_code=201, tags=["subscriptions"])
    async def end_subscription(
        driver_ref: Reference,
        body: EndBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(subscribes)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        await _provider_of(edge, caller, tenant, driver_ref)
        now = edge.clock.now()
        command = EndSubscription(
            at=now, subscription_id=body.subscription_id, driver_ref=driver_ref, ends_at=body.ends_at or now
        )
        key, said = f"{tenant}/{driver_ref}", _said(driver_ref, body)
        outcome = await tell(edge.desk, asked, entity=_ENTITY, key=key, command=command, body=said)
        told = {"tenant": tenant, "driver_ref": driver_ref, "subscription_id": body.subscription_id}
        return answer(edge.desk, caller.principal.subject, outcome, told, elsewhere={"subscription-unknown"})

    @app.get("/v1/drivers/{driver_ref}/subscriptions", tags=["subscriptions"])
    async def read_subscriptions(
        driver_ref: Reference, caller: Annotated[Caller, Depends(subscribes)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        await _provider_of(edge, caller, tenant, driver_ref)
        await edge.subscriptions.refreshed()
        held = [each for key, each in edge.subscriptions.items() if key.startswith(f"{tenant}/{driver_ref}#")]
        told = [each.model_dump(mode="json") for each in sorted(held, key=lambda each: each.valid_from)]
        return {"tenant": tenant, "driver_ref": driver_ref, "subscriptions": told}


async def _provider_of(edge: Edge, caller: Caller, tenant: str, driver_ref: str) -> str:
    """Whose driver it is. Raises Problem 404 for a driver of other books, as for one that is not there."""
    driver = await edge.vault.driver(driver_ref)
    is_here = driver is not None and driver.tenant == tenant
    await edge.note(caller, driver_ref, "found" if is_here else "not-found")
    if driver is None or not is_here:
        raise Problem(404, "not-found")
    return driver.emsp_party_id


def _said(driver_ref: str, body: SubscriptionBody | EndBody) -> str:
    """What a repeat under the same idempotency key says again; a moment that is left out is the first one's."""
    return f"{driver_ref}/{body.model_dump_json()}"
