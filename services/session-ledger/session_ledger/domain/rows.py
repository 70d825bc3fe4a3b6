"""A session's readings as rows of whole numbers, thinned so that a long session stays a small state.

The rule: of each stretch of time the first and the last row are kept. The stretches are as short as they can be while
no more than `ROWS_AT_MOST` rows are kept: 1 s, then 10 s, a minute, five, a quarter of an hour, an hour, six, a day. Up
to a quarter of an hour no price at a quarter of an hour is touched: the readings next to it on both sides are kept.
Which rows are kept follows from the set of readings alone, not from the order in which they came.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

ROWS_AT_MOST = 400
WIDTHS_S = (1, 10, 60, 300, 900, 3_600, 21_600, 86_400)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

Row = tuple[int, int | None, int | None, int | None]
"""Milliseconds since 1970, register in Wh, power in W, current in tenths of A; a plain tuple, for the state is written
with every batch and whole numbers are what its encoder is quickest at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows in order of time, at most two of them in each stretch of `WIDTHS_S[level]` seconds."""

    kept: tuple[Row, ...] = ()
    level: int = 0


def ms_of(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - _EPOCH) // _MS


def time_of(at_ms: int) -> datetime:
    """The instant of so many milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def with_row(rows: Rows, row: Row) -> Rows:
    """The rows and one more; the very same object where it adds nothing."""
    kept = rows.kept
    if not kept or row[0] > kept[-1][0]:
        return _thinned(_appended(kept, row, rows.level), rows.level)
    place = bisect_left(kept, row[0], key=_at_ms)
    if kept[place][0] == row[0]:
        joined = _joined(kept[place], row)
        return rows if joined == kept[place] else _put(rows, place, 1, (joined,))
    if place and _is_between(kept, place, row, rows.level):
        return rows
    return _between(rows, place, row)


def last_register(rows: Rows, until: datetime | None = None) -> Row | None:
    """The latest row with a register, not after `until` where that is given."""
    until_ms = None if until is None else ms_of(until)
    return next((each for each in reversed(rows.kept) if until_ms is None or each[0] <= until_ms), None)


def _appended(kept: tuple[Row, ...], row: Row, level: int) -> tuple[Row, ...]:
    return (*kept[:-1], row) if _is_last_of_three(kept[-2:], row, level) else (*kept, row)


def _is_last_of_three(last_two: Sequence[Row], row: Row, level: int) -> bool:
    """Whether the row's stretch holds its first and its last row already."""
    stretch = _stretch(row, level)
    return len(last_two) == 2 and _stretch(last_two[0], level) == _stretch(last_two[1], level) == stretch


def _is_between(kept: tuple[Row, ...], place: int, row: Row, level: int) -> bool:
    """Whether rows of the same stretch stand on both sides."""
    return _stretch(kept[place - 1], level) == _stretch(row, level) == _stretch(kept[place], level)


def _between(rows: Rows, place: int, row: Row) -> Rows:
    """A row that is the first or the last of its stretch, put where it belongs."""
    kept, level, stretch = rows.kept, rows.level, _stretch(row, rows.level)
    if place + 1 < len(kept) and _stretch(kept[place], level) == _stretch(kept[place + 1], level) == stretch:
        return _put(rows, place, 1, (row,))
    if place > 1 and _stretch(kept[place - 2], level) == _stretch(kept[place - 1], level) == stretch:
        return _put(rows, place - 1, 1, (row,))
    return _put(rows, place, 0, (row,))


def _put(rows: Rows, place: int, instead_of: int, new: tuple[Row, ...]) -> Rows:
    return _thinned((*rows.kept[:place], *new, *rows.kept[place + instead_of :]), rows.level)


def _thinned(kept: tuple[Row, ...], level: int) -> Rows:
    while len(kept) > ROWS_AT_MOST and level + 1 < len(WIDTHS_S):
        level += 1
        kept = _first_and_last(kept, level)
    return Rows(kept=kept, level=level)


def _first_and_last(rows: Iterable[Row], level: int) -> tuple[Row, ...]:
    kept: list[Row] = []
    for row in rows:
        if _is_last_of_three(kept[-2:], row, level):
            kept[-1] = row
        else:
            kept.append(row)
    return tuple(kept)


def _joined(one: Row, other: Row) -> Row:
    """Two rows of one instant: of each figure the greater, whichever came first."""
    return (one[0], _greater(one[1], other[1]), _greater(one[2], other[2]), _greater(one[3], other[3]))


def _greater(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)


def _at_ms(row: Row) -> int:
    return row[0]


def _stretch(row: Row, level: int) -> int:
    return row[0] // (1_000 * WIDTHS_S[level])
