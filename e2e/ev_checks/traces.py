"""A collector for tests: takes spans by OTLP over HTTP on loopback and keeps what the checks need of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

TOPIC = "messaging.destination.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One span. `links` are the ids of the spans that produced what this one consumed."""

    service: str
    topic: str
    consumes: bool
    span_id: bytes
    links: tuple[bytes, ...]


@dataclass(slots=True)
class Collector:
    """What came so far. `endpoint` is the setting EV_OTLP_ENDPOINT."""

    endpoint: str = ""
    _spans: list[Seen] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def spans(self) -> tuple[Seen, ...]:
        """All spans about topics, in the order of their arrival."""
        with self._lock:
            return tuple(self._spans)

    def take(self, body: bytes) -> None:
        """Keep the spans of one request; those about no topic are dropped."""
        found = tuple(spans_of(ExportTraceServiceRequest.FromString(body)))
        with self._lock:
            self._spans.extend(found)


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Seen]:
    """The spans of a request that name a topic."""
    for resource in request.resource_spans:
        service = _text(resource.resource.attributes, "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                topic = _text(span.attributes, TOPIC)
                if topic:
                    yield Seen(
                        service=service,
                        topic=topic,
                        consumes=span.kind == Span.SPAN_KIND_CONSUMER,
                        span_id=span.span_id,
                        links=tuple(link.span_id for link in span.links),
                    )


def _text(attributes: Any, key: str) -> str:
    return next((str(each.value.string_value) for each in attributes if each.key == key), "")


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that answers while the block runs, on a free port of loopback."""
    collector = Collector()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/v1/traces"):
                collector.take(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    collector.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
