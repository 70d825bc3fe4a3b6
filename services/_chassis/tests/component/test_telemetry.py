"""Traces follow a record over the log by links, logs are JSON with constant events, counts can be read and exported."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
import toy
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.clock import FixedClock
from chassis.log import Appender, MemoryLog
from chassis.runner import Env, Service
from chassis.tables import Table
from chassis.telemetry import METRICS, Log, Metrics, Tracing, configure_logs, metric_provider
from chassis.testing import eventually, read_topic, running

COMMANDS = "toys.tally.command.v1"


def linked(spans: tuple[ReadableSpan, ...], name: str) -> list[str]:
    """Names of the spans that the span of this name links to."""
    by_id = {span.context.span_id: span.name for span in spans if span.context is not None}
    (span,) = [each for each in spans if each.name == name]
    return [by_id[link.context.span_id] for link in span.links]


def traced(*, one_in: int = 1) -> tuple[MemoryLog, Env, Appender, InMemorySpanExporter]:
    """A log, a service and an edge on it, and the spans of both."""
    log, clock, exporter = MemoryLog(), FixedClock(toy.NOON), InMemorySpanExporter()
    tracing = Tracing("toy", exporter, at_once=True, one_in=one_in)
    env = replace(toy.env(log, clock), tracing=tracing)
    return log, env, Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=tracing), exporter


async def test_each_hop_over_the_log_is_a_span_link() -> None:
    log, env, appender, exporter = traced()
    async with running(Service(env=env, parts=[toy.TALLY, toy.NOTES, toy.POLICY])):
        await appender.append(topic=COMMANDS, key="t/1", record=toy.Add(at=toy.NOON, number=1, amount=1))
        await eventually(lambda: _noted(log))
    spans = exporter.get_finished_spans()
    assert linked(spans, f"process {COMMANDS}") == [f"send {COMMANDS}"]
    assert linked(spans, "process toys.tally.event.v1") == [f"process {COMMANDS}"]
    assert linked(spans, "process toys.note.command.v1") == ["process toys.tally.event.v1"]


async def test_a_fact_that_a_table_takes_is_linked_to_the_decision_that_published_it() -> None:
    _, env, appender, exporter = traced()
    totals: Table[object] = Table("toys.tally.snapshot.v1")
    async with running(Service(env=env, parts=[toy.TALLY, toy.NOTES, replace(toy.POLICY, facts=totals)])):
        await appender.append(topic=COMMANDS, key="t/1", record=toy.Add(at=toy.NOON, number=1, amount=1))
        await eventually(lambda: len(totals) > 0)
    assert linked(exporter.get_finished_spans(), "process toys.tally.snapshot.v1") == [f"process {COMMANDS}"]


async def test_one_in_so_many_is_traced_through_every_hop_and_the_others_at_none() -> None:
    log, env, appender, exporter = traced(one_in=3)
    async with running(Service(env=env, parts=[toy.TALLY, toy.NOTES, toy.POLICY])):
        for number in range(1, 7):
            await appender.append(topic=COMMANDS, key="t/1", record=toy.Add(at=toy.NOON, number=number, amount=1))
        await eventually(lambda: _noted(log, 6))
    names = [span.name for span in exporter.get_finished_spans()]
    hops = (f"send {COMMANDS}", f"process {COMMANDS}", "process toys.tally.event.v1", "process toys.note.command.v1")
    assert [names.count(hop) for hop in hops] == [2, 2, 2, 2]


def test_what_is_sent_while_a_traced_record_is_processed_is_traced() -> None:
    tracing = Tracing("toy", InMemorySpanExporter(), at_once=True, one_in=2)
    with tracing.sending("first") as first, tracing.processing("first", {"traceparent": first}):
        told = [_traceparent(tracing) for _ in range(3)]
    assert all(told)
    assert [bool(_traceparent(tracing)) for _ in range(4)] == [True, False, True, False]


def _traceparent(tracing: Tracing) -> bytes:
    with tracing.sending("second") as traceparent:
        return traceparent


async def _noted(log: MemoryLog, least: int = 1) -> bool:
    return len(await read_topic(log, toy.codec(), "toys.note.event.v1")) >= least


async def test_lag_and_decisions_are_counted() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    env = toy.env(log, clock)
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
    async with running(Service(env=env, parts=[toy.TALLY])):
        await appender.append(topic=COMMANDS, key="t/1", record=toy.Add(at=toy.NOON, number=1, amount=1))
        await eventually(lambda: env.metrics.get("decisions", "toys.tally") == 1)
        await eventually(lambda: len(env.metrics.labelled("lag_records")) == 4, what="measured every five seconds")
    assert {value for _, value in env.metrics.labelled("lag_records")} == {0}


def test_counts_are_exported_under_their_names() -> None:
    metrics, reader = Metrics(), InMemoryMetricReader()
    provider = metric_provider("toy", reader, metrics)
    metrics.add("refusals", 2, "below-zero")
    read = reader.get_metrics_data()
    assert read is not None
    found = json.loads(read.to_json())
    (told,) = found["resource_metrics"][0]["scope_metrics"][0]["metrics"]
    assert told["name"] == "refusals"
    assert told["name"] in METRICS
    (point,) = told["data"]["data_points"]
    assert (point["value"], point["attributes"]) == (2, {"label": "below-zero"})
    provider.shutdown()


@pytest.fixture
def _lines_go_back() -> Iterator[None]:
    """After a test whose lines are captured: that file is closed by then."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_lines_go_back")
def test_a_log_line_is_json_with_a_constant_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    Log(service="toy").info("partition.ready", partition=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["service"], line["partition"], line["level"]) == ("partition.ready", "toy", 3, "info")
