"""Building states again from their events, when the code of the state has changed."""

from collections.abc import Mapping
from dataclasses import replace

from chassis.codec import Poison
from chassis.log.envelope import context_of
from chassis.log.port import TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner.aggregates import Live
from chassis.runner.unit import EntityUnit


class BrokenStream(RuntimeError):
    """The events of an aggregate cannot be read or have a gap: an event is never skipped, so the partition stops."""


async def refold(unit: EntityUnit, partition: int, stale: Mapping[str, Live]) -> dict[str, Live]:
    """The same aggregates (version, sources, ring kept) with states folded anew. Raises BrokenStream, UnknownShape."""
    states = dict.fromkeys(stale, unit.entity.decider.initial)
    reached = dict.fromkeys(stale, 0)
    async for records in read_to_end(unit.env.log, TopicPartition(unit.event_topic, partition)):
        for record in records:
            key = (record.key or b"").decode()
            # Events past the stored version are the visible part of a torn transaction; their redo is still to come.
            if key not in stale or reached[key] >= stale[key].version:
                continue
            headers = dict(record.headers)
            try:
                context = context_of(unit.event_topic, partition, record, headers)
                event = unit.env.codec.decode(unit.event_topic, record.value, headers)
            except Poison as poison:
                raise BrokenStream(f"{unit.event_topic}/{partition}@{record.offset}: {poison}") from poison
            if context.stream_version == reached[key] + 1:
                states[key] = unit.entity.decider.evolve(states[key], event)
                reached[key] += 1
    short = [key for key, live in stale.items() if reached[key] != live.version]
    if short:
        raise BrokenStream(f"{unit.event_topic}/{partition}: {len(short)} aggregates miss events, first {short[0]}")
    return {key: replace(live, state=states[key]) for key, live in stale.items()}
