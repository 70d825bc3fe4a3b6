"""What the system says of itself: logs, counts and traces, by names that stand in one place."""

import itertools
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, get_args

import structlog
from opentelemetry import propagate, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

LogEvent = Literal[
    "command.refused",
    "dead-letters.unsealed",
    "deadline.due",
    "outbox.retried",
    "partition.lost",
    "partition.ready",
    "partition.restarted",
    "partition.revoked",
    "position.lost",
    "projection.retried",
    "record.dead-lettered",
    "record.parked",
    "record.unparked",
    "registry.checked",
    "registry.unreachable",
    "schema.learnt",
    "service.started",
    "service.stopped",
    "state.refolded",
    "stream.torn",
    "table.ready",
]
MetricName = Literal[
    "batches",
    "calls_refused",
    "commit_seconds",
    "dead_letters",
    "decisions",
    "decision_seconds",
    "frames_bad",
    "frames_repeated",
    "handshakes_cut",
    "knocks_untold",
    "lag_records",
    "lag_seconds",
    "outbox_pending",
    "parked",
    "projected",
    "reactions",
    "refusals",
    "repeats",
    "restarts",
    "table_staleness_seconds",
    "tasks_failed",
    "torn",
    "unaccounted",
]
_METRICS_EVERY_MS = 10_000
METRICS: tuple[str, ...] = get_args(MetricName)

_UNTOLD = nullcontext(b"")


class Log:
    """Structured lines, JSON, one constant event each; facts are keys."""

    def __init__(self, **bound: Any) -> None:
        self._inner = structlog.get_logger().bind(**bound)
        self._bound = bound

    def bind(self, **facts: Any) -> "Log":
        return Log(**{**self._bound, **facts})

    def info(self, event: LogEvent, **facts: Any) -> None:
        self._inner.info(event, **facts)

    def warning(self, event: LogEvent, **facts: Any) -> None:
        self._inner.warning(event, **facts)

    def error(self, event: LogEvent, **facts: Any) -> None:
        self._inner.error(event, **facts)


class Metrics:
    """Counts and last values of this process, by name and one label; cheap enough for every record."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], float] = {}

    def add(self, name: MetricName, by: float = 1, label: str = "") -> None:
        key = (name, label)
        self._values[key] = self._values.get(key, 0) + by

    def put(self, name: MetricName, value: float, label: str = "") -> None:
        self._values[name, label] = value

    def get(self, name: MetricName, label: str = "") -> float:
        return self._values.get((name, label), 0)

    def labelled(self, name: str) -> list[tuple[str, float]]:
        """All labels of one metric with their values."""
        return [(label, value) for (known, label), value in tuple(self._values.items()) if known == name]

    def read(self) -> Mapping[str, float]:
        """Everything, as `name{label}`."""
        return {f"{name}{{{label}}}" if label else name: value for (name, label), value in sorted(self._values.items())}


class Tracing:
    """Spans with links to the producers of what is processed; does nothing until an exporter is given.

    Of what enters at an edge, one in `one_in` is traced, with all that follows from it; the others leave no span.
    """

    def __init__(
        self, service: str, exporter: SpanExporter | None = None, *, at_once: bool = False, one_in: int = 1
    ) -> None:
        self.on = exporter is not None
        self._one_in = one_in
        self._entered = itertools.count()
        self._tracer: trace.Tracer = trace.NoOpTracer()
        self._provider: TracerProvider | None = None
        if exporter is not None:
            self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
            processor = SimpleSpanProcessor(exporter) if at_once else BatchSpanProcessor(exporter)
            self._provider.add_span_processor(processor)
            self._tracer = self._provider.get_tracer("chassis")

    def processing(self, topic: str, headers: Mapping[str, bytes]) -> AbstractContextManager[bytes]:
        """A consumer span linked to the record's producer; yields the traceparent for what comes of it."""
        incoming = headers.get("traceparent", b"")
        traced = self.on and (self._one_in == 1 or incoming)
        return self._processing(topic, incoming) if traced else nullcontext(incoming)

    @contextmanager
    def _processing(self, topic: str, incoming: bytes) -> Iterator[bytes]:
        context = propagate.extract({"traceparent": incoming.decode()}) if incoming else None
        producer = trace.get_current_span(context).get_span_context() if context is not None else None
        links = [trace.Link(producer)] if producer is not None and producer.is_valid else []
        attributes = {"messaging.system": "kafka", "messaging.destination.name": topic}
        with self._tracer.start_as_current_span(
            f"process {topic}", kind=trace.SpanKind.CONSUMER, links=links, attributes=attributes
        ) as span:
            yield _traceparent(span)

    def sending(self, topic: str) -> AbstractContextManager[bytes]:
        """A producer span; yields the traceparent to put into the headers. Next to nothing while nobody listens."""
        return self._sending(topic) if self.on and self._is_traced() else _UNTOLD

    def _is_traced(self) -> bool:
        # What is sent while a traced record is processed follows from it.
        return next(self._entered) % self._one_in == 0 or trace.get_current_span().is_recording()

    @contextmanager
    def _sending(self, topic: str) -> Iterator[bytes]:
        attributes = {"messaging.system": "kafka", "messaging.destination.name": topic}
        with self._tracer.start_as_current_span(
            f"send {topic}", kind=trace.SpanKind.PRODUCER, attributes=attributes
        ) as span:
            yield _traceparent(span)

    def shutdown(self) -> None:
        """Export what is left."""
        if self._provider is not None:
            self._provider.shutdown()


def _traceparent(span: trace.Span) -> bytes:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}".encode()


def tracing_to(service: str, otlp_endpoint: str, *, one_in: int) -> Tracing:
    """Export to a collector where an endpoint is set, else nothing."""
    if not otlp_endpoint:
        return Tracing(service)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - slow to import

    return Tracing(service, OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces"), one_in=one_in)


def export_metrics(service: str, otlp_endpoint: str, metrics: Metrics) -> MeterProvider | None:
    """Hand all counts to a collector every ten seconds; None where no endpoint is set. The caller shuts it down."""
    if not otlp_endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415 - slow

    exporter = OTLPMetricExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/metrics")
    return metric_provider(service, PeriodicExportingMetricReader(exporter, _METRICS_EVERY_MS), metrics)


def metric_provider(service: str, reader: MetricReader, metrics: Metrics) -> MeterProvider:
    """Each metric name as an observed gauge with its label; sums only ever grow, so a collector can rate them."""
    provider = MeterProvider([reader], Resource.create({"service.name": service}))
    gauges = provider.get_meter("chassis")
    for name in METRICS:
        gauges.create_observable_gauge(name, [_observed(metrics, name)])
    return provider


def _observed(metrics: Metrics, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, {"label": label} if label else {}) for label, value in metrics.labelled(name)]

    return observe


def configure_logs(level: str) -> None:
    """JSON lines to stderr from `level` on; the libraries' own chatter from warnings on."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format='{"event":"library","text":"%(message)s"}')
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
