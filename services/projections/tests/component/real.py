"""One role's read model on a real log and store; each run of it is a process's life."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from chassis.cassandra import Cassandra
from chassis.clock import FixedClock
from chassis.log import Appender
from chassis.log.port import TopicPartition
from chassis.runner import Projection, Service, wire
from chassis.testing import eventually, running
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_lab.endpoints import Endpoints
from projections.app import build, store_of
from projections.settings import RoleName, Settings
from projections.testing.model import CALLERS, append_all
from projections.testing.samples import ONE, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """Settings of a role on the real lab; each `run` is a process's life."""

    endpoints: Endpoints
    namespace: str
    folder: Path
    schema_ids: Path

    def settings(self, role: RoleName, *, model_version: int = 1, windows: bool = False) -> Settings:
        return Settings(
            role=role,
            windows=windows,
            model_version=model_version,
            namespace=self.namespace,
            kafka=self.endpoints.kafka,
            cassandra_hosts=tuple(self.endpoints.cassandra_hosts),
            cassandra_port=self.endpoints.cassandra_port,
            cassandra_datacenter=self.endpoints.datacenter,
            schema_ids=self.schema_ids,
            secrets_dir=self.folder,
            data_dir=self.folder,
        )

    @contextlib.asynccontextmanager
    async def appender(self) -> AsyncIterator[Appender]:
        wiring = wire("story", self.settings(RoleName.CPO), records=RECORDS, topics=TOPICS, clock=FixedClock(ONE))
        await wiring.env.log.start()
        try:
            yield wiring.appender
        finally:
            await wiring.env.log.stop()

    async def tell(self, *told: Told) -> None:
        async with self.appender() as appender:
            await append_all(appender, told)

    @contextlib.asynccontextmanager
    async def run(self, settings: Settings) -> AsyncIterator[Service]:
        """The role's whole service, with everything told so far in its rows."""
        service = build(settings, clock=FixedClock(ONE), authenticator=CALLERS)
        async with running(service, deadline_s=60):
            await eventually(lambda: caught_up(service), deadline_s=60, what="everything told is in the rows")
            yield service
        await asyncio.sleep(0.2)  # the clients close their sockets a moment later

    @contextlib.asynccontextmanager
    async def store(self, settings: Settings) -> AsyncIterator[Cassandra]:
        store = store_of(settings)
        await store.start()
        try:
            yield store
        finally:
            await store.stop()


async def caught_up(service: Service) -> bool:
    (projection,) = (part for part in service.parts if isinstance(part, Projection))
    log = service.env.log
    at = [TopicPartition(topic, p) for topic in projection.sources for p in range(await log.partitions(topic))]
    ends = await log.ends(at)
    return all(projection.progress.offsets.get(each, 0) >= end for each, end in ends.items())
