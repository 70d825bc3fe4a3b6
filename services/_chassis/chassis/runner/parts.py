"""The parts a service is made of; each is a value, run by the service's one task group."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chassis.cassandra.writes import Write
from chassis.clock import Clock
from chassis.codec import Codec
from chassis.dead_letters import Letterbox, Unreadable
from chassis.decider import Deadline, Decider, EventContext, To
from chassis.log.port import Log, TopicPartition
from chassis.telemetry import Log as Lines
from chassis.telemetry import Metrics, Tracing

Read = tuple[Any, EventContext]
"""An event and the circumstances in which it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A pure reaction: another's event in, commands to this service's entity `target` out; exactly once per aggregate.

    The position stands in `<name>.state.v1`, which has the source's partition count. `of` are the records that it is
    for, where not all of the topic: the others are passed over unread. It `gathers` where nobody waits for what it
    does: records lie for a fifth of a second, and come in fewer and larger reads.
    """

    name: str
    source: str
    target: str
    react: Callable[[Any, EventContext, Any], Sequence[To]]
    of: tuple[type[Any], ...] = ()
    facts: Any = None
    gathers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A decider on its topics `<name>.command.v1`, `.event.v1`, `.state.v1`, all with one partition count.

    `deadline` builds the command of a deadline that is due; needed only where the decider has deadlines. `direct` is a
    policy to this entity whose commands are decided as its source is read, without the way over the command topic: for
    a source of many records, keyed and partitioned as the entity is, and commands to the key of their event.
    """

    name: str
    decider: Decider[Any, Any, Any]
    deadline: Callable[[str, Deadline], Any] | None = None
    direct: Policy | None = None


class Memory(Protocol):
    """What a transform holds of the events that it has read, a partition at a time."""

    def forget(self, partition: int) -> None:
        """A worker begins: all that rests on its partition comes again."""

    def rests_on(self, partition: int) -> int | None:
        """The first offset that what is held still rests on; None where nothing is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A pure reaction that writes records to a topic of no entity; at least once.

    `lasting` are those of the events read together that still matter, in their order: where only the latest does, a
    worker that catches up need not tell what is over. What `react` remembers from event to event is its `memory`: a
    worker that begins reads again, telling nothing, what that rests on.
    """

    name: str
    source: str
    target_topic: str
    react: Callable[[Any, EventContext, Any], Sequence[To]]
    of: tuple[type[Any], ...] = ()
    facts: Any = None
    lasting: Callable[[Sequence[Read]], Sequence[Read]] | None = None
    memory: Memory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The only kind of part that acts outside: one event of a key at a time, several keys at once, until it is known.

    `act` raises `chassis.outbox.Retry` while the outcome is unknown; it returns commands that report the outcome.
    """

    name: str
    source: str
    target: str
    act: Callable[[Any, EventContext], Awaitable[Sequence[To]]]
    of: tuple[type[Any], ...] = ()
    concurrency: int = 16


class Progress:
    """As of which offsets and log times the rows are true; what an API puts into `as_of`."""

    def __init__(self) -> None:
        self.offsets: dict[TopicPartition, int] = {}
        self.log_time_ms: dict[TopicPartition, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Events to rows. `applied` is told, in order, what has just been written (for live streams).

    `store` is a Cassandra or a Rows; the service starts and stops it.
    """

    name: str
    sources: tuple[str, ...]
    project: Callable[[Any, EventContext], Sequence[Write]]
    store: Any
    progress: Progress = field(default_factory=Progress)
    applied: Callable[[Sequence[tuple[Any, EventContext]]], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEdge:
    """An ASGI app on a port (0: any free one, told in `Service.ports`); `commands` and `tables` are started with it."""

    app: Any
    port: int
    host: str = "127.0.0.1"
    commands: Any = None
    tables: Sequence[Any] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Anything else that runs as long as the service does, once the tables are ready."""

    name: str
    run: Callable[[], Awaitable[None]]
    tables: Sequence[Any] = ()
    commands: Any = None


Part = Entity | Policy | Transform | Outbox | Projection | HttpEdge | Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """What every part is given to work with."""

    service: str
    log: Log
    codec: Codec
    clock: Clock
    lines: Lines
    unreadable: Unreadable
    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing
    letterbox: Letterbox = field(default_factory=Letterbox)

    @property
    def source(self) -> bytes:
        """`ce_source` of everything this service says."""
        return f"/{self.service}".encode()
