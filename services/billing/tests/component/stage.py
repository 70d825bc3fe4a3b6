"""billing beside a reader and writer of the real log: they say what was rated and read what billing made of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import rated

from billing.app import build
from billing.settings import Settings
from chassis.auth import Principal
from chassis.clock import FixedClock
from chassis.log import Appender, Entry, KafkaLog, Log
from chassis.runner import Service
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, Seen, eventually, read_topic
from ev_contracts.billing import EntryWanted, InvoiceRecorded, InvoiceWanted, NoteHeld, NoteWanted
from ev_contracts.pricing import SessionRated
from ev_contracts.record import Record

ENTRIES, INVOICES, RATINGS = "billing.posting.event.v1", "billing.invoice.event.v1", "pricing.rating.event.v1"
PARTITIONS = 4
ASKING = (EntryWanted, InvoiceWanted, InvoiceRecorded, NoteHeld, NoteWanted)
"""What billing tells itself beside what it posts or refuses."""
CALLERS = {
    name: Principal(subject=name, roles=frozenset({"cpo-engineer"}), tenants=frozenset({tenant}))
    for name, tenant in (("emil", "volt"), ("foreign", "xyz"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The log as others see it: they say what was rated and read what billing made of it."""

    log: Log
    appender: Appender
    service: Service

    async def say(self, topic: str, key: str, record: Record) -> None:
        await self.appender.append(topic=topic, key=key, record=record)

    async def seen(self, topic: str) -> list[Seen]:
        return await read_topic(self.log, self.service.env.codec, topic)

    async def forget_positions(self, *policies: str) -> None:
        """Each of these reactions reads its source from the beginning at its next start."""
        for policy in policies:
            for partition in range(PARTITIONS):
                lost = Entry(b"@pos", orjson.dumps({"next": 0}))
                await (await self.log.producer.send(f"billing.{policy}-policy.state.v1", lost, partition))

    async def rate(self, numbers: range) -> None:
        """One resold session and its sale to the driver per number, together in flight."""
        sent = []
        for number in numbers:
            for event in (rating(number, "cpo"), rating(number, "emsp")):
                tenant = event.rating.relation.seller_tenant
                key = f"{tenant}/{event.rating.rating_id}"
                sent.append(await self.appender.append_nowait(topic=RATINGS, key=key, record=event))
        await asyncio.gather(*sent)

    async def counted(self, topic: str, count: int) -> list[Seen]:
        """The topic's records once there are that many; of the books those that post or refuse."""

        async def enough() -> list[Seen]:
            found = [each for each in await self.seen(topic) if not isinstance(each.record, ASKING)]
            return found if len(found) >= count else []

        found: list[Seen] = await eventually(enough, deadline_s=60, what=f"{count} on {topic}")
        return found


def rating(number: int, seller: str) -> SessionRated:
    """The session of that number under one of its two relations."""
    relation = rated.RESALE if seller == "cpo" else rated.TO_DRIVER
    event = rated.session_rated(relation)
    return event.model_copy(
        update={
            "rating": event.rating.model_copy(update={"rating_id": f"rating-{number}-{seller}"}),
            "facts": event.facts.model_copy(update={"session_id": f"session-{number}"}),
        }
    )


@contextlib.asynccontextmanager
async def world(settings: Settings, clock: FixedClock | None = None) -> AsyncIterator[World]:
    """A reader and writer of the log beside billing; billing itself runs inside `running(world.service)`."""
    log = KafkaLog(settings.kafka, namespace=settings.namespace, session_timeout_ms=settings.session_timeout_ms)
    await log.start()
    try:
        service = build(settings, clock=clock or FixedClock(rated.RATED), authenticator=KnownCallers(CALLERS))
        codec = service.env.codec
        appender = Appender(log=log, codec=codec, clock=service.env.clock, service="test", tracing=Tracing("test"))
        it = World(log=log, appender=appender, service=service)
        if not await it.seen("assets.party.snapshot.v1"):
            for party in (rated.VOLT, rated.EMO, rated.OWN):
                await it.say("assets.party.snapshot.v1", f"_/{party.party_id}", party)
        yield it
    finally:
        await log.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later
