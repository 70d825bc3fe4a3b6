"""Who holds a station is asked over the log: an answer upholds it; its end, silence or a dead replica does not."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from charger_gateway.adapters.heartbeat import BEATS
from charger_gateway.adapters.ocpp.contests import Contests
from charger_gateway.domain.presence import Presence
from chassis.clock import FixedClock
from ev_contracts.gateway import (
    ConnectionContested,
    ContestAnswered,
    StationConnected,
    StationDisconnected,
)
from ev_contracts.record import Record

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STATION = "NLVOLT0001"
KEY = f"volt/{STATION}"


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class Notes:
    """A journal that remembers what was noted."""

    def __init__(self) -> None:
        self.noted: list[Any] = []

    def append(self, topic: str, key: str, record: Record) -> NoReturn:
        raise AssertionError("a contest waits for no append")

    def note(self, topic: str, key: str, record: Record) -> None:
        assert topic == BEATS
        self.noted.append(record)


class Asker:
    """Replica gw-2, where a station comes that gw-1 holds under epoch 5."""

    def __init__(self, *, beats: bool = True, probe_timeout_s: float = 60.0) -> None:
        self.presence, self.journal = Presence(), Notes()
        held = StationConnected(
            station_id=STATION, replica_id="gw-1", connection_id="c1", ocpp_version="1.6", connected_at=NOON
        )
        self.presence.connected(KEY, held, 5, time.monotonic())
        if beats:
            self.presence.beat("gw-1", time.monotonic())
        self.contests = Contests(
            replica_id="gw-2",
            presence=self.presence,
            journal=self.journal,
            clock=FixedClock(NOON),
            probe_timeout_s=probe_timeout_s,
        )

    async def asked(self) -> tuple["asyncio.Task[bool]", ConnectionContested]:
        asking = asyncio.create_task(self.contests.is_upheld(KEY, STATION))
        await asyncio.sleep(0)
        (question,) = self.journal.noted
        return asking, question


@pytest.mark.parametrize("stands", [True, False])
async def test_the_holder_is_asked_and_its_word_counts(*, stands: bool) -> None:
    one = Asker()
    asking, question = await one.asked()
    assert (question.holder_replica_id, question.epoch) == ("gw-1", 5)
    other = ContestAnswered(station_id=STATION, contest_id="another", stands=True, answered_at=NOON)
    one.contests.answered(other)
    one.contests.moved(KEY)
    assert not asking.done()
    one.contests.answered(other.model_copy(update={"contest_id": question.contest_id, "stands": stands}))
    assert await asking is stands


async def test_a_connection_that_ends_is_not_upheld() -> None:
    one = Asker()
    asking, _ = await one.asked()
    gone = StationDisconnected(
        station_id=STATION, epoch=5, connection_id="c1", reason="displaced", disconnected_at=NOON
    )
    one.presence.gone(KEY, gone)
    one.contests.moved("volt/NLVOLT0002")
    assert not asking.done()
    one.contests.moved(KEY)
    assert not await asking


async def test_a_replica_that_says_nothing_holds_nothing() -> None:
    one = Asker(probe_timeout_s=-1.99)
    asking, _ = await one.asked()
    assert not await asking


async def test_a_dead_replica_and_ones_own_are_not_asked() -> None:
    dead = Asker(beats=False)
    assert not await dead.contests.is_upheld(KEY, STATION)
    own = Asker()
    own.presence.connected(
        KEY,
        StationConnected(
            station_id=STATION, replica_id="gw-2", connection_id="c2", ocpp_version="1.6", connected_at=NOON
        ),
        6,
        time.monotonic(),
    )
    assert not await own.contests.is_upheld(KEY, STATION)
    assert dead.journal.noted == own.journal.noted == []


async def test_the_holder_answers_the_question_that_it_was_asked() -> None:
    one = Asker()
    asking, question = await one.asked()
    asking.cancel()
    one.contests.answer(question, stands=True)
    assert one.journal.noted[1] == ContestAnswered(
        station_id=STATION, contest_id=question.contest_id, stands=True, answered_at=NOON
    )
