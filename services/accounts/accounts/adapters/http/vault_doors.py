"""The vault's reading doors, for edges only; every knock stands in the audit before it is answered."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI

from accounts.adapters.http.bodies import Reference
from accounts.adapters.http.edge import Edge
from accounts.ports import DriverEntry, TokenEntry
from chassis.auth import Caller
from chassis.http import Problem


def add_vault_routes(app: FastAPI, edge: Edge) -> None:
    """Read a person or a uid; answers are never cached."""
    knows = edge.guard.act("know-driver")

    @app.get("/v1/vault/drivers/{driver_ref}", tags=["vault"])
    async def read_driver(driver_ref: Reference, caller: Annotated[Caller, Depends(knows)]) -> dict[str, Any]:
        return await _opened(edge, caller, driver_ref, await edge.vault.driver(driver_ref))

    @app.get("/v1/vault/tokens/{token_ref}", tags=["vault"])
    async def read_token(token_ref: Reference, caller: Annotated[Caller, Depends(knows)]) -> dict[str, Any]:
        told = await _opened(edge, caller, token_ref, await edge.vault.token(token_ref))
        told.pop("uid_hmac")
        return told


async def _opened(edge: Edge, caller: Caller, subject: str, entry: DriverEntry | TokenEntry | None) -> dict[str, Any]:
    if entry is None:
        await edge.note(caller, subject, "absent")
        raise Problem(404, "not-found")
    if not caller.may(tenant=entry.tenant, subject=entry.driver_ref):
        await edge.note(caller, subject, "refused")
        raise Problem(404, "not-found")
    await edge.note(caller, subject, "read")
    return asdict(entry)
