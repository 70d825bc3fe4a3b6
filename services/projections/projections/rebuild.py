"""`python -m projections.rebuild`: a read model built anew from offset 0 beside the live one, then compared row by row.

EV_ROLE says whose, EV_MODEL_VERSION which build this is to be; it is compared with the one before. Nothing is switched
and nothing dropped: that is the operator's next deployment. Status 0 when equal, 1 with each difference when not.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from chassis.cassandra import Cassandra
from chassis.cassandra.driver import statements_of
from chassis.runner import Projection, Service, wire
from ev_contracts.catalogue import RECORDS, TOPICS
from projections.app import HERE, ROLES, store_of
from projections.settings import Settings

_POLL_S = 0.5
_TRIES = 10
"""The live rows move on: a difference counts once it has stayed over so many looks."""

Found = Mapping[str, Mapping[str, str]]


def tables_of(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each table of the role with its primary key's columns."""
    for statement in statements_of(HERE / settings.role.value / "tables.cql"):
        name = statement.split("(", 1)[0].split()[-1]
        key = statement.split("PRIMARY KEY", 1)[1].split(") WITH", 1)[0]
        yield name, tuple(part.strip(" ()\n") for part in key.split(","))


async def rows_of(store: Cassandra, settings: Settings) -> Found:
    """Table -> key -> row, all of them; a role's tables must fit in memory here."""
    found = {}
    for table, key in tables_of(settings):
        rows = await store.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of our own tables
        found[table] = {repr([row[name] for name in key]): repr(sorted(row.items())) for row in rows}
    return found


def differences(live: Found, rebuilt: Found) -> list[str]:
    """One line for each row that is not the same in both."""
    return [
        f"{table} {key}: {live[table].get(key, 'absent')} became {rebuilt[table].get(key, 'absent')}"
        for table in sorted(live)
        for key in sorted(live[table].keys() | rebuilt[table].keys())
        if live[table].get(key) != rebuilt[table].get(key)
    ]


def _service(settings: Settings, store: Cassandra) -> Service:
    role = ROLES[settings.role](settings)
    wiring = wire("projections", settings, records=RECORDS, topics=TOPICS)
    projection = Projection(name=settings.model_name, sources=role.sources, project=role.project, store=store)
    return wiring.service([projection])


async def caught_up(service: Service) -> None:
    """Until the rows hold everything that stands in the log now."""
    (projection,) = (part for part in service.parts if isinstance(part, Projection))
    log = service.env.log
    await _until(lambda: service.started)
    wanted = {
        f"{service.env.service}.{projection.name}/{topic}/{number}"
        for topic in projection.sources
        for number in range(await log.partitions(topic))
    }

    def stands_at_the_end() -> bool:
        lag = dict(service.env.metrics.labelled("lag_records"))
        return wanted <= lag.keys() and not any(lag[label] for label in wanted)

    await _until(stands_at_the_end)


async def _until(holds: Callable[[], bool]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(_POLL_S)


async def rebuilt(settings: Settings) -> Sequence[str]:
    """The differences between this build and the one before it."""
    before = settings.model_copy(update={"model_version": settings.model_version - 1})
    live, new = store_of(before), store_of(settings)
    service = _service(settings, new)
    running = asyncio.create_task(service.run())
    try:
        waiting = asyncio.create_task(caught_up(service))
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            waiting.cancel()
            await running
        await live.start()
        try:
            return await _compared(live, new, settings)
        finally:
            await live.stop()
    finally:
        service.stop()
        await running


async def _compared(live: Cassandra, new: Cassandra, settings: Settings) -> Sequence[str]:
    found: list[str] = []
    for _ in range(_TRIES):
        found = differences(await rows_of(live, settings), await rows_of(new, settings))
        if not found:
            return ()
        await asyncio.sleep(_POLL_S)
    return found


def main() -> int:
    """For the command line."""
    settings = Settings()
    found = asyncio.run(rebuilt(settings))
    for line in found:
        print(line)
    print(f"{settings.model_name}: {len(found)} rows differ from the build before", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
