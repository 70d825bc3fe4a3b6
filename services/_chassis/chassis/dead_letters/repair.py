"""Playing parked records again, in order, once whatever kept them from being understood is mended."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from chassis.clock import new_id, within
from chassis.dead_letters.letters import (
    DL_DETAIL,
    DL_OFFSET,
    DL_PARTITION,
    DL_REASON,
    DL_TOPIC,
    Parked,
    dead_letter_topic,
    loads_parked,
)
from chassis.log.envelope import UNPARK, UNPARKED
from chassis.log.keys import partition_of
from chassis.log.port import Entry, Fetched, Headers, Log, LogError, TopicPartition
from chassis.log.reading import read_all_to_end, read_to_end

_OURS = frozenset({DL_TOPIC, DL_PARTITION, DL_OFFSET, DL_REASON, DL_DETAIL})
_PARKED_KEY = b"@parked"
_ACK_TIMEOUT_S = 10.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as the record it was; `offset` and `partition` are those on its own topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A parked aggregate, for people who repair."""

    entity: str
    partition: int
    key: str
    reason: str
    since: int


async def letters_of(log: Log, name: str, topic: str, key: str, parked: Parked) -> Sequence[Letter]:
    """The waiting records of an aggregate, oldest first."""
    dead = dead_letter_topic(name)
    at = TopicPartition(dead, partition_of(key.encode(), await log.partitions(dead)))
    found: dict[int, Letter] = {}
    async for records in read_to_end(log, at):
        for record in records:
            letter = letter_of(record) if record.key == key.encode() else None
            if letter is not None and letter.topic == topic and letter.offset >= parked.since:
                found.setdefault(letter.offset, letter)
    return [found[offset] for offset in sorted(found)]


def letter_of(record: Fetched) -> Letter | None:
    """What a record of a dead-letter topic holds; None where it is no letter."""
    headers = dict(record.headers)
    if record.key is None or DL_TOPIC not in headers:
        return None
    return Letter(
        topic=headers[DL_TOPIC].decode(),
        partition=int(headers[DL_PARTITION]),
        offset=int(headers[DL_OFFSET]),
        timestamp=record.timestamp,
        key=record.key,
        value=record.value or b"",
        headers=[(name, value) for name, value in record.headers if name not in _OURS],
    )


async def waiting(log: Log, *entities: str) -> Sequence[Waiting]:
    """All parked aggregates of these entities, and what waits of a direct input under the name of that topic."""
    at = {
        TopicPartition(_state_of(entity), partition): entity
        for entity in entities
        for partition in range(await log.partitions(_state_of(entity)))
    }
    found = await _all_parked(log, at)
    return [
        Waiting(entity=source or entity, partition=each.partition, key=key, reason=parked.reason, since=parked.since)
        for each, entity in at.items()
        for source, of_source in found.get(each, {}).items()
        for key, parked in of_source.items()
    ]


def _state_of(entity: str) -> str:
    return f"{entity}.state.v1"


async def _parked(log: Log, entity: str, partition: int) -> dict[str, Parked]:
    at = TopicPartition(_state_of(entity), partition)
    return (await _all_parked(log, [at])).get(at, {}).get("", {})


async def _all_parked(log: Log, at: Iterable[TopicPartition]) -> dict[TopicPartition, dict[str, dict[str, Parked]]]:
    """By partition and second input, as its record `@parked/<topic>` says; those of the entity itself under ""."""
    values: dict[TopicPartition, dict[str, bytes]] = {}
    async for each, records in read_all_to_end(log, at):
        for record in records:
            reserved, _, source = (record.key or b"").partition(b"/")
            if reserved == _PARKED_KEY:
                values.setdefault(each, {})[source.decode()] = record.value or b"{}"
    return {each: {source: loads_parked(value) for source, value in told.items()} for each, told in values.items()}


async def unpark(
    log: Log, entity: str, key: str, *, timeout_s: float = 30.0
) -> Literal["unparked", "still-parked", "not-parked"]:
    """Play an aggregate's waiting records again, in order; stays parked from the first that fails again.

    Raises LogError, TimeoutError (then nobody knows yet: look again).
    """
    partition = partition_of(key.encode(), await log.partitions(f"{entity}.command.v1"))
    first = (await _parked(log, entity, partition)).get(key)
    if first is None:
        return "not-parked"
    async with asyncio.timeout(timeout_s):
        parked = first
        while True:
            repair = new_id()
            await _play(log, entity, key, parked, repair)
            after = await _outcome(log, entity, partition, key, parked)
            if after is None:
                return "unparked"
            if after.failed_repair == repair:
                return "still-parked"
            parked = after


async def _play(log: Log, entity: str, key: str, parked: Parked, repair: str) -> None:
    topic = f"{entity}.command.v1"
    letters = await letters_of(log, entity, topic, key, parked)
    if not letters:
        raise LogError(f"no dead letters of {key}: their retention is over")
    sent = []
    for letter in letters:
        mark = (UNPARKED, f"{repair}/{letter.offset}".encode())
        sent.append(await log.producer.send(topic, Entry(letter.key, letter.value, [*letter.headers, mark])))
    end = Entry(key.encode(), b"", [(UNPARK, f"{repair}/{letters[-1].offset}".encode())])
    sent.append(await log.producer.send(topic, end))
    await within(asyncio.gather(*sent), _ACK_TIMEOUT_S)


async def _outcome(log: Log, entity: str, partition: int, key: str, before: Parked) -> Parked | None:
    while True:
        after = (await _parked(log, entity, partition)).get(key)
        if after is None or after != before:
            return after
        await asyncio.sleep(_POLL_S)
