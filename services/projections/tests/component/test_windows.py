"""The stream analysis on a real broker: committed readings only, restored from its changelog, the windows add up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from faust.transport.producer import ProducerBuffer
from faust.types import FutureMessage
from real import Real

from chassis.log import Appender, Entry, Log, LogError
from chassis.log.envelope import Stamp, entry_of
from chassis.log.keys import partition_of
from chassis.log.port import Appended
from chassis.runner import Service, wire
from chassis.testing import eventually, read_topic
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.projections import ConnectionMetered, FeederLoadMeasured
from projections.dso.windows import run_windows
from projections.settings import RoleName
from projections.testing.samples import NOON, Told
from projections.testing.story import STORY

# faust leaves a timer's sleep unawaited where it is stopped within its first moments.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Analysis = Callable[[Exception], Coroutine[Any, Any, None]]
METER, LOAD = "projections.connection-meter.sample.v1", "projections.feeder-load.sample.v1"
KEY = "volt/ean-9"


def reading(minute: int, energy_wh: int, session: str = "ses-9") -> ConnectionMetered:
    return ConnectionMetered(
        connection_id="ean-9",
        feeder_id="feeder-7",
        tenant="volt",
        evse_id=f"NL*VLT*{session}",
        session_id=session,
        energy_wh=energy_wh,
        register_wh=energy_wh,
        measured_at=NOON + timedelta(minutes=minute),
    )


async def windows(service: Service, connection: str) -> dict[str, int]:
    """The last word on each window's energy."""
    seen = await read_topic(service.env.log, service.env.codec, LOAD)
    loads = [each.record for each in seen if isinstance(each.record, FeederLoadMeasured)]
    return {f"{w.window_start_at:%H:%M}": w.energy_wh for w in loads if w.connection_id == connection}


async def in_an_aborted_transaction(service: Service, log: Log, record: ConnectionMetered) -> None:
    producer = log.transactional("test-that-aborts")
    await producer.start()
    await producer.begin()
    stamp = Stamp(record_id="aborted", source=b"/test", time=NOON, key=KEY)
    partition = partition_of(KEY.encode(), await log.partitions(METER))
    await producer.append(METER, partition, [entry_of(service.env.codec.encode(METER, record), stamp)])
    await producer.abort()
    await producer.stop()


async def test_the_ledgers_energy_arrives_in_windows_that_add_up(real: Real) -> None:
    await real.tell(*(each for each in STORY if each.topic == "sessions.session.event.v1"))
    async with real.run(real.settings(RoleName.DSO, windows=True)) as service:

        async def whole() -> bool:
            return sum((await windows(service, "ean-1")).values()) == 8_400

        await eventually(whole, deadline_s=60, what="all 8,400 Wh are in the windows")
        assert await windows(service, "ean-1") == {
            "12:00": 2_100,
            "12:15": 2_100,
            "12:30": 2_100,
            "12:45": 2_100,
            "13:00": 0,
        }


async def test_a_reading_that_nobody_can_read_is_passed_by_and_told(real: Real) -> None:
    async with real.run(real.settings(RoleName.DSO, windows=True)) as service:
        await (await service.env.log.producer.send(METER, Entry(KEY.encode(), b"garbage")))
        await real.tell(*(Told(topic=METER, key=KEY, record=record) for record in (reading(0, 0), reading(10, 1_000))))

        async def counted() -> bool:
            return await windows(service, "ean-9") == {"12:00": 1_000}

        await eventually(counted, deadline_s=60, what="the readings behind it make 1,000 Wh")
        assert [(each.entity, each.key) for each in service.env.unreadable.waiting()] == [(METER, KEY)]


@pytest.fixture(params=[0, 1], ids=["at once", "a second late"])
def changes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table's changes come into faust's buffer, which a stop soon gives up, at once or after a second."""
    put = ProducerBuffer.put

    def late(buffer: ProducerBuffer, change: FutureMessage) -> None:
        asyncio.get_running_loop().call_later(request.param, put, buffer, change)

    monkeypatch.setattr(ProducerBuffer, "put", late)


@pytest.mark.usefixtures("changes")
async def test_aborted_readings_are_not_seen_and_a_restart_knows_the_earlier_ones(real: Real) -> None:
    settings = real.settings(RoleName.DSO, windows=True)
    async with real.run(settings) as service:
        await in_an_aborted_transaction(service, service.env.log, reading(5, 99_999, "aborted"))
        await real.tell(*(Told(topic=METER, key=KEY, record=record) for record in (reading(0, 0), reading(10, 1_000))))

        async def first() -> bool:
            return await windows(service, "ean-9") == {"12:00": 1_000}

        await eventually(first, deadline_s=60, what="the first two readings make 1,000 Wh")
    async with real.run(settings) as service:
        await real.tell(Told(topic=METER, key=KEY, record=reading(20, 3_000)))

        async def second() -> bool:
            return await windows(service, "ean-9") == {"12:00": 2_000, "12:15": 1_000}

        await eventually(second, deadline_s=60, what="the third reading is split between its windows")


class FailingOnce(Appender):
    """The first append fails with an error of the test's; the others go through."""

    error: Exception | None = None

    async def append(self, **record: Any) -> Appended:
        error, FailingOnce.error = FailingOnce.error, None
        if error is not None:
            raise error
        return await super().append(**record)


@pytest.fixture
async def analysis(real: Real) -> AsyncIterator[Analysis]:
    """The stream analysis alone, over two readings, with an appender that fails once."""
    settings = real.settings(RoleName.DSO, windows=True)
    await real.tell(*(Told(topic=METER, key=KEY, record=record) for record in (reading(0, 0), reading(10, 1_000))))
    env = wire("failing", settings, records=RECORDS, topics=TOPICS).env
    await env.log.start()
    appender = FailingOnce(log=env.log, codec=env.codec, clock=env.clock, service="failing", tracing=env.tracing)

    async def run(error: Exception) -> None:
        FailingOnce.error = error
        await run_windows(settings, env=env, appender=appender)

    yield run
    await env.log.stop()


async def test_a_log_that_goes_away_is_waited_for_and_no_reading_is_lost(real: Real, analysis: Analysis) -> None:
    running = asyncio.create_task(analysis(LogError("the log is away")))
    async with real.run(real.settings(RoleName.DSO)) as service:

        async def counted() -> bool:
            return await windows(service, "ean-9") == {"12:00": 1_000}

        await eventually(counted, deadline_s=90, what="the readings make 1,000 Wh")
    assert FailingOnce.error is None
    running.cancel()
    await asyncio.wait([running])


async def test_what_is_no_outage_ends_the_analysis_and_is_counted_after_the_restart(
    real: Real, analysis: Analysis
) -> None:
    with pytest.raises(RuntimeError, match="the stream analysis stopped"):
        await asyncio.wait_for(analysis(ZeroDivisionError("a bug")), 60)
    async with real.run(real.settings(RoleName.DSO, windows=True)) as service:

        async def counted() -> bool:
            return await windows(service, "ean-9") == {"12:00": 1_000}

        await eventually(counted, deadline_s=60, what="the readings of before make 1,000 Wh")
