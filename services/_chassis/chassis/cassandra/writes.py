"""What a projection says: rows as they should be, each with the version that decides between repeats."""

from collections.abc import Mapping
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
