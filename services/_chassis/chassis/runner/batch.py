"""One batch of a partition's commands: decided on an overlay, collected for one transaction, forgotten if it fails."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from chassis.codec import Poison
from chassis.dead_letters import Parked
from chassis.deadlines import mark_of
from chassis.decider import EventContext, Refused, Snapshot, derived_id, state_after
from chassis.log.envelope import (
    ASK,
    BODY_HASH,
    DEADLINE,
    REPLY_TO,
    SRC,
    UNPARK,
    UNPARKED,
    Stamp,
    context_of,
    entry_of,
)
from chassis.log.port import Entry, Fetched, TopicPartition
from chassis.runner.aggregates import Live, Remembered, parse_source, with_memory
from chassis.runner.parts import Policy
from chassis.runner.states import plain_dumps
from chassis.runner.unit import EntityUnit


class Told(NamedTuple):
    """What came of a command: the middle of a Remembered."""

    refused: bool
    reason: str
    detail: str
    events: tuple[Mapping[str, Any], ...]


_NOTHING = Told(refused=False, reason="", detail="", events=())


def _must_be_full(key: str) -> None:
    # The state topic's own keys begin with @, and a key without a tenant belongs to nobody.
    if "/" not in key or key.startswith("@"):
        raise Poison("bad-key", key[:100])


def _asked(event: EventContext, command_id: str) -> EventContext:
    """The context of a command that answers an event."""
    return EventContext(
        topic=event.topic,
        key=event.key,
        tenant=event.tenant,
        event_id=command_id,
        stream_version=event.stream_version,
        time=event.time,
        partition=event.partition,
        offset=event.offset,
        correlation_id=event.correlation_id or command_id,
        causation_id=event.event_id,
        log_time_ms=event.log_time_ms,
    )


class Batch:
    """What a batch will say, and the aggregates as they will be."""

    def __init__(
        self, unit: EntityUnit, partition: int, base: Mapping[str, Live], parked: Mapping[str, Parked]
    ) -> None:
        self._unit = unit
        self._partition = partition
        self._base = base
        self.overlay: dict[str, Live] = {}
        self.parked: dict[str, Parked] = dict(parked)
        self.newly_parked = 0
        self.events: list[Entry] = []
        self.others: dict[TopicPartition, list[Entry]] = {}
        self.counts: dict[tuple[str, str], int] = {}

    def take(self, record: Fetched) -> None:
        """Decide one record. Raises UnknownShape and whatever decide and evolve raise: then nothing has happened."""
        headers = dict(record.headers)
        key = (record.key or b"").decode(errors="replace")
        if UNPARK in headers:
            self._end_of_repair(key, headers)
            return
        if key in self.parked and not self._is_repair(key, record, headers):
            return
        try:
            if ASK in headers:
                self._answer(key, headers)
                return
            _must_be_full(key)
            context = context_of(self._unit.command_topic, self._partition, record, headers)
            value = self._unit.env.letterbox.open(record.value, record.headers) if UNPARKED in headers else record.value
            command = self._unit.env.codec.decode(self._unit.command_topic, value, headers)
        except Poison as poison:
            self._on_poison(key, record, headers, poison)
            return
        with self._unit.env.tracing.processing(self._unit.command_topic, headers) as traceparent:
            self._decide(command, context, headers, traceparent)

    def react(self, event: Any, context: EventContext, policy: Policy) -> None:
        """Decide what a direct input's event asks for, as if its commands had come by the command topic.

        Raises ValueError where the policy asks another aggregate, which may be another worker's.
        """
        with self._unit.env.tracing.processing(context.topic, context.headers) as traceparent:
            for index, to in enumerate(policy.react(event, context, policy.facts)):
                if to.key != context.key:
                    raise ValueError(f"{policy.name} answers {context.key} with a command to {to.key}")
                src = f"{context.topic}/{context.partition}/{context.offset}/{index}".encode()
                command_id = derived_id(context.event_id, policy.name, str(index))
                self._decide(to.command, _asked(context, command_id), {SRC: src}, traceparent)

    def live(self, key: str) -> Live:
        """The aggregate as this batch sees it."""
        return self.overlay.get(key) or self._base.get(key) or self._unit.unknown

    def _decide(self, command: Any, context: EventContext, headers: Mapping[str, bytes], traceparent: bytes) -> None:
        key = context.key
        live = self.live(key)
        src = headers.get(SRC)
        deadline = headers.get(DEADLINE)
        source = parse_source(src) if src is not None else None
        if source is not None and source[1] <= live.sources.get(source[0], (-1, -1)):
            self._count("repeats", "src")
            return
        if deadline is not None and deadline not in map(mark_of, self._unit.entity.decider.deadlines(live.state)):
            self._count("repeats", "deadline")
            return
        if source is None and deadline is None and self._is_repeat(live, context, headers):
            return
        decided = self._unit.entity.decider.decide(command, live.state)
        self._count("decisions", self._unit.entity.name)
        after, told = live, _NOTHING
        if isinstance(decided, Refused):
            self._count("refusals", decided.reason)
            told = Told(True, decided.reason, decided.detail, ())
        elif decided:
            after, events = self._happen(live, decided, command, context, traceparent, src)
            told = Told(False, "", "", events if REPLY_TO in headers else ())
        self._remember(key, live, after, source, deadline, told, context, headers)

    def _remember(  # noqa: PLR0917 - one place where the three memories are chosen
        self,
        key: str,
        live: Live,
        after: Live,
        source: Any,
        deadline: bytes | None,
        told: Told,
        context: EventContext,
        headers: Mapping[str, bytes],
    ) -> None:
        sources, ring = live.sources, live.ring
        if source is not None:
            sources = {**sources, source[0]: source[1]}
        elif deadline is None:
            body_hash = headers.get(BODY_HASH, b"").decode()
            new = Remembered(context.event_id, body_hash, *told, context.log_time_ms)
            ring = with_memory(ring, new)
            self._reply(key, headers, new)
        if after is not live or sources is not live.sources or ring is not live.ring:
            self.overlay[key] = Live(after.version, after.state, sources, ring)

    def _happen(  # noqa: PLR0917
        self,
        live: Live,
        decided: Sequence[Any],
        command: Any,
        context: EventContext,
        traceparent: bytes,
        src: bytes | None,
    ) -> tuple[Live, tuple[Mapping[str, Any], ...]]:
        unit, version = self._unit, live.version
        state = state_after(unit.entity.decider, decided, live.state)
        extra = (*((("traceparent", traceparent),) if traceparent else ()), *(((SRC, src),) if src else ()))
        told = []
        for index, event in enumerate(decided):
            version += 1
            stamp = Stamp(
                record_id=derived_id(context.event_id, str(index)),
                source=unit.env.source,
                time=command.at,
                key=context.key,
                correlation_id=context.correlation_id,
                causation_id=context.event_id,
                stream_version=version,
                extra=extra,
            )
            encoded = unit.env.codec.encode(unit.event_topic, event)
            self.events.append(entry_of(encoded, stamp))
            told.append(
                {
                    "type": encoded.type_name.decode(),
                    "id": stamp.record_id,
                    "stream_version": version,
                    "payload": event,
                }
            )
        for index, snapshot in enumerate(unit.entity.decider.snapshots(live.state, state)):
            self._publish(snapshot, index, version, command, context, extra)
        return Live(version, state, live.sources, live.ring), tuple(told)

    def _publish(  # noqa: PLR0917
        self,
        snapshot: Snapshot,
        index: int,
        version: int,
        command: Any,
        context: EventContext,
        extra: tuple[tuple[str, bytes], ...],
    ) -> None:
        # A decider does not know its tenant: a key without a slash is a suffix of the aggregate's own.
        key = snapshot.key if "/" in snapshot.key else context.key + snapshot.key
        partition = self._unit.partition_on(snapshot.topic, key)
        if snapshot.record is None:
            entry = Entry(key.encode(), None)
        else:
            stamp = Stamp(
                record_id=derived_id(context.event_id, "snapshot", str(index)),
                source=self._unit.env.source,
                time=command.at,
                key=key,
                correlation_id=context.correlation_id,
                causation_id=context.event_id,
                stream_version=version,
                extra=extra,
            )
            entry = entry_of(self._unit.env.codec.encode(snapshot.topic, snapshot.record), stamp)
        self.others.setdefault(TopicPartition(snapshot.topic, partition), []).append(entry)

    def _is_repeat(self, live: Live, context: EventContext, headers: Mapping[str, bytes]) -> bool:
        known = live.remembered(context.event_id)
        if known is None:
            return False
        self._count("repeats", "ring")
        body_hash = headers.get(BODY_HASH, b"").decode()
        if body_hash != known.body_hash:
            reused = Refused(reason="idempotency-key-reused", detail="this key came with another body before")
            known = known._replace(refused=True, reason=reused.reason, detail=reused.detail, events=())
        self._reply(context.key, headers, known)
        return True

    def _answer(self, key: str, headers: Mapping[str, bytes]) -> None:
        command_id = headers[ASK].decode(errors="replace")
        known = self.live(key).remembered(command_id)
        if known is not None:
            self._reply(key, headers, known)
            return
        self._say(headers, {"command_id": command_id, "outcome": "unknown", "key": key, "events": ()})

    def _reply(self, key: str, headers: Mapping[str, bytes], told: Remembered) -> None:
        self._say(
            headers,
            {
                "command_id": told.command_id,
                "outcome": "refused" if told.refused else "accepted",
                "reason": told.reason,
                "detail": told.detail,
                "events": told.events,
                "key": key,
            },
        )

    def _say(self, headers: Mapping[str, bytes], reply: Mapping[str, Any]) -> None:
        where = headers.get(REPLY_TO)
        if where is None:
            return
        topic, _, partition = where.decode(errors="replace").rpartition("/")
        if not self._unit.may_reply_to(topic, partition):
            self._count("dead_letters", "bad-reply-to")
            return
        # Which of those who asked under this id is meant: another body has another answer.
        told = {**reply, "body_hash": headers.get(BODY_HASH, b"").decode()}
        entry = Entry(str(reply["command_id"]).encode(), plain_dumps(told))
        self.others.setdefault(TopicPartition(topic, int(partition)), []).append(entry)

    def _on_poison(self, key: str, record: Fetched, headers: Mapping[str, bytes], poison: Poison) -> None:
        if UNPARKED in headers and key in self.parked:
            repair, _, offset = headers[UNPARKED].decode().partition("/")
            again = self.parked[key]._replace(reason=poison.reason, since=int(offset), failed_repair=repair)
            self.parked[key] = again
            return
        self._bury(record, poison)
        if REPLY_TO in headers:
            command_id = headers.get("ce_id", b"").decode(errors="replace")
            refusal = Remembered(command_id, "", True, poison.reason, poison.detail, (), record.timestamp)
            self._reply(key, headers, refusal)
            return
        self.parked[key] = Parked(poison.reason, record.offset, record.offset)
        self.newly_parked += 1

    def _is_repair(self, key: str, record: Fetched, headers: Mapping[str, bytes]) -> bool:
        """Whether the record of a parked aggregate may be tried; if not, it waits in order."""
        parked = self.parked[key]
        if UNPARKED in headers:
            return headers[UNPARKED].decode().partition("/")[0] != parked.failed_repair
        self._bury(record, Poison("behind-a-parked-record", parked.reason))
        self.parked[key] = parked._replace(last=record.offset)
        return False

    def _end_of_repair(self, key: str, headers: Mapping[str, bytes]) -> None:
        repair, _, last = headers[UNPARK].decode().partition("/")
        parked = self.parked.get(key)
        # What came in meanwhile must be played again first, or order is lost.
        if parked is not None and parked.failed_repair != repair and str(parked.last) == last:
            del self.parked[key]

    def _bury(self, record: Fetched, poison: Poison) -> None:
        self._count("dead_letters", poison.reason)
        key = (record.key or b"_").decode(errors="replace")
        topic = self._unit.dead_letter_topic
        at = TopicPartition(topic, self._unit.partition_on(topic, key))
        letter = self._unit.env.letterbox.letter(self._unit.command_topic, self._partition, record, poison)
        self.others.setdefault(at, []).append(letter)

    def _count(self, name: str, label: str) -> None:
        self.counts[name, label] = self.counts.get((name, label), 0) + 1

    def dirty(self) -> Iterable[tuple[str, Live]]:
        """The aggregates that changed."""
        return self.overlay.items()
