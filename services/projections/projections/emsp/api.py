"""The service provider's read-model API."""

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Query
from starlette.responses import StreamingResponse

from chassis.auth import Caller
from chassis.http import InTenant, Problem
from projections.answering import Json, Limit, Month, Newest, PageToken, ReadDesk, plain, unfolded
from projections.emsp import queries
from projections.reading import Row, Select

Status = Annotated[str | None, Query(pattern=r"^(charging|ended|closed)$")]


def add_routes(app: FastAPI, desk: ReadDesk) -> None:
    """All routes of the role."""
    _add_sessions(app, desk)
    _add_invoices(app, desk)
    reads = desk.guard.act("read-emsp")

    @app.get("/v1/stream/sessions", tags=["live"])
    async def stream_sessions(caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None) -> StreamingResponse:
        return desk.stream(frozenset({caller.tenant(tenant), caller.principal.party_id}))


async def _shown(desk: ReadDesk, row: Row) -> Json:
    site = await queries.site_of(desk.reader, row)
    return {**plain(row, without=("tenant",)), "site": None if site is None else plain(site, without=("tenant",))}


def _add_sessions(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-emsp")

    @app.get("/v1/sessions", tags=["sessions"])
    async def list_sessions(
        caller: Annotated[Caller, Depends(reads)],
        *,
        tenant: InTenant = None,
        status: Status = None,
        driver_ref: str | None = None,
        month: Month = None,
        limit: Limit = 50,
        page: PageToken = None,
    ) -> Json:
        own = caller.tenant(tenant)

        async def shape(index: Row) -> Json | None:
            row = await queries.session_of(desk.reader, own, str(index["session_id"]))
            left_out = row is None or (status and row.get("status") != status)
            if row is None or left_out or (driver_ref and row.get("driver_ref") != driver_ref):
                return None
            return await _shown(desk, row)

        newest = Newest(table="sessions_by_month", key={"tenant": own}, order=("started_at", "session_id"))
        return await desk.months(newest, month=month, token=page, limit=limit, shape=shape)

    @app.get("/v1/sessions/{session_id}", tags=["sessions"])
    async def read_session(session_id: str, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None) -> Json:
        row = await queries.session_of(desk.reader, caller.tenant(tenant), session_id)
        if row is None:
            raise Problem(404, "not-found")
        return desk.answer(session=await _shown(desk, row))


def _add_invoices(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-emsp")

    def holder_of(caller: Caller, tenant: str | None, direction: str) -> str:
        own = caller.tenant(tenant)
        return own if direction == "sold" else caller.principal.party_id

    @app.get("/v1/invoices", tags=["invoices"])
    async def list_invoices(
        caller: Annotated[Caller, Depends(reads)],
        *,
        direction: Literal["sold", "bought"] = "sold",
        tenant: InTenant = None,
        month: Month = None,
        limit: Limit = 50,
        page: PageToken = None,
    ) -> Json:
        async def shape(row: Row) -> Json:
            return plain(row, without=("month", "holder"))

        key = {"holder": holder_of(caller, tenant, direction)}
        newest = Newest(table="invoices_by_month", key={**key}, order=("issued_at", "invoice_number"))
        return await desk.months(newest, month=month, token=page, limit=limit, shape=shape)

    @app.get("/v1/invoices/{invoice_number}", tags=["invoices"])
    async def read_invoice(
        invoice_number: str, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None
    ) -> Json:
        for direction in ("sold", "bought"):
            key = {"holder": holder_of(caller, tenant, direction), "invoice_number": invoice_number}
            rows = await desk.reader.select(Select(table="invoices", key={**key}, limit=1))
            if rows:
                return desk.answer(invoice=unfolded(rows[0], "invoice"), direction=direction)
        raise Problem(404, "not-found")
