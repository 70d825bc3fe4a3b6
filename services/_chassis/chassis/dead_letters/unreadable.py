"""What those could not read who merely follow a topic: kept by key, for people to see."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from chassis.codec import Poison
from chassis.dead_letters.repair import Waiting
from chassis.log.port import TopicPartition
from chassis.telemetry import Log as Lines
from chassis.telemetry import Metrics

MOST_HELD = 10_000
"""Keys of one reader; the records of further ones are counted as dead letters and not listed."""


class Keyed(Protocol):
    """A record, whoever read it."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    waiting: Waiting
    last: int


class Unreadable:
    """Of one process: reader -> topic and key -> the first of its records that still cannot be read."""

    def __init__(self, metrics: Metrics, lines: Lines) -> None:
        self._metrics = metrics
        self._lines = lines
        self._held: dict[str, dict[tuple[str, str], _Held]] = {}

    def hold(self, reader: str, at: TopicPartition, record: Keyed, poison: Poison) -> None:
        """The reader goes on without this record: say so, once, and list its key."""
        if self.keep(reader, at, record, poison):
            self._metrics.add("dead_letters", 1, poison.reason)
            self._lines.error(
                "record.parked",
                part=reader,
                topic=at.topic,
                partition=at.partition,
                offset=record.offset,
                reason=poison.reason,
            )

    def keep(self, reader: str, at: TopicPartition, record: Keyed, poison: Poison) -> bool:
        """List its key, where somebody else has told of the record; whether it is news."""
        held, key = self._held.setdefault(reader, {}), (record.key or b"").decode(errors="replace")
        known = held.get((at.topic, key))
        if known is not None:
            held[at.topic, key] = replace(known, last=max(known.last, record.offset))
        elif len(held) < MOST_HELD:
            waiting = Waiting(
                entity=at.topic, partition=at.partition, key=key, reason=poison.reason, since=record.offset
            )
            held[at.topic, key] = _Held(waiting=waiting, last=record.offset)
        self.tell(reader)
        return known is None or record.offset > known.last

    def release(self, reader: str, topic: str, key: str) -> None:
        """A readable record of the key has come, and says all that matters of it."""
        if self._held.get(reader, {}).pop((topic, key), None) is not None:
            self.tell(reader)

    def tell(self, reader: str) -> None:
        """How many keys are held, as a metric."""
        self._metrics.put("parked", len(self._held.get(reader, ())), reader)

    def waiting(self) -> Iterator[Waiting]:
        """All of them; `entity` is the topic."""
        for held in tuple(self._held.values()):
            for each in tuple(held.values()):
                yield each.waiting
