"""The read store's twin in memory: Cassandra's rule of the last write, cell by cell, with versions for timestamps."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.cassandra.writes import Delete, Upsert, Write

_Key = tuple[tuple[str, Any], ...]


class Rows:
    """Tables of rows of cells, each cell with the version that wrote it."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[_Key, dict[str, tuple[int, Any]]]] = {}
        self._deleted: dict[str, dict[_Key, int]] = {}

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def write(self, writes: Sequence[Write]) -> None:
        """In any order, any number of times: the rows are the same."""
        for write in writes:
            key = tuple(sorted(write.key.items()))
            match write:
                case Upsert():
                    for column, value in write.values.items():
                        self._cell(write.table, key, column, write.version, value)
                case Delete(columns=None):
                    deleted = self._deleted.setdefault(write.table, {})
                    deleted[key] = max(write.version, deleted.get(key, write.version))
                case Delete():
                    for column in write.columns or ():
                        self._cell(write.table, key, column, write.version, None)

    def _cell(self, table: str, key: _Key, column: str, version: int, value: Any) -> None:
        cells = self._cells.setdefault(table, {}).setdefault(key, {})
        known = cells.get(column)
        if known is None or version > known[0] or (version == known[0] and _wins(value, known[1])):
            cells[column] = (version, value)

    def rows(self, table: str) -> Sequence[Mapping[str, Any]]:
        """Every row that has a value, key columns included, in key order."""
        found = []
        for key, cells in self._cells.get(table, {}).items():
            dead = self._deleted.get(table, {}).get(key, -1)
            alive = {
                column: value for column, (version, value) in cells.items() if version > dead and value is not None
            }
            if alive:
                found.append({**dict(key), **alive})
        return sorted(found, key=lambda row: repr(sorted(row.items())))

    def row(self, table: str, **key: Any) -> Mapping[str, Any] | None:
        """The row with this whole key."""
        return next((row for row in self.rows(table) if all(row[name] == value for name, value in key.items())), None)


def _wins(new: Any, old: Any) -> bool:
    # Equal timestamps: a deletion wins, else the larger value.
    if new is None or old is None:
        return new is None
    return repr(new) > repr(old)
