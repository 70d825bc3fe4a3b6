"""A toy catalogue: tallies that add and refuse, so that the chassis is tested without the trade."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from chassis.clock import Clock
from chassis.codec import Codec
from chassis.dead_letters import Unreadable
from chassis.decider import Deadline, Decider, EventContext, Refused, Snapshot, To
from chassis.log import Log
from chassis.runner import Entity, Env, Policy, Transform
from chassis.telemetry import Log as Lines
from chassis.telemetry import Metrics, Tracing

_INSTANT = {"type": "long", "logicalType": "timestamp-millis"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """What makes a dataclass a record."""

    def to_datum(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_datum(cls, datum: Mapping[str, Any]) -> Self:
        return cls(**datum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Datum):
    at: datetime
    number: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Datum):
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Added(Datum):
    number: int
    amount: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Datum):
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TallySnapshot(Datum):
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Datum):
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Datum):
    at: datetime
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    total: int
    close_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    total: int


State = Open | Shut
CLOSES_AFTER = timedelta(hours=1)
"""A tally that reached 1000 closes an hour later."""


def decide(command: Add | Close, state: State) -> list[Added | Closed] | Refused:
    if isinstance(state, Shut):
        return [] if isinstance(command, Close) else Refused(reason="tally-is-closed")
    if isinstance(command, Close):
        return [Closed(total=state.total)]
    if state.total + command.amount < 0:
        return Refused(reason="below-zero", detail=f"{state.total} {command.amount}")
    return [Added(number=command.number, amount=command.amount, total=state.total + command.amount)]


def evolve(state: State, event: Added | Closed) -> State:
    if isinstance(event, Closed):
        return Shut(total=event.total)
    return Open(total=event.total, close_at=NOON + CLOSES_AFTER if event.total >= 1000 else None)


def deadlines(state: State) -> list[Deadline]:
    if isinstance(state, Open) and state.close_at is not None:
        return [Deadline(name="close", due_at=state.close_at)]
    return []


def snapshots(before: State, after: State) -> list[Snapshot]:
    return [Snapshot(topic="toys.tally.snapshot.v1", key="t/last", record=TallySnapshot(total=after.total))]


NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
tally: Decider[Add | Close, State, Added | Closed] = Decider(
    initial=Open(total=0), decide=decide, evolve=evolve, deadlines=deadlines, snapshots=snapshots
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    total: int = 0
    count: int = 0


def note(command: Note, state: Notes) -> list[Noted]:
    return [Noted(total=command.total)]


def noted(state: Notes, event: Noted) -> Notes:
    return Notes(total=event.total, count=state.count + 1)


notes: Decider[Note, Notes, Noted] = Decider(initial=Notes(), decide=note, evolve=noted)


def react(event: Added | Closed, context: EventContext, facts: object) -> list[To]:
    return [To(key=context.key, command=Note(at=context.time, total=event.total))]


TALLY = Entity(name="toys.tally", decider=tally, deadline=lambda _key, deadline: Close(at=deadline.due_at))
NOTES = Entity(name="toys.note", decider=notes)
POLICY = Policy(name="toys.note-policy", source="toys.tally.event.v1", target="toys.note", react=react)
DIRECT = Entity(name="toys.note", decider=notes, direct=POLICY)
"""The same, without the way over the command topic."""


def tell(event: Added | Closed, context: EventContext, facts: object) -> list[To]:
    return [To(key=context.key, command=Noted(total=event.total))]


def last_of_each(found: Sequence[tuple[Any, EventContext]]) -> list[tuple[Any, EventContext]]:
    return list({context.key: (event, context) for event, context in found}.values())


LATEST = Transform(
    name="toys.latest",
    source="toys.tally.event.v1",
    target_topic="toys.note.event.v1",
    react=tell,
    lasting=last_of_each,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    name: str
    python_class: Any
    schema: Mapping[str, Any]
    fingerprint: str
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    kind: str
    records: tuple[str, ...] = field(default=())
    partitions: int = 4


def _shape(python_class: Any, **fields: Any) -> Shape:
    name = f"toy.{python_class.__name__}"
    schema = {
        "type": "record",
        "name": python_class.__name__,
        "namespace": "toy",
        "fields": [{"name": field_name, "type": kind} for field_name, kind in fields.items()],
    }
    return Shape(
        name=name, python_class=python_class, schema=schema, fingerprint=f"{len(name):02x}{sum(name.encode()):014x}"
    )


RECORDS = {
    shape.name: shape
    for shape in (
        _shape(Add, at=_INSTANT, number="long", amount="long"),
        _shape(Close, at=_INSTANT),
        _shape(Added, number="long", amount="long", total="long"),
        _shape(Closed, total="long"),
        _shape(TallySnapshot, total="long"),
        _shape(Note, at=_INSTANT, total="long"),
        _shape(Noted, total="long"),
    )
}
TOPICS = {
    "toys.tally.command.v1": Topic(kind="command", records=("toy.Add", "toy.Close")),
    "toys.tally.event.v1": Topic(kind="event", records=("toy.Added", "toy.Closed")),
    "toys.tally.state.v1": Topic(kind="state"),
    "toys.tally.snapshot.v1": Topic(kind="snapshot", records=("toy.TallySnapshot",)),
    "toys.note.command.v1": Topic(kind="command", records=("toy.Note",)),
    "toys.note.event.v1": Topic(kind="event", records=("toy.Noted",)),
    "toys.note.state.v1": Topic(kind="state"),
    "toys.note-policy.state.v1": Topic(kind="state"),
    "toys.latest.state.v1": Topic(kind="state"),
    "toys.note-outbox.state.v1": Topic(kind="state"),
    "toys.edge.reply.v1": Topic(kind="reply"),
    "toys.parked.dlq.v1": Topic(kind="dlq"),
    "projections.parked.dlq.v1": Topic(kind="dlq"),
}


def codec(ids: Mapping[str, int] | None = None) -> Codec:
    return Codec(records=RECORDS, topics=TOPICS, ids=ids)


def env(log: Log, clock: Clock, *, service: str = "toy-ledger") -> Env:
    lines, metrics = Lines(service=service), Metrics()
    return Env(
        service=service,
        log=log,
        codec=codec(),
        clock=clock,
        lines=lines,
        metrics=metrics,
        unreadable=Unreadable(metrics, lines),
        tracing=Tracing(service),
    )


def codec_with(shape: Shape, schema_id: int) -> Codec:
    """A process that carries another shape of one record."""
    records = {**RECORDS, shape.name: shape}
    return Codec(records=records, topics=TOPICS, ids={**codec().ids, shape.fingerprint: schema_id})
