"""Which readings of a long session are kept: the first and the last of each stretch, whatever order they came in."""

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from story import NOON

from session_ledger.domain.rows import ROWS_AT_MOST, WIDTHS_S, Row, Rows, ms_of, with_row

SECONDS = st.integers(0, 20_000)
ROWS = st.lists(st.tuples(SECONDS, st.integers(0, 9)).map(lambda told: _row(told[0], told[1])), max_size=60)


def _row(second: int, register_wh: int) -> Row:
    return (ms_of(NOON + timedelta(seconds=second)), register_wh, None, None)


def kept(rows: list[Row], level: int = 0) -> Rows:
    found = Rows(level=level)
    for row in rows:
        found = with_row(found, row)
    return found


@given(st.data())
def test_order_and_repetition_change_no_row(data: st.DataObject) -> None:
    level = data.draw(st.integers(0, 4))
    rows = data.draw(ROWS)
    shuffled = data.draw(st.permutations([*rows, *rows[:10]]))
    assert kept(shuffled, level) == kept(rows, level)


def test_a_long_session_in_any_order_is_thinned_to_the_same_rows() -> None:
    rows = [_row(10 * number, number) for number in range(3_000)]
    shuffled = rows[:]
    random.Random(7).shuffle(shuffled)
    assert kept(shuffled) == kept(rows)
    assert len(kept(rows).kept) <= ROWS_AT_MOST


def test_ten_thousand_readings_stay_within_bounds_and_keep_their_ends() -> None:
    rows = [_row(30 * number, number) for number in range(10_000)]
    thin = kept(rows)
    assert len(thin.kept) <= ROWS_AT_MOST
    assert (thin.kept[0], thin.kept[-1]) == (rows[0], rows[-1])


def test_the_readings_next_to_each_quarter_of_an_hour_are_always_kept() -> None:
    rows = [_row(7 * number, number) for number in range(10_000)]
    thin = kept(rows)
    assert WIDTHS_S[thin.level] <= 900
    for quarter in range(1, 70_000 // 900):
        edge = ms_of(NOON) + quarter * 900_000
        before = max(row for row in rows if row[0] < edge)
        after = min(row for row in rows if row[0] >= edge)
        assert {before, after} <= set(thin.kept)


def test_two_rows_of_one_instant_are_one() -> None:
    assert kept([_row(5, 3), _row(5, 8), _row(5, 4)]).kept == (_row(5, 8),)
    power: Row = (_row(5, 3)[0], None, 11_000, None)
    assert kept([_row(5, 3), power]).kept == ((power[0], 3, 11_000, None),)


def test_a_row_that_adds_nothing_leaves_the_same_object() -> None:
    rows = kept([_row(0, 1), _row(9, 2)], level=1)
    assert with_row(rows, _row(5, 1)) is rows
    assert with_row(rows, _row(9, 2)) is rows
