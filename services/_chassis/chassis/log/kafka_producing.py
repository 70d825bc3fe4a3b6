"""Appending to Kafka: the shared idempotent producer, and one under a transactional id."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, ProducerFenced

from chassis.clock import is_cancelled, within
from chassis.log.kafka_batches import PartitionLine
from chassis.log.keys import partition_of
from chassis.log.port import (
    Appended,
    Entry,
    Fenced,
    LogError,
    PositionLost,
    TopicPartition,
)

COMMIT_TIMEOUT_S = 5.0
"""Below the client's own retry limit: a late end of transaction must never meet a living producer."""
METADATA_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
_TRANSACTION_TIMEOUT_MS = 10_000
MAX_BATCH_BYTES = 1_000_000


@contextlib.contextmanager
def as_log_errors(what: str) -> Iterator[None]:
    try:
        yield
    except ProducerFenced as error:
        raise Fenced(what) from error
    except OffsetOutOfRangeError as error:
        raise PositionLost(f"{what}: {error}") from error
    except (KafkaError, TimeoutError, ConnectionError) as error:
        raise LogError(f"{what}: {type(error).__name__}: {error}") from error
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        # The client lets a cancellation of work of its own out; passed on, it would end our task without a word.
        raise LogError(f"{what}: the client gave it up") from error


class Metadata:
    """Names with the namespace's prefix, and partition counts, which never change."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.counts: dict[str, int] = {}

    def on_log(self, partition: TopicPartition) -> KafkaPartition:
        return KafkaPartition(self.prefix + partition.topic, partition.partition)

    def ours(self, partition: Any) -> TopicPartition:
        return TopicPartition(partition.topic.removeprefix(self.prefix), partition.partition)


class KafkaProducer:
    """The shared idempotent producer, made anew after an error that its client never recovers from."""

    def __init__(self, make: Callable[[], AIOKafkaProducer], metadata: Metadata) -> None:
        self._make = make
        self._inner = make()
        self._metadata = metadata
        self._renewing = asyncio.Lock()
        self._renew_after = 0.0
        self._gave_up = False
        self._stopping: set[asyncio.Task[None]] = set()
        self._handing_over: set[asyncio.Task[None]] = set()
        self._lines: dict[tuple[str, int], PartitionLine] = {}

    async def start(self) -> None:
        await self._inner.start()

    async def stop(self) -> None:
        with contextlib.suppress(TimeoutError):
            await within(self._settle(), STOP_TIMEOUT_S)
        for task in tuple(self._handing_over):
            task.cancel()
        await _stop_producer(self._inner)
        await asyncio.gather(*self._stopping)

    async def count(self, topic: str) -> int:
        count = self._metadata.counts.get(topic)
        if count is None:
            with as_log_errors(f"topic {self._metadata.prefix}{topic} is not there, or the log does not answer"):
                known = await within(self._inner.partitions_for(self._metadata.prefix + topic), METADATA_TIMEOUT_S)
            count = self._metadata.counts[topic] = len(known)
        return count

    @property
    def sender(self) -> "asyncio.Task[None]":
        """The client's own task; once it has ended, nothing is sent any more."""
        task: asyncio.Task[None] = self._inner._sender.sender_task  # noqa: SLF001 - the client tells it in no other way
        return task

    async def _alive(self) -> AIOKafkaProducer:
        # A client that gave up a batch has skipped its sequence numbers: every later append to that partition is out of
        # order, for ever. So after any failed append it is replaced; nobody sends what failed again under a new id.
        if self._gave_up or self.sender.done():
            async with self._renewing:
                if self._gave_up or self.sender.done():
                    await self._renew()
        return self._inner

    async def _renew(self) -> None:
        if asyncio.get_running_loop().time() < self._renew_after:
            raise LogError("the log did not take a new producer a moment ago")
        fresh = self._make()
        try:
            await within(fresh.start(), METADATA_TIMEOUT_S)
        except (KafkaError, TimeoutError, ConnectionError):
            # Those who wait behind the lock must not each try as long.
            self._renew_after = asyncio.get_running_loop().time() + 1.0
            await _stop_producer(fresh)
            raise
        dead, self._inner = self._inner, fresh
        self._gave_up = False
        stopping = asyncio.create_task(_stop_producer(dead))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def send(self, topic: str, entry: Entry, partition: int | None = None) -> "asyncio.Future[Appended]":
        if partition is None:
            partition = partition_of(entry.key, self._metadata.counts.get(topic) or await self.count(topic))
        line = self._line(topic, partition)
        if line.is_full:
            await line.room()
        return line.add(entry)

    def send_at_once(self, topic: str, entry: Entry) -> "asyncio.Future[Appended] | None":
        count = self._metadata.counts.get(topic)
        if count is None:
            return None
        line = self._line(topic, partition_of(entry.key, count))
        return None if line.is_full else line.add(entry)

    def _line(self, topic: str, partition: int) -> PartitionLine:
        line = self._lines.get((topic, partition))
        if line is None:
            line = self._lines[topic, partition] = PartitionLine(
                topic,
                partition,
                name=self._metadata.prefix + topic,
                client=self._alive,
                gave_up=self._give_up,
                spawn=self._spawn,
            )
        return line

    def _give_up(self, client: Any) -> None:
        self._gave_up |= client is self._inner

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._handing_over.add(task)
        task.add_done_callback(self._handing_over.discard)

    async def _settle(self) -> None:
        while self._handing_over:
            await asyncio.wait(self._handing_over)

    async def flush(self) -> None:
        await self._settle()
        with as_log_errors("flush"):
            await self._inner.flush()


