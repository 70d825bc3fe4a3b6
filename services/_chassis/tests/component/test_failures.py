"""What fails stops the service, at once and loudly; a restart is cheap."""

import asyncio

import pytest
import toy

from chassis.clock import FixedClock
from chassis.decider import Decider
from chassis.http import create_app
from chassis.log import Appender, MemoryLog
from chassis.runner import Entity, HttpEdge, Service, Task
from chassis.telemetry import Tracing


class Bug(Exception):
    """A bug in decide."""


def broken(command: toy.Add, state: toy.State) -> list[toy.Added]:
    raise Bug


async def test_a_bug_stops_the_service_and_commits_nothing() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    entity = Entity(name="toys.tally", decider=Decider(initial=toy.Open(total=0), decide=broken, evolve=toy.evolve))
    service = Service(env=toy.env(log, clock), parts=[entity, HttpEdge(app=create_app("toy"), port=0)])
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
    await appender.append(topic="toys.tally.command.v1", key="t/1", record=toy.Add(at=toy.NOON, number=1, amount=1))
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(service.run(), 5)
    assert raised.group_contains(Bug)


async def test_a_part_that_is_cancelled_by_what_it_waits_for_stops_the_service() -> None:
    async def gives_up() -> None:
        given_up = asyncio.get_running_loop().create_future()
        given_up.cancel()
        await given_up

    edge, task = HttpEdge(app=create_app("toy"), port=0), Task(name="gives-up", run=gives_up)
    service = Service(env=toy.env(MemoryLog(), FixedClock(toy.NOON)), parts=[edge, task])
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(service.run(), 5)
    assert raised.group_contains(RuntimeError, match="gives-up ended by a cancellation that nobody wished for")
