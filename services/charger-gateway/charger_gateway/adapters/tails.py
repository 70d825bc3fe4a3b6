"""Bounded looks back into the log for people: a station's frames, and whose token a transaction began with."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from charger_gateway.adapters.frame_blocks import FRAMES, FrameCipher
from charger_gateway.domain.desk_state import DeskEvent
from charger_gateway.domain.station import TRANSACTION_EVENTS
from chassis.codec import Poison
from chassis.log import TopicPartition, partition_of
from chassis.log.port import Fetched
from chassis.log.reading import read_to_end
from chassis.runner import Env
from ev_contracts.gateway import FrameBlock, TransactionStarted

READER = "looks-back"
MOST_BLOCKS = 3_000
MOST_TRANSACTION_RECORDS = 20_000
MOST_DESK_RECORDS = 20_000
DESK_EVENTS = "gateway.desk.event.v1"
LOOK_TIMEOUT_S = 5.0
_FURTHER_BACK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFrame:
    """A frame opened for an engineer; `text` is None where its day's key is another."""

    frame_ref: str
    epoch: int
    inbound: bool
    at: datetime
    text: str | None


def read_or_hold(env: Env, at: TopicPartition, record: Fetched) -> Any:
    """The record; None where it cannot be read, which is told once and stands at the edge from then on."""
    try:
        return env.codec.decode(at.topic, record.value, dict(record.headers))
    except Poison as poison:
        env.unreadable.hold(READER, at, record, poison)
        return None


class Tails:
    """Reads the newest part of a topic, never more than its bounds."""

    def __init__(self, *, env: Env, cipher: FrameCipher) -> None:
        self._stream = env.log
        self._env = env
        self._cipher = cipher

    async def frames(self, station_id: str, limit: int) -> Sequence[ClearFrame]:
        """The station's latest frames, oldest first. Raises TimeoutError."""
        found: list[ClearFrame] = []
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            for number in range(await self._stream.partitions(FRAMES)):
                at = TopicPartition(FRAMES, number)
                async for record in self._tail(at, MOST_BLOCKS):
                    with self._env.tracing.processing(FRAMES, dict(record.headers)):
                        block = read_or_hold(self._env, at, record)
                    found += () if block is None else self._of(block, station_id)
                await asyncio.sleep(0)
        found.sort(key=lambda frame: (frame.at, frame.epoch, int(frame.frame_ref.partition("-")[2])))
        return found[-limit:]

    def _of(self, block: FrameBlock, station_id: str) -> list[ClearFrame]:
        return [
            ClearFrame(
                frame_ref=frame.frame_ref,
                epoch=frame.epoch,
                inbound=frame.inbound,
                at=frame.at,
                text=None if frame.raw is None else frame.raw.decode(errors="replace"),
            )
            for frame in self._cipher.open(block)
            if frame.station_id == station_id
        ]

    async def token_of(self, key: str, transaction_id: str) -> str | None:
        """The token_ref that the station's transaction began with; None where it is not found. Raises TimeoutError."""
        count = await self._stream.partitions(TRANSACTION_EVENTS)
        at = TopicPartition(TRANSACTION_EVENTS, partition_of(key.encode(), count))
        token_ref = None
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            async for record in self._tail(at, MOST_TRANSACTION_RECORDS):
                if record.key != key.encode():
                    continue
                if dict(record.headers).get("ce_type") != b"ev.gateway.TransactionStarted":
                    continue
                started: TransactionStarted | None = read_or_hold(self._env, at, record)
                if started is not None and started.transaction_id == transaction_id:
                    token_ref = started.token_ref
        return token_ref

    async def desk_events(self, key: str, since: type[DeskEvent] | None = None) -> Sequence[DeskEvent]:
        """The newest events of a station's desk; all from the newest of the kind `since` on, however old that is.

        Raises TimeoutError.
        """
        count = await self._stream.partitions(DESK_EVENTS)
        at = TopicPartition(DESK_EVENTS, partition_of(key.encode(), count))
        most = MOST_DESK_RECORDS
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            while True:
                end = (await self._stream.ends([at]))[at]
                events = await self._desk_events(at, key, most)
                if since is None or most >= end or any(isinstance(one, since) for one in events):
                    return events
                most *= _FURTHER_BACK

    async def _desk_events(self, at: TopicPartition, key: str, most: int) -> Sequence[DeskEvent]:
        return [
            event
            async for record in self._tail(at, most)
            if record.key == key.encode() and (event := read_or_hold(self._env, at, record)) is not None
        ]

    async def _tail(self, at: TopicPartition, most: int) -> AsyncIterator[Fetched]:
        end = (await self._stream.ends([at]))[at]
        async for batch in read_to_end(self._stream, at, max(0, end - most)):
            for record in batch:
                yield record
