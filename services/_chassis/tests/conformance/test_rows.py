"""One suite for Cassandra and its twin in memory: the last version wins, however writes are repeated and shuffled."""

import itertools
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import ev_lab
from chassis.cassandra import Cassandra, Delete, Rows, Upsert
from chassis.clock import new_id

TABLES = """
-- Which tallies does a tenant have?
CREATE TABLE IF NOT EXISTS tallies (
  tenant text, tally text, total bigint, name text, PRIMARY KEY ((tenant), tally)
);
"""
Store = Rows | Cassandra


@pytest.fixture(params=["memory", "cassandra"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        rows = Rows()
        await rows.start()
        yield rows
        await rows.stop()
        return
    lab = ev_lab.endpoints()
    tables = tmp_path / "tables.cql"
    tables.write_text(TABLES, encoding="utf-8")
    real = Cassandra(
        lab.cassandra_hosts,
        port=lab.cassandra_port,
        datacenter=lab.datacenter,
        keyspace=f"zz_{new_id()[:8]}",
        tables_cql=tables,
    )
    await real.start()
    yield real
    await real.drop_keyspace()
    await real.stop()


async def row(store: Store, tally: str) -> Mapping[str, Any] | None:
    if isinstance(store, Rows):
        return store.row("tallies", tenant="t", tally=tally)
    rows = await store.execute("SELECT * FROM tallies WHERE tenant = ? AND tally = ?", ["t", tally])
    return {name: value for name, value in rows[0].items() if value is not None} if rows else None


def upsert(tally: str, version: int, **values: Any) -> Upsert:
    return Upsert(table="tallies", key={"tenant": "t", "tally": tally}, values=values, version=version)


async def test_shuffled_and_repeated_writes_give_the_same_row(store: Store) -> None:
    for number, order in enumerate(itertools.permutations([1, 2, 3])):
        tally = f"shuffled-{number}"
        for version in [*order, *order]:
            await store.write([upsert(tally, version, total=version * 10)])
        assert await row(store, tally) == {"tenant": "t", "tally": tally, "total": 30}


async def test_each_source_has_its_own_columns_and_versions(store: Store) -> None:
    await store.write([upsert("two", 60, total=5), upsert("two", 4, name="a")])
    await store.write([upsert("two", 3, name="old"), upsert("two", 59, total=1)])
    assert await row(store, "two") == {"tenant": "t", "tally": "two", "total": 5, "name": "a"}


async def test_none_empties_a_column(store: Store) -> None:
    await store.write([upsert("none", 1, total=5, name="a"), upsert("none", 2, name=None)])
    assert await row(store, "none") == {"tenant": "t", "tally": "none", "total": 5}


async def test_a_deleted_row_stays_deleted_for_older_writes_only(store: Store) -> None:
    key = {"tenant": "t", "tally": "gone"}
    await store.write([upsert("gone", 1, total=1)])
    await store.write([Delete(table="tallies", key=key, version=5)])
    await store.write([upsert("gone", 4, total=4)])
    assert await row(store, "gone") is None
    await store.write([upsert("gone", 6, total=6)])
    assert await row(store, "gone") == {**key, "total": 6}


async def test_a_source_deletes_its_columns_only(store: Store) -> None:
    key = {"tenant": "t", "tally": "columns"}
    await store.write([upsert("columns", 1, total=1), upsert("columns", 1, name="a")])
    await store.write([Delete(table="tallies", key=key, version=2, columns=("name",))])
    assert await row(store, "columns") == {**key, "total": 1}


async def test_many_rows_of_a_partition_are_written_in_one_call(store: Store) -> None:
    whole = "x" * 1_500  # several batches' worth
    await store.write([upsert(f"many-{number}", number, total=number, name=whole) for number in range(120)])
    for number in (0, 1, 60, 119):
        tally = f"many-{number}"
        assert await row(store, tally) == {"tenant": "t", "tally": tally, "total": number, "name": whole}


async def test_of_one_call_the_highest_version_of_a_row_stands(store: Store) -> None:
    await store.write([upsert("once", version, total=version) for version in (2, 7, 5)])
    assert await row(store, "once") == {"tenant": "t", "tally": "once", "total": 7}


async def test_a_write_without_a_version_is_impossible() -> None:
    store = Cassandra(["127.0.0.1"], keyspace="k")
    with pytest.raises(ValueError, match="without a version"):
        await store.execute("UPDATE tallies SET total = 1 WHERE tenant = 't' AND tally = '1'")
