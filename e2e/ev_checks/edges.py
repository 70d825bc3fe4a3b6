"""Which arrows of the catalogue were seen: a consumer's span that is linked to a span of the topic's owner."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ev_checks.traces import Seen
from ev_contracts.record import Topic

INNER = frozenset({"state", "reply", "changelog", "dlq"})
"""Kinds that a service keeps for itself: no arrow of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edge:
    """A producer, a topic and a consumer."""

    producer: str
    topic: str
    consumer: str

    def __str__(self) -> str:
        return f"{self.producer} -> {self.topic} -> {self.consumer}"


def expected(topics: Mapping[str, Topic]) -> frozenset[Edge]:
    """Every edge that the catalogue draws and that is walked while all is well."""
    return _edges(topics, always=True)


def _edges(topics: Mapping[str, Topic], *, always: bool) -> frozenset[Edge]:
    """The catalogue's edges: those that are always walked, or also those that are walked only at times."""
    return frozenset(
        Edge(producer=topic.owner, topic=topic.name, consumer=consumer.service)
        for topic in topics.values()
        if topic.kind not in INNER
        for consumer in topic.consumers
        if consumer.live or not always
    )


def seen(spans: Iterable[Seen]) -> frozenset[Edge]:
    """Every edge of which a linked span came; the role behind a service's name (`projections-cpo`) does not count."""
    known = list(spans)
    said_by = {span.span_id: span.service for span in known}
    return frozenset(
        Edge(producer=_service(said_by[link]), topic=span.topic, consumer=_service(span.service))
        for span in known
        if span.consumes
        for link in span.links
        if link in said_by
    )


def missing(topics: Mapping[str, Topic], spans: Iterable[Seen]) -> list[str]:
    """What the catalogue draws and nobody saw, in words, sorted."""
    return [str(edge) for edge in sorted(expected(topics) - seen(spans))]


def undrawn(topics: Mapping[str, Topic], spans: Iterable[Seen]) -> list[str]:
    """What was seen and the catalogue does not draw."""
    drawn = _edges(topics, always=False)
    return [str(edge) for edge in sorted(seen(spans) - drawn) if edge.topic not in _inner(topics)]


def _inner(topics: Mapping[str, Topic]) -> frozenset[str]:
    return frozenset(topic.name for topic in topics.values() if topic.kind in INNER)


def _service(name: str) -> str:
    return "projections" if name.startswith("projections-") else name
