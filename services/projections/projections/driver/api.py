"""The driver's read-model API; nobody's data but the caller's own can be asked for."""

from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.responses import StreamingResponse

from chassis.auth import Caller
from chassis.http import Problem
from projections.answering import Json, Limit, Month, Newest, PageToken, ReadDesk, plain, unfolded
from projections.driver import queries
from projections.reading import Row


def _own(caller: Caller) -> str:
    driver_ref = str(caller.principal.claims.get("driver_ref") or "")
    caller.require(subject=driver_ref)
    return driver_ref


def add_routes(app: FastAPI, desk: ReadDesk) -> None:
    """All routes of the role."""
    _add_sessions(app, desk)
    _add_receipts(app, desk)
    reads = desk.guard.act("read-own")

    @app.get("/v1/stream/me", tags=["live"])
    async def stream_me(caller: Annotated[Caller, Depends(reads)]) -> StreamingResponse:
        return desk.stream(frozenset({_own(caller)}))


def _add_sessions(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-own")

    async def shown(row: Row) -> Json:
        site = await queries.site_of(desk.reader, row)
        return {
            **plain(row, without=("cpo_tenant",)),
            "site": None if site is None else plain(site, without=("tenant",)),
        }

    @app.get("/v1/me/sessions", tags=["sessions"])
    async def list_sessions(
        caller: Annotated[Caller, Depends(reads)], *, month: Month = None, limit: Limit = 50, page: PageToken = None
    ) -> Json:
        mine = _own(caller)

        async def shape(index: Row) -> Json | None:
            row = await queries.session_of(desk.reader, mine, str(index["session_id"]))
            return None if row is None else await shown(row)

        newest = Newest(table="sessions_by_month", key={"driver_ref": mine}, order=("started_at", "session_id"))
        return await desk.months(newest, month=month, token=page, limit=limit, shape=shape)

    @app.get("/v1/me/sessions/{session_id}", tags=["sessions"])
    async def read_session(session_id: str, caller: Annotated[Caller, Depends(reads)]) -> Json:
        row = await queries.session_of(desk.reader, _own(caller), session_id)
        if row is None:
            raise Problem(404, "not-found")
        return desk.answer(session=await shown(row))


def _add_receipts(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-own")

    @app.get("/v1/me/receipts", tags=["receipts"])
    async def list_receipts(
        caller: Annotated[Caller, Depends(reads)], *, month: Month = None, limit: Limit = 50, page: PageToken = None
    ) -> Json:
        async def shape(row: Row) -> Json:
            return plain(row, without=("month", "driver_ref"))

        key = {"driver_ref": _own(caller)}
        newest = Newest(table="receipts_by_month", key={**key}, order=("issued_at", "invoice_number"))
        return await desk.months(newest, month=month, token=page, limit=limit, shape=shape)

    @app.get("/v1/me/receipts/{invoice_number}", tags=["receipts"])
    async def read_receipt(invoice_number: str, caller: Annotated[Caller, Depends(reads)]) -> Json:
        row = await desk.one("receipts", {"driver_ref": _own(caller), "invoice_number": invoice_number})
        return desk.answer(invoice=unfolded(row, "invoice"))
