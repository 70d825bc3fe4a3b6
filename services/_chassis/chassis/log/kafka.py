"""The log on Kafka, through aiokafka: idempotent and transactional producers, consumers that read committed records."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError, ProducerFenced

from chassis.clock import within
from chassis.log.keys import partition_of
from chassis.log.port import (
    Appended,
    Consumer,
    Entry,
    Fenced,
    Fetched,
    LogError,
    OnPartitions,
    PositionLost,
    Producer,
    TopicPartition,
    Transactional,
)

COMMIT_TIMEOUT_S = 5.0
"""Below the client's own retry limit: a late end of transaction must never meet a living producer."""
_METADATA_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_TRANSACTION_TIMEOUT_MS = 10_000
_MAX_BATCH_BYTES = 1_000_000


@contextlib.contextmanager
def _as_log_errors(what: str) -> Iterator[None]:
    try:
        yield
    except ProducerFenced as error:
        raise Fenced(what) from error
    except OffsetOutOfRangeError as error:
        raise PositionLost(f"{what}: {error}") from error
    except (KafkaError, TimeoutError, ConnectionError) as error:
        raise LogError(f"{what}: {type(error).__name__}: {error}") from error


class _Metadata:
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

    def __init__(self, make: Callable[[], AIOKafkaProducer], metadata: _Metadata) -> None:
        self._make = make
        self._inner = make()
        self._metadata = metadata
        self._renewing = asyncio.Lock()
        self._renew_after = 0.0
        self._gave_up = False
        self._stopping: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        await self._inner.start()

    async def stop(self) -> None:
        await _stop_producer(self._inner)
        await asyncio.gather(*self._stopping)

    async def count(self, topic: str) -> int:
        count = self._metadata.counts.get(topic)
        if count is None:
            with _as_log_errors(f"topic {self._metadata.prefix}{topic} is not there, or the log does not answer"):
                known = await within(self._inner.partitions_for(self._metadata.prefix + topic), _METADATA_TIMEOUT_S)
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
            await within(fresh.start(), _METADATA_TIMEOUT_S)
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
            partition = partition_of(entry.key, await self.count(topic))
        outcome: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()

        def done(sent: "asyncio.Future[Any]") -> None:
            error = asyncio.CancelledError() if sent.cancelled() else sent.exception()
            self._gave_up |= error is not None and inner is self._inner
            if outcome.done():
                return
            if error is not None:
                outcome.set_exception(LogError(f"append to {topic}: {type(error).__name__}: {error}"))
            elif sent.result().offset < 0:
                outcome.set_exception(LogError(f"append to {topic}: it stands there, but nobody knows where"))
            else:
                outcome.set_result(Appended(topic, partition, sent.result().offset))

        with _as_log_errors(f"append to {topic}"):
            inner = await self._alive()
            sent = await inner.send(
                self._metadata.prefix + topic,
                value=entry.value,
                key=entry.key,
                partition=partition,
                headers=list(entry.headers),
            )
        sent.add_done_callback(done)
        return outcome

    async def flush(self) -> None:
        with _as_log_errors("flush"):
            await self._inner.flush()


async def _stop_producer(producer: AIOKafkaProducer) -> None:
    # A producer that died fenced or in mid-transaction complains on the way out; its epoch is over anyway.
    with contextlib.suppress(KafkaError, TimeoutError, ConnectionError, AssertionError):
        await within(producer.stop(), _STOP_TIMEOUT_S)
        return
    # stop() gives up before it closes its connections where the sender died.
    with contextlib.suppress(KafkaError, TimeoutError, ConnectionError):
        await within(producer.client.close(), _STOP_TIMEOUT_S)


