"""The log on Kafka, through aiokafka: idempotent and transactional producers, consumers that read committed records."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import NoOffsetForPartitionError

from chassis.clock import within
from chassis.log.kafka_producing import (
    MAX_BATCH_BYTES,
    METADATA_TIMEOUT_S,
    STOP_TIMEOUT_S,
    KafkaProducer,
    KafkaTransactional,
    Metadata,
    as_log_errors,
)
from chassis.log.port import (
    Consumer,
    Fetched,
    LogError,
    OnPartitions,
    Producer,
    TopicPartition,
    Transactional,
)

_GATHERED_BYTES = 65_536
"""A patient reader is answered once there are so many, however short it has waited."""


class KafkaConsumer:
    """Reads committed records of the partitions it was given or assigned."""

    def __init__(self, inner: AIOKafkaConsumer, metadata: Metadata) -> None:
        self._inner = inner
        self._metadata = metadata

    async def fetch(
        self, *partitions: TopicPartition, timeout_s: float, max_records: int = 500
    ) -> Mapping[TopicPartition, Sequence[Fetched]]:
        wanted = [self._metadata.on_log(partition) for partition in partitions]
        try:
            with as_log_errors("fetch"):
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
        with as_log_errors("seek"):
            self._inner.seek(self._metadata.on_log(partition), offset)

    async def position(self, partition: TopicPartition) -> int:
        with as_log_errors("position"):
            return int(await self._inner.position(self._metadata.on_log(partition)))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        with as_log_errors("commit of offsets"):
            await self._inner.commit(
                {self._metadata.on_log(partition): offset for partition, offset in offsets.items()}
            )

    async def committed(self, partition: TopicPartition) -> int | None:
        with as_log_errors("committed offset"):
            offset = await self._inner.committed(self._metadata.on_log(partition))
        return None if offset is None else int(offset)

    async def stop(self) -> None:
        await _stop_consumer(self._inner)

    @property
    def client(self) -> Any:
        """What talks to the brokers, and must end whatever the reader was doing."""
        return _client_of(self._inner)


def _client_of(consumer: AIOKafkaConsumer) -> Any:
    return consumer._client  # noqa: SLF001 - the consumer does not tell, and nothing else ends its connections


async def _stop_consumer(consumer: AIOKafkaConsumer) -> None:
    with contextlib.suppress(LogError), as_log_errors("stop of a consumer"):
        await within(consumer.stop(), STOP_TIMEOUT_S)
        return
    # stop() gives up before it closes its connections where a fetch waits to be tried again.
    with contextlib.suppress(LogError), as_log_errors("end of a consumer's connections"):
        await within(_client_of(consumer).close(), STOP_TIMEOUT_S)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the client is untyped
    def __init__(self, metadata: Metadata, on_assigned: OnPartitions, on_revoked: OnPartitions) -> None:
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
        self._metadata = Metadata(f"{namespace}." if namespace else "")
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
            max_batch_size=MAX_BATCH_BYTES,
            compression_type="snappy",
            request_timeout_ms=10_000,
        )

    async def start(self) -> None:
        if self._producer is not None:
            return
        self._reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, isolation_level="read_committed")
        self._producer = KafkaProducer(self._make_producer, self._metadata)
        with as_log_errors(f"the log at {self._bootstrap} does not answer"):
            await self._producer.start()
            await self._reader.start()

    async def stop(self) -> None:
        producer, reader = self._producer, self._reader
        self._producer = self._reader = None
        if producer is not None:
            await producer.stop()
        if reader is not None:
            await _stop_consumer(reader)

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
        with as_log_errors(which):
            found = await within(getattr(self._reader, which)(asked), METADATA_TIMEOUT_S)
        return {self._metadata.ours(partition): int(offset) for partition, offset in found.items()}

    def transactional(self, transactional_id: str) -> Transactional:
        return KafkaTransactional(self._bootstrap, transactional_id, self._metadata)

    async def group(
        self,
        group: str,
        topics: Iterable[str],
        *,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
        gather_s: float = 0.0,
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
            fetch_min_bytes=_GATHERED_BYTES if gather_s else 1,
            fetch_max_wait_ms=int(gather_s * 1000) if gather_s else 500,
        )
        inner.subscribe(
            [self._metadata.prefix + topic for topic in topics],
            listener=_Listener(self._metadata, on_assigned, on_revoked),
        )
        with as_log_errors(f"join of group {group}"):
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
        with as_log_errors("read"):
            await inner.start()
            if positions:
                inner.assign([self._metadata.on_log(partition) for partition in positions])
                for partition, offset in positions.items():
                    inner.seek(self._metadata.on_log(partition), offset)
        return consumer
