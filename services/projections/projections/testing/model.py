"""Any role's read model in memory, behind its HTTP door, with the story told; for tests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from fastapi import FastAPI

from chassis.auth import Principal
from chassis.cassandra import Rows
from chassis.clock import FixedClock
from chassis.decider import EventContext
from chassis.log import Appender, MemoryLog
from chassis.log.envelope import STREAM_VERSION
from chassis.log.port import TopicPartition
from chassis.runner import HttpEdge, Projection, Service, wire
from chassis.testing import KnownCallers, eventually, running
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.record import Record
from projections.app import build
from projections.settings import RoleName, Settings
from projections.testing.samples import NOON, ONE, Told
from projections.testing.story import GRANTED, STORY

CALLERS = KnownCallers(
    {
        "cpo": Principal(subject="vera", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
        "ampere": Principal(subject="amin", roles=frozenset({"cpo"}), tenants=frozenset({"ampere"}), party_id="NL-AMP"),
        "emsp": Principal(subject="mila", roles=frozenset({"emsp"}), tenants=frozenset({"emo"}), party_id="NL-EMO"),
        "owner": Principal(subject="otto", roles=frozenset({"owner"}), party_id="NL-OWN"),
        "other-owner": Principal(subject="olga", roles=frozenset({"owner"}), party_id="NL-OW2"),
        "dso": Principal(subject="dirk", roles=frozenset({"dso"}), party_id="NL-GRD"),
        "other-dso": Principal(subject="dora", roles=frozenset({"dso"}), party_id="NL-GR2"),
        "engineer": Principal(subject="enno", roles=frozenset({"cpo-engineer"}), tenants=frozenset({"volt"})),
        "other-engineer": Principal(subject="elin", roles=frozenset({"cpo-engineer"}), tenants=frozenset({"ampere"})),
        "driver": Principal(subject="dana", roles=frozenset({"driver"}), claims={"driver_ref": "drv-dana"}),
        "other-driver": Principal(subject="dave", roles=frozenset({"driver"}), claims={"driver_ref": "drv-dave"}),
    }
)


def contexts(told: Sequence[Told]) -> list[tuple[Record, EventContext]]:
    """The events as the projection loop gives them: offsets count up on each topic."""
    ends: dict[str, int] = {}
    found = []
    for each in told:
        offset = ends.get(each.topic, 0)
        ends[each.topic] = offset + 1
        version = offset if each.version is None else each.version
        ctx = EventContext(
            topic=each.topic,
            key=each.key,
            tenant=each.key.partition("/")[0],
            event_id=f"{each.topic}/{offset}",
            stream_version=version,
            time=NOON,
            offset=offset,
        )
        found.append((each.record, ctx))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A running read model: its HTTP door, its rows, and a way to tell it more."""

    http: httpx2.AsyncClient
    rows: Rows
    app: FastAPI
    log: MemoryLog
    tell: Callable[[Sequence[Told]], Awaitable[None]]


Running = Callable[[RoleName], AbstractAsyncContextManager[Model]]


@asynccontextmanager
async def told_to(role: RoleName, secrets_dir: Path) -> AsyncIterator[Model]:
    """The story is told, and is in the rows."""
    (secrets_dir / "page-token-key").write_text("the page token key of a test")

    log, rows = MemoryLog(), Rows()
    settings = Settings(role=role, secrets_dir=secrets_dir)
    service = build(settings, clock=FixedClock(ONE), log=log, store=rows, authenticator=CALLERS)
    appender = wire("story", settings, records=RECORDS, topics=TOPICS, clock=FixedClock(ONE), log=log).appender
    await log.start()
    await append_all(appender, STORY)
    granted = Told(topic="assets.party.snapshot.v1", key="_/NL-GRD", record=GRANTED)
    await append_all(appender, (granted,))
    async with running(service) as ready:
        (port,) = ready.ports.values()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            model = Model(
                http=http, rows=rows, app=app_of(ready), log=log, tell=lambda told: append_all(appender, told)
            )
            await eventually(lambda: _is_told(ready, log), what="the story is in the rows")
            yield model


async def _is_told(service: Service, log: MemoryLog) -> bool:
    (projection,) = (part for part in service.parts if isinstance(part, Projection))
    at = [TopicPartition(t, p) for t in projection.sources for p in range(await log.partitions(t))]
    ends = await log.ends(at)
    return all(projection.progress.offsets.get(each, 0) >= end for each, end in ends.items())


async def append_all(appender: Appender, told: Sequence[Told]) -> None:
    for each in told:
        extra = () if each.version is None else ((STREAM_VERSION, str(each.version).encode()),)
        sent = await appender.append_nowait(topic=each.topic, key=each.key, record=each.record, extra=extra)
        await sent


def app_of(service: Service) -> FastAPI:
    """The app behind the door."""
    (app,) = (part.app for part in service.parts if isinstance(part, HttpEdge))
    assert isinstance(app, FastAPI)
    return app
