"""Routes of drivers: the person goes to the vault first, then the log learns that somebody has an account."""

import uuid
from typing import Annotated

from fastapi import Depends, FastAPI, Response

from accounts.adapters.http.bodies import DriverBody
from accounts.adapters.http.edge import Edge, wrong_provider
from accounts.ports import DriverEntry
from chassis.auth import Caller
from chassis.clock import new_id
from chassis.http import Asking, InTenant, Rejected, answer, refuse_if, tell
from ev_contracts.accounts import RegisterDriver


def add_driver_routes(app: FastAPI, edge: Edge) -> None:
    """Register drivers."""

    @app.post("/v1/drivers", status_code=201, tags=["drivers"])
    async def register_driver(
        body: DriverBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(edge.guard.act("register-driver"))],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        refuse_if(await wrong_provider(edge, "emsp_party_id", body.emsp_party_id, tenant=tenant))
        driver_ref = _reference(edge, tenant, asked.idempotency_key)
        person = DriverEntry(driver_ref=driver_ref, tenant=tenant, **body.model_dump())
        new = await edge.vault.keep_driver(person)
        outcome = await tell(
            edge.desk,
            asked,
            entity="accounts.driver",
            key=f"{tenant}/{driver_ref}",
            command=RegisterDriver(
                at=edge.clock.now(), driver_ref=driver_ref, emsp_party_id=body.emsp_party_id, public_key=None
            ),
            body=edge.blind(body.emsp_party_id, body.name, body.email),
        )
        if isinstance(outcome, Rejected) and new:
            await edge.vault.forget(driver_ref)
        await edge.note(caller, driver_ref, "kept" if new else "known")
        return answer(edge.desk, caller.principal.subject, outcome, {"tenant": tenant, "driver_ref": driver_ref})


def _reference(edge: Edge, tenant: str, idempotency_key: str | None) -> str:
    """Random; with an idempotency key a keyed digest of it, so that a retry means the same driver."""
    if idempotency_key is None:
        return new_id()
    return str(uuid.UUID(edge.blind("driver", tenant, idempotency_key)[:32]))
