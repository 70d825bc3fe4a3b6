"""The log as the chassis sees it: what a real one and the one in memory both do, and how each may fail."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from chassis.values import fleeting

Headers = Sequence[tuple[str, bytes]]


class TopicPartition(NamedTuple):
    """A partition by its topic's catalogue name (never with the namespace's prefix)."""

    topic: str
    partition: int


@fleeting
class Entry:
    """Something to append; value None is a tombstone."""

    key: bytes
    value: bytes | None
    headers: Headers = ()


@fleeting
class Appended:
    """Where a record came to stand."""

    topic: str
    partition: int
    offset: int


class Fetched(Protocol):
    """A record as read; `timestamp` is the log's append time in ms."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class LogError(Exception):
    """The log did not do it, or did not say so in time: forget what you believed and begin again from the log."""


class Fenced(LogError):
    """A successor took over this transactional id."""


class PositionLost(LogError):
    """The position to resume from does not exist in the log any more; a human must choose."""


class Producer(Protocol):
    """The process's one idempotent producer, acks=all."""

    async def send(self, topic: str, entry: Entry, partition: int | None = None) -> "Future[Appended]":
        """Queue it; the future says where it stands, or raises LogError. The partition follows the key unless given."""
        ...

    def send_at_once(self, topic: str, entry: Entry) -> "Future[Appended] | None":
        """As `send`, without a task; None where it had to wait, for room or to learn of the topic."""
        ...

    async def flush(self) -> None: ...


class Transactional(Protocol):
    """One producer under a transactional id; every method raises LogError, after which only stop() makes sense."""

    async def start(self) -> None:
        """Fence the predecessor and wait until its transaction is resolved."""
        ...

    async def begin(self) -> None: ...

    async def append(self, topic: str, partition: int, entries: Sequence[Entry]) -> None:
        """Append in order and wait for the acknowledgement."""
        ...

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None: ...

    async def commit(self) -> None: ...

    async def abort(self) -> None: ...

    async def stop(self) -> None:
        """Never raises."""
        ...


class Consumer(Protocol):
    """Reads committed records."""

    async def fetch(
        self, *partitions: TopicPartition, timeout_s: float, max_records: int = 500
    ) -> Mapping[TopicPartition, Sequence[Fetched]]:
        """What is there, at most; {} at the time-out. Raises PositionLost."""
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...

    async def position(self, partition: TopicPartition) -> int:
        """The offset of the next record to be fetched."""
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...

    async def committed(self, partition: TopicPartition) -> int | None: ...

    async def stop(self) -> None: ...


OnPartitions = Callable[[Iterable[TopicPartition]], Awaitable[None]]


class Log(Protocol):
    """Topics of partitions of records that stay."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def partitions(self, topic: str) -> int:
        """How many; raises LogError where the topic does not exist."""
        ...

    async def starts(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The first offset kept of each."""
        ...

    async def ends(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset after the last committed record of each."""
        ...

    @property
    def producer(self) -> Producer: ...

    def transactional(self, transactional_id: str) -> Transactional: ...

    async def group(
        self,
        group: str,
        topics: Iterable[str],
        *,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
        gather_s: float = 0.0,
    ) -> Consumer:
        """Join a consumer group. Its partitions are fetched only after seek (or from the committed offset).

        `gather_s`: records may lie so long before they are handed over, so that more of them come together.
        """
        ...

    async def assigned(self, positions: Mapping[TopicPartition, int]) -> Consumer:
        """Read these partitions from these offsets, in no group."""
        ...
