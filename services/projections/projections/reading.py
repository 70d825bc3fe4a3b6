"""Bounded reads of one partition, said as values: Cassandra and its twin in memory answer the same questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from chassis.cassandra import Cassandra, Rows

Cell = str | int | bool | datetime | None
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """Rows of one partition (`key`), in the table's clustering `order`, which is all ascending or all descending.

    `beyond` is the clustering key of the last row already seen; `between` bounds a clustering column, ends included.
    """

    table: str
    key: Mapping[str, Cell]
    order: tuple[str, ...] = ()
    descending: bool = False
    beyond: tuple[Cell, ...] | None = None
    between: tuple[str, str, str] | None = None
    limit: int = 10_000


class Reader(Protocol):
    """Where rows are read."""

    async def select(self, select: Select) -> Sequence[Row]:
        """At most `limit` rows; raises what the store raises while it is away."""
        ...


def cql_of(select: Select) -> tuple[str, list[Cell]]:
    """The statement and its values; every part of it is a literal of ours."""
    where = [f"{name} = ?" for name in select.key]
    values: list[Cell] = list(select.key.values())
    if select.beyond is not None:
        marks = ", ".join("?" for _ in select.beyond)
        where.append(f"({', '.join(select.order)}) {'<' if select.descending else '>'} ({marks})")
        values.extend(select.beyond)
    if select.between is not None:
        column, *bounds = select.between
        where.append(f"{column} >= ? AND {column} <= ?")
        values.extend(bounds)
    statement = f"SELECT * FROM {select.table} WHERE {' AND '.join(where)} LIMIT ?"  # noqa: S608 - see above
    return statement, [*values, select.limit]


class CassandraReader:
    """Reads what the projection wrote; the driver's naive times are UTC."""

    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra

    async def select(self, select: Select) -> Sequence[Row]:
        rows: Sequence[Row] = await self._cassandra.execute(*cql_of(select))
        return [{name: _aware(value) for name, value in row.items() if value is not None} for row in rows]


def _aware(value: Cell) -> Cell:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


class TwinReader:
    """The same over the rows in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def select(self, select: Select) -> Sequence[Row]:
        found = [
            row for row in self._rows.rows(select.table) if all(row[name] == select.key[name] for name in select.key)
        ]
        if select.order:
            found.sort(key=lambda row: _place(row, select), reverse=select.descending)
        if select.beyond is not None:
            found = [row for row in found if _is_beyond(_place(row, select), select)]
        if select.between is not None:
            column, first, last = select.between
            found = [row for row in found if first <= str(row[column]) <= last]
        return found[: select.limit]


def _place(row: Row, select: Select) -> tuple[Cell, ...]:
    return tuple(row[name] for name in select.order)


def _is_beyond(place: tuple[Cell, ...], select: Select) -> bool:
    beyond = select.beyond or ()
    # Clustering keys of one table have the same types in the same places, and never None.
    return place < beyond if select.descending else place > beyond


def reader_of(store: Cassandra | Rows) -> Reader:
    """The reader that goes with the store."""
    return TwinReader(store) if isinstance(store, Rows) else CassandraReader(store)