class KafkaTransactional:
    """One producer under a transactional id; broken for good after the first error."""

    def __init__(self, bootstrap: str, transactional_id: str, metadata: _Metadata) -> None:
        self._id = transactional_id
        self._metadata = metadata
        self._inner = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=metadata.prefix + transactional_id,
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            max_batch_size=_MAX_BATCH_BYTES,
            compression_type="lz4",
            linger_ms=0,
            retry_backoff_ms=20,
        )

    async def start(self) -> None:
        with _as_log_errors(f"start of {self._id}"):
            await within(self._inner.start(), 2 * _TRANSACTION_TIMEOUT_MS / 1000)

    async def begin(self) -> None:
        with _as_log_errors(f"begin of {self._id}"):
            await self._inner.begin_transaction()

    async def append(self, topic: str, partition: int, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        name = self._metadata.prefix + topic
        with _as_log_errors(f"append of {self._id} to {topic}"):
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
        with _as_log_errors(f"offsets of {self._id}"):
            on_log = {self._metadata.on_log(partition): offset for partition, offset in offsets.items()}
            await within(
                self._inner.send_offsets_to_transaction(on_log, self._metadata.prefix + group), COMMIT_TIMEOUT_S
            )

    async def commit(self) -> None:
        with _as_log_errors(f"commit of {self._id}"):
            await within(self._inner.commit_transaction(), COMMIT_TIMEOUT_S)

    async def abort(self) -> None:
        with _as_log_errors(f"abort of {self._id}"):
            await within(self._inner.abort_transaction(), COMMIT_TIMEOUT_S)

    async def stop(self) -> None:
        await _stop_producer(self._inner)


class KafkaConsumer:
    """Reads committed records of the partitions it was given or assigned."""

    def __init__(self, inner: AIOKafkaConsumer, metadata: _Metadata) -> None:
        self._inner = inner
        self._metadata = metadata

    async def fetch(
        self, *partitions: TopicPartition, timeout_s: float, max_records: int = 500
    ) -> Mapping[TopicPartition, Sequence[Fetched]]:
        wanted = [self._metadata.on_log(partition) for partition in partitions]
        try:
            with _as_log_errors("fetch"):
                found = await self._inner.getmany(*wanted, timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except LogError as error:
            # Left over from before the first seek of this partition; the seek has settled it.
            if isinstance(error.__cause__, NoOffsetForPartitionError):
                return {}
            raise
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # The client may have swallowed it.
            raise asyncio.CancelledError
        return {
            self._metadata.ours(partition): cast("Sequence[Fetched]", records) for partition, records in found.items()
        }

    def seek(self, partition: TopicPartition, offset: int) -> None:
        with _as_log_errors("seek"):
            self._inner.seek(self._metadata.on_log(partition), offset)

    async def position(self, partition: TopicPartition) -> int:
        with _as_log_errors("position"):
            return int(await self._inner.position(self._metadata.on_log(partition)))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        with _as_log_errors("commit of offsets"):
            await self._inner.commit(
                {self._metadata.on_log(partition): offset for partition, offset in offsets.items()}
            )

    async def committed(self, partition: TopicPartition) -> int | None:
        with _as_log_errors("committed offset"):
            offset = await self._inner.committed(self._metadata.on_log(partition))
        return None if offset is None else int(offset)

    async def stop(self) -> None:
        with contextlib.suppress(KafkaError, TimeoutError, ConnectionError):
            await within(self._inner.stop(), _STOP_TIMEOUT_S)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the client is untyped
    def __init__(self, metadata: _Metadata, on_assigned: OnPartitions, on_revoked: OnPartitions) -> None:
        self._metadata = metadata
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        await self._on_revoked([self._metadata.ours(partition) for partition in revoked])

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        await self._on_assigned([self._metadata.ours(partition) for partition in assigned])


class KafkaLog:
    """Topics on a Kafka cluster; `namespace` prefixes topics, groups and transactional ids."""

    def __init__(
        self, bootstrap: str, *, namespace: str = "", session_timeout_ms: int = 6000, instance_id: str = ""
    ) -> None:
        self._bootstrap = bootstrap
        self._metadata = _Metadata(f"{namespace}." if namespace else "")
        self._session_timeout_ms = session_timeout_ms
        self._instance_id = instance_id
        self._producer: KafkaProducer | None = None
        self._reader: AIOKafkaConsumer | None = None

    def _make_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=2,
            max_batch_size=_MAX_BATCH_BYTES,
            compression_type="lz4",
            request_timeout_ms=10_000,
        )

    async def start(self) -> None:
        if self._producer is not None:
            return
        self._reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, isolation_level="read_committed")
        self._producer = KafkaProducer(self._make_producer, self._metadata)
        with _as_log_errors(f"the log at {self._bootstrap} does not answer"):
            await self._producer.start()
            await self._reader.start()

    async def stop(self) -> None:
        producer, reader = self._producer, self._reader
        self._producer = self._reader = None
        if producer is not None:
            await producer.stop()
        if reader is not None:
            with contextlib.suppress(KafkaError, TimeoutError, ConnectionError):
                await within(reader.stop(), _STOP_TIMEOUT_S)

    @property
    def producer(self) -> Producer:
        return self._started()

    def _started(self) -> KafkaProducer:
        if self._producer is None:
            raise LogError("the log was not started")
        return self._producer

    async def partitions(self, topic: str) -> int:
        return await self._started().count(topic)

    async def starts(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._bounds("beginning_offsets", partitions)

    async def ends(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._bounds("end_offsets", partitions)

    async def _bounds(self, which: str, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        if self._reader is None:
            raise LogError("the log was not started")
        asked = [self._metadata.on_log(partition) for partition in partitions]
        with _as_log_errors(which):
            found = await within(getattr(self._reader, which)(asked), _METADATA_TIMEOUT_S)
        return {self._metadata.ours(partition): int(offset) for partition, offset in found.items()}

    def transactional(self, transactional_id: str) -> Transactional:
        return KafkaTransactional(self._bootstrap, transactional_id, self._metadata)

    async def group(
        self, group: str, topics: Iterable[str], *, on_assigned: OnPartitions, on_revoked: OnPartitions
    ) -> Consumer:
        inner = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._metadata.prefix + group,
            group_instance_id=f"{self._instance_id}.{group}" if self._instance_id else None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=self._session_timeout_ms // 3,
        )
        inner.subscribe(
            [self._metadata.prefix + topic for topic in topics],
            listener=_Listener(self._metadata, on_assigned, on_revoked),
        )
        with _as_log_errors(f"join of group {group}"):
            await inner.start()
        return KafkaConsumer(inner, self._metadata)

    async def assigned(self, positions: Mapping[TopicPartition, int]) -> Consumer:
        inner = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
        )
        consumer = KafkaConsumer(inner, self._metadata)
        with _as_log_errors("read"):
            await inner.start()
            if positions:
                inner.assign([self._metadata.on_log(partition) for partition in positions])
                for partition, offset in positions.items():
                    inner.seek(self._metadata.on_log(partition), offset)
        return consumer
