"""Whatever a station says of itself stands in its timeline, at the time that it names."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from chassis.cassandra import Upsert
from chassis.decider import EventContext
from ev_contracts.catalogue import TOPICS
from ev_contracts.record import Record
from projections.cpo.notices import Notice
from projections.cpo.project import SOURCES, project

EXAMPLES = Path(__file__).parents[4] / "contracts/examples/gateway"
STATION_TOPIC, STREAM_TOPIC = "gateway.station.event.v1", "gateway.event-stream.sample.v1"
WITH_ROWS = {"StationBooted", "FaultReported"}
TIMES = ("occurred_at", "received_at", "refused_at", "revoked_at", "taken_at")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def example(kind: type[Record]) -> Record:
    [path] = (EXAMPLES / kind.__name__).glob("*.json")
    return kind.model_validate_json(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", get_args(Notice), ids=lambda kind: str(kind.__name__))
def test_a_notice_is_a_line_of_its_stations_timeline(kind: type[Record]) -> None:
    notice = example(kind)
    facts = notice.model_dump()
    ctx = EventContext(
        topic=STATION_TOPIC, key="volt/NLVOLT0001", tenant="volt", event_id="e-1", stream_version=7, time=NOON
    )
    assert project(notice, ctx) == (
        Upsert(
            table="timeline",
            key={
                "tenant": "volt",
                "object_id": "NLVOLT0001",
                "at": next(facts[name] for name in TIMES if name in facts),
                "event_id": "e-1",
            },
            values={"type": kind.__name__, "facts": notice.model_dump_json()},
            version=7,
        ),
    )


def test_every_record_of_the_stations_topics_is_shown() -> None:
    shown = {f"ev.gateway.{kind.__name__}" for kind in get_args(Notice)}
    for topic in (STATION_TOPIC, STREAM_TOPIC):
        assert topic in SOURCES
        assert {name for name in TOPICS[topic].records if name.rpartition(".")[2] not in WITH_ROWS} <= shown
