"""A read model rebuilt beside the live one equals it row by row; events shuffled and repeated give the same rows."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from real import Real

from chassis.cassandra import Cassandra, Rows
from projections.app import ROLES
from projections.reading import CassandraReader, Select
from projections.settings import RoleName, Settings
from projections.testing.model import contexts
from projections.testing.story import STORY

Found = Mapping[str, list[str]]


async def rows_of(store: Cassandra, settings: Settings) -> Found:
    """Every row of every table the role writes, with the version of each value."""
    role = ROLES[settings.role](settings)
    tables: dict[str, set[str]] = {}
    for event, ctx in contexts(STORY):
        for write in role.project(event, ctx):
            tables.setdefault(write.table, set()).update(getattr(write, "values", ()))
    found: dict[str, list[str]] = {}
    for table, columns in tables.items():
        versions = ", ".join(f"WRITETIME({column}) AS w_{column}" for column in sorted(columns))
        rows: list[Any] = [*await store.execute(f"SELECT * FROM {table}")]  # noqa: S608 - names of our own tables
        rows += await store.execute(f"SELECT {versions} FROM {table}")  # noqa: S608 - as above
        found[table] = sorted(repr(sorted(row.items())) for row in rows)
    assert all(found.values())
    return found


@pytest.mark.parametrize("role", list(RoleName))
async def test_a_rebuild_from_the_first_offset_equals_the_rows_before(real: Real, role: RoleName) -> None:
    await real.tell(*STORY)
    live, rebuilt = real.settings(role), real.settings(role, model_version=2)
    async with real.run(live), real.store(live) as store:
        before = await rows_of(store, live)
    async with real.run(rebuilt), real.store(rebuilt) as store:
        assert await rows_of(store, rebuilt) == before


@pytest.mark.parametrize("role", list(RoleName))
async def test_shuffled_and_repeated_events_give_the_rows_of_the_twin(real: Real, role: RoleName) -> None:
    events, project = contexts(STORY), ROLES[role](real.settings(role)).project
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    shuffled = [*events, *events]
    random.Random(seed).shuffle(shuffled)
    twin = Rows()
    settings = real.settings(role, model_version=3)
    async with real.store(settings) as store:
        reader = CassandraReader(store)
        for event, ctx in shuffled:
            await store.write(project(event, ctx))
        for event, ctx in events:
            await twin.write(project(event, ctx))
        for write in {repr(write.key): write for event, ctx in events for write in project(event, ctx)}.values():
            (row,) = await reader.select(Select(table=write.table, key=write.key))
            assert row == twin.row(write.table, **write.key)
