"""What every read-model route answers with: rows, a page token, and as of which offsets they are true."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from fastapi import Query
from starlette.responses import StreamingResponse

from chassis.auth import Guard
from chassis.clock import Clock
from chassis.http import Problem, Seal, WrongToken, event_stream
from chassis.runner import Progress
from projections.live import Live
from projections.reading import Cell, Reader, Row, Select

_MONTHS_BACK = 24
_SCAN = 200

Json = Mapping[str, object]
Shape = Callable[[Row], Awaitable[Json | None]]
"""A row to what is shown of it, or None where the filters leave it out."""

Limit = Annotated[int, Query(ge=1, le=200, description="Most rows in the answer.")]
PageToken = Annotated[str | None, Query(max_length=2000, description="`next` of the answer before; opaque.")]
Month = Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Year and month, in UTC.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """A list kept in monthly partitions, newest first: `key` is the partition without its month."""

    table: str
    key: Mapping[str, Cell]
    order: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDesk:
    """What the routes of a role are given."""

    guard: Guard
    reader: Reader
    clock: Clock
    progress: Progress
    live: Live
    pages: Seal
    instants: Seal

    def as_of(self) -> Json:
        """The offsets behind this answer as an opaque token, and when the newest of them was appended."""
        offsets: dict[str, dict[str, int]] = {}
        for at, offset in self.progress.offsets.items():
            offsets.setdefault(at.topic, {})[str(at.partition)] = offset
        newest = max(self.progress.log_time_ms.values(), default=None)
        appended = None if newest is None else datetime.fromtimestamp(newest / 1000, UTC).isoformat()
        return {"token": self.instants.seal(offsets), "appended_at": appended, "now": self.clock.now().isoformat()}

    def answer(self, **content: object) -> Json:
        """The content beside its `as_of`."""
        return {**content, "as_of": self.as_of()}

    async def one(self, table: str, key: Mapping[str, Cell]) -> Row:
        """The row with this whole key. Raises Problem 404."""
        rows = await self.reader.select(Select(table=table, key=key, limit=1))
        if not rows:
            raise Problem(404, "not-found")
        return rows[0]

    async def page(self, select: Select, *, token: str | None, limit: int) -> Json:
        """One page of one partition in its own order."""
        rows, more = await self.rows(select, token=token, limit=limit)
        return self.answer(items=[plain(row) for row in rows], next=more)

    async def rows(self, select: Select, *, token: str | None, limit: int) -> tuple[Sequence[Row], str | None]:
        """The rows of a page, and the token of the next one if there is any."""
        subject = _subject_of(select.table, select.key)
        beyond = None if token is None else _revived(self._opened(token, subject)["beyond"])
        rows = await self.reader.select(replace(select, beyond=beyond, limit=limit + 1))
        shown = rows[:limit]
        more = None if len(rows) <= limit else self._token(subject, None, shown[-1], select.order)
        return shown, more

    async def months(self, newest: Newest, *, month: str | None, token: str | None, limit: int, shape: Shape) -> Json:
        """One page over the months, newest first; only `month` where it is given. Scans a bounded number of rows."""
        subject = _subject_of(newest.table, {**newest.key, "only": month})
        at, beyond = month or f"{self.clock.now():%Y-%m}", None
        if token is not None:
            opened = self._opened(token, subject)
            at, beyond = str(opened["month"]), _revived(opened["beyond"])
        items: list[Json] = []
        for _ in range(1 if month else _MONTHS_BACK):
            rows = await self._month(newest, at, beyond)
            for row in rows:
                shown = await shape(row)
                if shown is not None:
                    items.append(shown)
                if len(items) == limit:
                    return self.answer(items=items, next=self._token(subject, at, row, newest.order))
            if len(rows) == _SCAN:
                return self.answer(items=items, next=self._token(subject, at, rows[-1], newest.order))
            at, beyond = _before(at), None
        return self.answer(items=items, next=None)

    async def _month(self, newest: Newest, month: str, beyond: tuple[Cell, ...] | None) -> Sequence[Row]:
        key = {**newest.key, "month": month}
        return await self.reader.select(
            Select(table=newest.table, key=key, order=newest.order, descending=True, beyond=beyond, limit=_SCAN)
        )

    def _token(self, subject: str, month: str | None, row: Row, order: Sequence[str]) -> str:
        return self.pages.seal({"of": subject, "month": month, "beyond": [_sleeping(row[name]) for name in order]})

    def _opened(self, token: str, subject: str) -> "_Opened":
        try:
            opened: _Opened = self.pages.open(token)
        except WrongToken as error:
            raise Problem(422, "wrong-page-token") from error
        if opened["of"] != subject:
            raise Problem(422, "wrong-page-token", "the token belongs to another list")
        return opened

    def stream(self, audiences: frozenset[str]) -> StreamingResponse:
        """Changes of these audiences as named events; a `ping` now and then. Each says what changed, not how."""

        async def messages() -> AsyncIterator[tuple[str, Json] | None]:
            async for change in self.live.changes():
                if change is None:
                    yield None
                elif change.audience in audiences:
                    yield change.table, {"id": change.subject}

        return event_stream(messages())


class _Opened(TypedDict):
    """What a page token holds: of which list, where in it."""

    of: str
    month: str | None
    beyond: list[Cell | dict[str, str]]


def _subject_of(table: str, key: Mapping[str, Cell]) -> str:
    return json.dumps([table, *sorted((name, str(value)) for name, value in key.items())])


def _sleeping(value: Cell) -> Cell | dict[str, str]:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _revived(values: Sequence[Cell | dict[str, str]]) -> tuple[Cell, ...]:
    return tuple(datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value for value in values)


def _before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def plain(row: Row, *, without: Sequence[str] = ()) -> Json:
    """A row as JSON: times in ISO 8601, empty columns left out."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None and name not in without
    }


def unfolded(row: Row, column: str) -> object:
    """A column that holds JSON, as JSON; None where it is empty."""
    text = row.get(column)
    return json.loads(text) if isinstance(text, str) else None
