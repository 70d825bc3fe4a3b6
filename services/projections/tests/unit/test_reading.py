"""A read is one bounded partition, the same in Cassandra's words and on the twin; a store that is away is a 503."""

from cassandra import OperationTimedOut

from chassis.cassandra import Rows, Upsert
from projections.reading import Select, TwinReader, cql_of
from projections.settings import RoleName
from projections.testing.model import Running


def test_the_statement_names_partition_place_and_limit() -> None:
    select = Select(table="t", key={"a": 1}, order=("b", "c"), descending=True, beyond=(2, 3), limit=10)
    assert cql_of(select) == ("SELECT * FROM t WHERE a = ? AND (b, c) < (?, ?) LIMIT ?", [1, 2, 3, 10])
    between = Select(table="t", key={"a": 1}, between=("b", "x", "z"), limit=5)
    assert cql_of(between) == ("SELECT * FROM t WHERE a = ? AND b >= ? AND b <= ? LIMIT ?", [1, "x", "z", 5])


async def test_the_twin_pages_as_cassandra_does() -> None:
    rows = Rows()
    for name in "vwxyz":
        await rows.write([Upsert(table="t", key={"a": 1, "b": name}, values={"c": 1}, version=1)])
    reader = TwinReader(rows)
    newest = Select(table="t", key={"a": 1}, order=("b",), descending=True, beyond=("y",), limit=2)
    bounded = Select(table="t", key={"a": 1}, order=("b",), between=("b", "w", "x"))
    assert [row["b"] for row in await reader.select(newest)] == ["x", "w"]
    assert [row["b"] for row in await reader.select(bounded)] == ["w", "x"]
    assert await reader.select(Select(table="t", key={"a": 2})) == []


async def test_a_store_that_is_away_is_told_as_such(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        model.rows.rows = _away  # type: ignore[assignment]  # the store goes away under a running service
        answer = await model.http.get("/v1/stations", headers={"Authorization": "Bearer cpo"})
    assert (answer.status_code, answer.json()["title"]) == (503, "store-unavailable")


def _away(_table: str) -> list[dict[str, object]]:
    raise OperationTimedOut
