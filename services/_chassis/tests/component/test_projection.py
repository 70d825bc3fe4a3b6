"""Events become rows, at least once and effective once, on the real log and the real store."""

import asyncio
from typing import Any

import real_log
import toy

from chassis.cassandra import Rows, Upsert, Write
from chassis.clock import FixedClock
from chassis.decider import EventContext
from chassis.log import Appender
from chassis.runner import Projection, Service
from chassis.telemetry import Tracing
from chassis.testing import eventually, running


def project(event: toy.Added, context: EventContext) -> list[Write]:
    key = {"tenant": context.tenant, "tally": context.key}
    return [Upsert(table="tallies", key=key, values={"total": event.total}, version=context.stream_version)]


async def test_a_projection_resumes_after_a_restart_and_tells_what_it_applied() -> None:
    async with real_log.namespace() as prefix:
        log, clock, rows = real_log.kafka_log(prefix), FixedClock(toy.NOON), Rows()
        await log.start()
        appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
        applied: list[tuple[Any, EventContext]] = []
        for turn in range(2):
            view = Projection(
                name="view_v1", sources=("toys.tally.event.v1",), project=project, store=rows, applied=applied.extend
            )
            env = toy.env(real_log.kafka_log(prefix), clock)
            async with running(Service(env=env, parts=[toy.TALLY, view])):
                for number in range(50):
                    await appender.append(
                        topic="toys.tally.command.v1",
                        key=f"t/{number % 5}",
                        record=toy.Add(at=toy.NOON, number=number, amount=1),
                    )
                # At least once: after a restart the last batch may be told again.
                await eventually(lambda turn=turn: len({told.event_id for _, told in applied}) == 50 * (turn + 1))
                assert sum(view.progress.offsets.values()) > 0
        assert [row["total"] for row in rows.rows("tallies")] == [20] * 5
        await log.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later
