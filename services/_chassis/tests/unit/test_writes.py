"""Writes that others of the same batch hide are not written; nothing else changes."""

import random
from typing import Any

from chassis.cassandra import Delete, Rows, Upsert, Write
from chassis.cassandra.writes import newest


def upsert(row: str, version: int, **values: Any) -> Upsert:
    return Upsert(table="tallies", key={"tally": row}, values=values, version=version)


def test_of_a_rows_same_columns_only_the_highest_version_is_written() -> None:
    late, early, other = upsert("a", 3, total=3), upsert("a", 2, total=2), upsert("b", 1, total=1)
    assert newest([late, early, other]) == [late, other]
    assert newest([early, late]) == [late]


def test_other_columns_of_the_row_are_written_too() -> None:
    both = [upsert("a", 3, total=3), upsert("a", 2, name="a"), upsert("a", 1, total=1, name="b")]
    assert newest(both) == both


def test_which_of_two_equal_versions_wins_is_left_to_the_store() -> None:
    equals = [upsert("a", 3, total=3), upsert("a", 3, total=4)]
    assert newest(equals) == equals


async def test_the_store_holds_the_same_rows_as_if_all_had_been_written() -> None:
    seed = 20_261_126
    dice = random.Random(seed)
    for _ in range(200):
        writes: list[Write] = []
        for _ in range(dice.randint(1, 12)):
            row, version = dice.choice("ab"), dice.randint(1, 5)
            if dice.random() < 0.2:
                columns = dice.choice([None, ("name",)])
                writes.append(Delete(table="tallies", key={"tally": row}, version=version, columns=columns))
            else:
                names = dice.choice([("total",), ("name",), ("total", "name")])
                writes.append(upsert(row, version, **{name: f"{name}-{version}" for name in names}))
        whole, thinned = Rows(), Rows()
        await whole.write(writes)
        await thinned.write(newest(writes))
        assert thinned.rows("tallies") == whole.rows("tallies"), (seed, writes)
