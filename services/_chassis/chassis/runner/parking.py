"""What a worker cannot read waits with its key: in order, in `@parked` of its state topic, until a start that can.

For workers that keep their position in a state topic of their own; deciders park within their transaction.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chassis.codec import Poison
from chassis.dead_letters import Parked, ParkingRate, dead_letter_topic, dumps_parked, loads_parked
from chassis.dead_letters.repair import letters_of
from chassis.decider import EventContext
from chassis.log.envelope import context_of, type_name_of
from chassis.log.port import Appended, Entry, Fetched, TopicPartition
from chassis.runner.parts import Env, Outbox, Policy, Read, Transform
from chassis.runner.positions import PARKED_KEY

Acks = list["asyncio.Future[Appended]"]


class Looked(NamedTuple):
    """A record as the codec judges it; the context too where only the rest of the record makes no sense."""

    record: Fetched
    key: str
    context: EventContext | None
    found: Read | Poison


class Parking:
    """The keys of one source partition that wait.

    A batch is looked at whole before anything comes of it: looking has no effect, and may raise UnknownShape.
    Records that the part is not for are no trouble of its own, read or unread.
    """

    def __init__(self, part: Policy | Transform | Outbox, source: TopicPartition, env: Env) -> None:
        self._part = part.name
        self._source = source
        self._env = env
        self._others = env.codec.others(source.topic, part.of)
        self._rate = ParkingRate()
        self.keys: dict[str, Parked] = {}

    def load(self, value: bytes | None) -> None:
        """Of the state record `@parked`."""
        self.keys = loads_parked(value or b"{}")

    def entry(self, key: bytes = PARKED_KEY) -> Entry:
        """The state record `@parked`, or that of a second input."""
        return Entry(key, dumps_parked(self.keys))

    def tell(self) -> None:
        """How many keys wait, as a metric."""
        self._env.metrics.put("parked", len(self.keys), f"{self._part}/{self._source.partition}")

    def look_at(self, records: Iterable[Fetched]) -> list[Looked]:
        """What the part is for among these, each looked at. Raises UnknownShape."""
        return [self.look(each) for each in records if type_name_of(each) not in self._others]

    def look(self, record: Fetched) -> Looked:
        """Decode a record or a letter. Raises UnknownShape."""
        headers, context = dict(record.headers), None
        key = (record.key or b"").decode(errors="replace")
        try:
            context = context_of(self._source.topic, self._source.partition, record, headers)
            value = self._env.letterbox.open(record.value, record.headers)
            event = self._env.codec.decode(self._source.topic, value, headers)
        except Poison as poison:
            return Looked(record, key, context, poison)
        return Looked(record, key, context, (event, context))

    async def admit(self, looked: Looked, acks: Acks) -> Read | None:
        """The event; None where it, or one of its key before it, cannot be read: then its letter is sent.

        Raises TooManyParked.
        """
        parked = self.keys.get(looked.key)
        found = looked.found if parked is None else Poison("behind-a-parked-record", parked.reason)
        if not isinstance(found, Poison):
            return found
        acks.append(await self._bury(looked.record, found))
        if parked is None:
            self._rate.count()
            parked = Parked(found.reason, looked.record.offset, looked.record.offset)
        self.keys[looked.key] = parked._replace(last=looked.record.offset)
        return None

    async def _bury(self, record: Fetched, poison: Poison) -> "asyncio.Future[Appended]":
        self._env.lines.error(
            "record.parked",
            part=self._part,
            topic=self._source.topic,
            partition=self._source.partition,
            offset=record.offset,
            reason=poison.reason,
        )
        self._env.metrics.add("dead_letters", 1, poison.reason)
        letter = self._env.letterbox.letter(self._source.topic, self._source.partition, record, poison)
        return await self._env.log.producer.send(dead_letter_topic(self._part), letter)

    async def readable(self, key: str) -> tuple[Sequence[Read], Parked | None]:
        """The letters of a key that can be read by now, up to the first that cannot, and what waits after them.

        Nothing of a key whose first letter is gone: what came later must not overtake it. Raises UnknownShape.
        """
        parked = self.keys[key]
        letters = await letters_of(self._env.log, self._part, self._source.topic, key, parked)
        if not letters or letters[0].offset != parked.since:
            return (), parked
        reads: list[Read] = []
        for letter in letters:
            found = self.look(letter).found
            if isinstance(found, Poison):
                return reads, parked._replace(reason=found.reason, since=letter.offset)
            reads.append(found)
        return reads, None

    def leave(self, key: str, rest: Parked | None, *, played: int) -> None:
        """So many letters of the key were played; `rest` is what still waits."""
        if rest is None:
            self.keys.pop(key, None)
        else:
            self.keys[key] = rest
        self._env.lines.info("record.unparked", part=self._part, records=played)
        self.tell()
