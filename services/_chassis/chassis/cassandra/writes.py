"""What a projection says: rows as they should be, each with the version that decides between repeats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """These columns of this row have these values as of `version`; None empties a column. Never read-modify-write."""

    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """The row, or only `columns` of it where it has several sources, is gone as of `version`."""

    table: str
    key: Mapping[str, Any]
    version: int
    columns: tuple[str, ...] | None = None


Write = Upsert | Delete


def newest(writes: Iterable[Write]) -> Sequence[Write]:
    """The writes without those that another one hides: same row, same columns, a higher version.

    What a store makes of them is the same; a reader that catches up has many of them in one batch.
    """
    kept: dict[object, Write] = {}
    for number, write in enumerate(writes):
        if isinstance(write, Delete):
            kept[number] = write
            continue
        what = (write.table, *write.key.items(), *write.values)
        known = kept.get(what)
        if known is None or write.version > known.version:
            kept[what] = write
        elif write.version == known.version:
            kept[number] = write  # which of two equals wins is the store's rule
    return list(kept.values())