async def _stop_producer(producer: AIOKafkaProducer) -> None:
    # A producer that died fenced or in mid-transaction complains on the way out; its epoch is over anyway.
    with contextlib.suppress(LogError, AssertionError), as_log_errors("stop of a producer"):
        await within(producer.stop(), STOP_TIMEOUT_S)
        return
    # stop() gives up before it closes its connections where the sender died.
    with contextlib.suppress(LogError), as_log_errors("end of a producer's connections"):
        await within(producer.client.close(), STOP_TIMEOUT_S)


class KafkaTransactional:
    """One producer under a transactional id; broken for good after the first error."""

    def __init__(self, bootstrap: str, transactional_id: str, metadata: Metadata) -> None:
        self._id = transactional_id
        self._metadata = metadata
        self._inner = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=metadata.prefix + transactional_id,
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            max_batch_size=MAX_BATCH_BYTES,
            compression_type="snappy",
            linger_ms=0,
            retry_backoff_ms=20,
        )

    async def start(self) -> None:
        with as_log_errors(f"start of {self._id}"):
            await within(self._inner.start(), 2 * _TRANSACTION_TIMEOUT_MS / 1000)

    async def begin(self) -> None:
        with as_log_errors(f"begin of {self._id}"):
            await self._inner.begin_transaction()

    async def append(self, topic: str, partition: int, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        name = self._metadata.prefix + topic
        with as_log_errors(f"append of {self._id} to {topic}"):
            acks = []
            batch = self._inner.create_batch()
            for entry in entries:
                at = {"timestamp": None, "key": entry.key, "value": entry.value, "headers": list(entry.headers)}
                if batch.append(**at) is None:
                    acks.append(await self._inner.send_batch(batch, name, partition=partition))
                    batch = self._inner.create_batch()
                    if batch.append(**at) is None:
                        raise LogError(f"a record of {len(entry.value or b'')} bytes does not fit into a batch")
            acks.append(await self._inner.send_batch(batch, name, partition=partition))
            await within(asyncio.gather(*acks), COMMIT_TIMEOUT_S)

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        with as_log_errors(f"offsets of {self._id}"):
            on_log = {self._metadata.on_log(partition): offset for partition, offset in offsets.items()}
            await within(
                self._inner.send_offsets_to_transaction(on_log, self._metadata.prefix + group), COMMIT_TIMEOUT_S
            )

    async def commit(self) -> None:
        with as_log_errors(f"commit of {self._id}"):
            await within(self._inner.commit_transaction(), COMMIT_TIMEOUT_S)

    async def abort(self) -> None:
        with as_log_errors(f"abort of {self._id}"):
            await within(self._inner.abort_transaction(), COMMIT_TIMEOUT_S)

    async def stop(self) -> None:
        await _stop_producer(self._inner)
