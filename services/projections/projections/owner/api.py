"""The owner's read-model API; keyed by his party, fed by every operator he has a contract with."""

from typing import Annotated

from fastapi import Depends, FastAPI, Path
from starlette.responses import StreamingResponse

from chassis.auth import Caller
from projections.answering import Json, Limit, Newest, PageToken, ReadDesk, plain, unfolded
from projections.owner import queries
from projections.reading import Row, Select

OneMonth = Annotated[str, Path(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


def _own(caller: Caller) -> str:
    return caller.require(party_id=caller.principal.party_id).party_id


def add_routes(app: FastAPI, desk: ReadDesk) -> None:
    """All routes of the role."""
    _add_statements(app, desk)
    reads = desk.guard.act("read-statement")

    @app.get("/v1/contracts", tags=["contracts"])
    async def list_contracts(caller: Annotated[Caller, Depends(reads)]) -> Json:
        rows = await desk.reader.select(Select(table="contracts", key={"owner_party_id": _own(caller)}))
        items = [
            {**plain(row, without=("owner_party_id", "tenant")), "site_ids": unfolded(row, "site_ids")} for row in rows
        ]
        return desk.answer(items=items)

    @app.get("/v1/stream/statements", tags=["live"])
    async def stream_statements(caller: Annotated[Caller, Depends(reads)]) -> StreamingResponse:
        return desk.stream(frozenset({_own(caller)}))


def _add_statements(app: FastAPI, desk: ReadDesk) -> None:
    reads = desk.guard.act("read-statement")

    @app.get("/v1/statements", tags=["statements"])
    async def list_months(caller: Annotated[Caller, Depends(reads)], limit: Limit = 24) -> Json:
        owner = _own(caller)
        months = (await queries.months_of(desk.reader, owner))[:limit]
        items = [{"month": month, "totals": await queries.totals_of(desk.reader, owner, month)} for month in months]
        return desk.answer(items=items)

    @app.get("/v1/statements/{month}", tags=["statements"])
    async def read_month(
        month: OneMonth, caller: Annotated[Caller, Depends(reads)], *, limit: Limit = 50, page: PageToken = None
    ) -> Json:
        owner = _own(caller)

        async def shape(row: Row) -> Json:
            site = await queries.site_of(desk.reader, row)
            line = plain(row, without=("owner_party_id", "month", "tenant"))
            return {**line, "site": None if site is None else plain(site, without=("tenant",))}

        newest = Newest(table="statement_lines", key={"owner_party_id": owner}, order=("session_ended_at", "entry_id"))
        lines = await desk.months(newest, month=month, token=page, limit=limit, shape=shape)
        return {**lines, "month": month, "totals": await queries.totals_of(desk.reader, owner, month)}
