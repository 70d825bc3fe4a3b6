"""The check of edges finds what it should: an arrow without a linked span, and a span without an arrow."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from chassis.telemetry import Tracing
from ev_checks.edges import Edge, expected, missing, seen, undrawn
from ev_checks.traces import Seen, collecting
from ev_contracts.catalogue import TOPICS

SESSIONS = "sessions.session.event.v1"


def span(service: str, topic: str, number: int, *links: int) -> Seen:
    ids = tuple(bytes([link]) for link in links)
    return Seen(service=service, topic=topic, consumes=bool(links), span_id=bytes([number]), links=ids)


LEDGER = span("session-ledger", "sessions.session.command.v1", 1)
PRICING = span("pricing", SESSIONS, 2, 1)


def test_an_arrow_is_seen_where_a_consumers_span_is_linked_to_the_owners() -> None:
    assert seen([LEDGER, PRICING]) == {Edge(producer="session-ledger", topic=SESSIONS, consumer="pricing")}


def test_a_role_of_the_projections_is_the_projections() -> None:
    edges = seen([LEDGER, span("projections-cpo", SESSIONS, 2, 1)])
    assert edges == {Edge(producer="session-ledger", topic=SESSIONS, consumer="projections")}


def test_an_arrow_that_nobody_saw_is_named() -> None:
    assert "session-ledger -> sessions.session.event.v1 -> pricing" in missing(TOPICS, [])
    assert "session-ledger -> sessions.session.event.v1 -> pricing" not in missing(TOPICS, [LEDGER, PRICING])


def test_a_span_whose_producer_is_unknown_is_no_arrow() -> None:
    assert seen([PRICING]) == frozenset()


def test_an_arrow_that_the_catalogue_does_not_draw_is_named() -> None:
    billing = span("billing", SESSIONS, 3, 1)
    assert undrawn(TOPICS, [LEDGER, PRICING, billing]) == ["session-ledger -> sessions.session.event.v1 -> billing"]


def test_an_arrow_that_is_walked_only_at_times_may_be_seen_and_need_not() -> None:
    topic = "sessions.review.snapshot.v1"
    ledger = span("session-ledger", topic, 2, 1)
    assert undrawn(TOPICS, [LEDGER, ledger]) == []
    assert topic not in "".join(missing(TOPICS, []))


def test_what_a_service_keeps_for_itself_is_no_arrow() -> None:
    assert not [edge for edge in expected(TOPICS) if ".state." in edge.topic or ".dlq." in edge.topic]


def test_the_collector_takes_what_the_chassis_exports() -> None:
    with collecting() as collector:
        endpoint = f"{collector.endpoint}/v1/traces"
        ledger = Tracing("session-ledger", OTLPSpanExporter(endpoint=endpoint), at_once=True)
        pricing = Tracing("pricing", OTLPSpanExporter(endpoint=endpoint), at_once=True)
        with ledger.sending(SESSIONS) as traceparent:
            pass
        with pricing.processing(SESSIONS, {"traceparent": traceparent}):
            assert trace.get_current_span().get_span_context().is_valid
        edges = seen(collector.spans)
        ledger.shutdown()
        pricing.shutdown()
    assert edges == {Edge(producer="session-ledger", topic=SESSIONS, consumer="pricing")}
