"""Bounded looks back into the log for people: a station's frames, and whose token a transaction began with."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from charger_gateway.adapters.frame_blocks import FRAMES, FrameCipher, Undecipherable
from charger_gateway.domain.desk_state import DeskEvent
from charger_gateway.domain.station import TRANSACTION_EVENTS
from chassis.codec import Codec
from chassis.log import Log, TopicPartition, partition_of
from chassis.log.port import Fetched
from chassis.log.reading import read_to_end
from chassis.telemetry import Tracing
from ev_contracts.gateway import Frame, FrameBlock, TransactionStarted

MOST_BLOCKS = 3_000
MOST_TRANSACTION_RECORDS = 20_000
MOST_DESK_RECORDS = 20_000
DESK_EVENTS = "gateway.desk.event.v1"
LOOK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFrame:
    """A frame opened for an engineer; `text` is None where its day's key is another."""

    frame_ref: str
    epoch: int
    inbound: bool
    at: datetime
    text: str | None


class Tails:
    """Reads the newest part of a topic, never more than its bounds."""

    def __init__(self, *, stream: Log, codec: Codec, cipher: FrameCipher, tracing: Tracing) -> None:
        self._stream = stream
        self._codec = codec
        self._cipher = cipher
        self._tracing = tracing

    async def frames(self, station_id: str, limit: int) -> Sequence[ClearFrame]:
        """The station's latest frames, oldest first. Raises TimeoutError."""
        found: list[ClearFrame] = []
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            for number in range(await self._stream.partitions(FRAMES)):
                async for record in self._tail(TopicPartition(FRAMES, number), MOST_BLOCKS):
                    headers = dict(record.headers)
                    with self._tracing.processing(FRAMES, headers):
                        found += self._of(self._codec.decode(FRAMES, record.value, headers), station_id)
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
                text=self._text(block, frame),
            )
            for frame in block.frames
            if frame.station_id == station_id
        ]

    def _text(self, block: FrameBlock, frame: Frame) -> str | None:
        try:
            raw = self._cipher.open(block.day, block.replica_id, frame.frame_ref, frame.station_id, frame.ciphertext)
        except Undecipherable:
            return None
        return raw.decode(errors="replace")

    async def token_of(self, key: str, transaction_id: str) -> str | None:
        """The token_ref that the station's transaction began with; None where it is not found. Raises TimeoutError."""
        count = await self._stream.partitions(TRANSACTION_EVENTS)
        at = TopicPartition(TRANSACTION_EVENTS, partition_of(key.encode(), count))
        token_ref = None
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            async for record in self._tail(at, MOST_TRANSACTION_RECORDS):
                if record.key != key.encode():
                    continue
                headers = dict(record.headers)
                if headers.get("ce_type") != b"ev.gateway.TransactionStarted":
                    continue
                started: TransactionStarted = self._codec.decode(TRANSACTION_EVENTS, record.value, headers)
                if started.transaction_id == transaction_id:
                    token_ref = started.token_ref
        return token_ref

    async def desk_events(self, key: str) -> Sequence[DeskEvent]:
        """The newest events of a station's desk. Raises TimeoutError."""
        count = await self._stream.partitions(DESK_EVENTS)
        at = TopicPartition(DESK_EVENTS, partition_of(key.encode(), count))
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            return [
                self._codec.decode(DESK_EVENTS, record.value, dict(record.headers))
                async for record in self._tail(at, MOST_DESK_RECORDS)
                if record.key == key.encode() and record.value is not None
            ]

    async def _tail(self, at: TopicPartition, most: int) -> AsyncIterator[Fetched]:
        end = (await self._stream.ends([at]))[at]
        async for batch in read_to_end(self._stream, at, max(0, end - most)):
            for record in batch:
                yield record
