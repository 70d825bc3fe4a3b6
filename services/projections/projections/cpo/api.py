"""The operator's read-model API."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query
from starlette.responses import StreamingResponse

from chassis.auth import Caller
from chassis.http import InTenant, Problem
from projections.answering import Json, Limit, Month, Newest, PageToken, ReadDesk, plain, unfolded
from projections.cpo import queries
from projections.reading import Row, Select

Status = Annotated[str | None, Query(pattern=r"^(charging|suspended|ended|closed|suspect)$")]


def add_routes(app: FastAPI, desk: ReadDesk) -> None:
    """All routes of the role."""
    _add_stations(app, desk)
    _add_sessions(app, desk)
    _add_invoices(app, desk)
    reads = desk.guard.act("read-network")

    @app.get("/v1/stream/network", tags=["live"])
    async def stream_network(caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None) -> StreamingResponse:
        return desk.stream(frozenset({caller.tenant(tenant)}))


def _add_stations(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-network")

    @app.get("/v1/sites", tags=["network"])
    async def list_sites(
        caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None, limit: Limit = 50, page: PageToken = None
    ) -> Json:
        select = Select(table="sites", key={"tenant": caller.tenant(tenant)}, order=("site_id",))
        return await desk.page(select, token=page, limit=limit)

    @app.get("/v1/stations", tags=["network"])
    async def list_stations(
        caller: Annotated[Caller, Depends(reads)],
        *,
        tenant: InTenant = None,
        connected: bool | None = None,
        faulted: bool | None = None,
        site_id: str | None = None,
        limit: Limit = 50,
        page: PageToken = None,
    ) -> Json:
        tenant = caller.tenant(tenant)
        select = Select(table="stations", key={"tenant": tenant}, order=("station_id",))
        rows, token = await desk.rows(select, token=page, limit=limit)
        wanted = {"connected": connected, "faulted": faulted, "site_id": site_id}
        shown = await queries.station_list(desk.reader, tenant, rows)
        items = [each for each in shown if all(v is None or each.get(name) == v for name, v in wanted.items())]
        return desk.answer(items=items, next=token)

    @app.get("/v1/stations/{station_id}", tags=["network"])
    async def read_station(station_id: str, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None) -> Json:
        tenant = caller.tenant(tenant)
        row = await desk.one("stations", {"tenant": tenant, "station_id": station_id})
        (station,) = await queries.station_list(desk.reader, tenant, [row])
        return desk.answer(
            station=station,
            timeline=await queries.timeline_of(desk.reader, tenant, station_id),
            commands=await queries.commands_of(desk.reader, tenant, station_id),
        )

    @app.get("/v1/stations/{station_id}/sessions", tags=["network"])
    async def list_sessions_of_station(
        station_id: str, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None, limit: Limit = 50
    ) -> Json:
        tenant = caller.tenant(tenant)
        select = Select(
            table="sessions_by_station",
            key={"tenant": tenant, "station_id": station_id},
            order=("started_at", "session_id"),
            descending=True,
            limit=limit,
        )
        found = [
            await queries.session_of(desk.reader, tenant, str(row["session_id"]))
            for row in await desk.reader.select(select)
        ]
        return desk.answer(items=[plain(row) for row in found if row is not None])


def _add_sessions(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-network")

    @app.get("/v1/sessions", tags=["sessions"])
    async def list_sessions(
        caller: Annotated[Caller, Depends(reads)],
        *,
        tenant: InTenant = None,
        status: Status = None,
        station_id: str | None = None,
        month: Month = None,
        limit: Limit = 50,
        page: PageToken = None,
    ) -> Json:
        own = caller.tenant(tenant)

        async def shape(index: Row) -> Json | None:
            if station_id is not None and index.get("station_id") != station_id:
                return None
            row = await queries.session_of(desk.reader, own, str(index["session_id"]))
            return None if row is None or (status and row.get("status") != status) else plain(row)

        newest = Newest(table="sessions_by_month", key={"tenant": own}, order=("started_at", "session_id"))
        return await desk.months(newest, month=month, token=page, limit=limit, shape=shape)

    @app.get("/v1/sessions/{session_id}", tags=["sessions"])
    async def read_session(session_id: str, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None) -> Json:
        own = caller.tenant(tenant)
        row = await queries.session_of(desk.reader, own, session_id)
        if row is None:
            raise Problem(404, "not-found")
        return desk.answer(
            session=plain(row),
            timeline=await queries.timeline_of(desk.reader, own, session_id),
            readings=await queries.readings_of(desk.reader, own, session_id),
        )


def _add_invoices(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-books")

    @app.get("/v1/invoices", tags=["invoices"])
    async def list_invoices(
        caller: Annotated[Caller, Depends(reads)],
        *,
        tenant: InTenant = None,
        month: Month = None,
        limit: Limit = 50,
        page: PageToken = None,
    ) -> Json:
        async def shape(row: Row) -> Json:
            return plain(row, without=("month",))

        key = {"tenant": caller.tenant(tenant)}
        newest = Newest(table="invoices_by_month", key={**key}, order=("issued_at", "invoice_number"))
        return await desk.months(newest, month=month, token=page, limit=limit, shape=shape)

    @app.get("/v1/invoices/{invoice_number}", tags=["invoices"])
    async def read_invoice(
        invoice_number: str, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None
    ) -> Json:
        row = await desk.one("invoices", {"tenant": caller.tenant(tenant), "invoice_number": invoice_number})
        return desk.answer(invoice=unfolded(row, "invoice"))
