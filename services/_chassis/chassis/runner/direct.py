"""A second input of an entity: events of another topic whose commands are decided as they are read.

What a policy makes of an event goes into the entity's own batch, with the ids and the `src` that it would have on the
command topic: what comes of it is the same, whichever way it took. Its position and what it could not read stand in the
entity's state topic (`@pos/<source>`, `@parked/<source>`), and move in the transaction of what came of it.
"""

import asyncio
from collections.abc import Mapping, Sequence

from chassis.clock import behind_s, within
from chassis.codec import Poison
from chassis.dead_letters import Parked
from chassis.log.port import Entry, Fetched, LogError, TopicPartition
from chassis.runner.batch import Batch
from chassis.runner.parking import Acks, Looked, Parking
from chassis.runner.parts import Env, Policy
from chassis.runner.positions import PARKED_KEY, POSITION_KEY, beside, parse_position, position_entry, resume_at
from chassis.runner.reacting import Versions

_ACK_TIMEOUT_S = 5.0
_BEHIND = "behind-a-parked-record"


class DirectInput:
    """One partition of a policy's source, read by the worker of the entity's partition of that number."""

    def __init__(self, policy: Policy, partition: int, env: Env) -> None:
        self.policy = policy
        self.source = TopicPartition(policy.source, partition)
        self._env = env
        self._position_key, self._parked_key = beside(POSITION_KEY, policy.source), beside(PARKED_KEY, policy.source)
        self._versions = Versions(env.lines)
        self._parking = Parking(policy, self.source, env)
        self._told: dict[str, Parked] = {}

    async def restore(self, reserved: Mapping[bytes, bytes | None]) -> int:
        """What the state topic's reserved records say of it, and where to resume. Raises PositionLost."""
        stored = reserved.get(self._position_key)
        self._parking.load(reserved.get(self._parked_key))
        self._told = dict(self._parking.keys)
        self._parking.tell()
        position = None if stored is None else parse_position(stored)
        return await resume_at(self._env.log, self.source, position)

    def look_at(self, records: Sequence[Fetched]) -> list[Looked]:
        """Read without any effect. Raises UnknownShape."""
        return self._parking.look_at(records)

    async def take(self, looked: Sequence[Looked], batch: Batch) -> None:
        """Decide what the policy makes of these; what cannot be read, or stands behind what cannot, waits."""
        acks: Acks = []
        for each in looked:
            parked = batch.parked.get(each.key)
            # The aggregate waits for its repair, and nothing of it may be decided before what waits.
            held = each if parked is None else each._replace(found=Poison(_BEHIND, parked.reason))
            if each.context is not None and each.key not in self._parking.keys and self._is_repeat(each):
                continue
            read = await self._parking.admit(held, acks)
            if read is not None:
                batch.react(*read, self.policy)
        try:
            await within(asyncio.gather(*acks), _ACK_TIMEOUT_S)
        except TimeoutError as error:
            raise LogError(f"{self.policy.name}: no acknowledgement of letters in {_ACK_TIMEOUT_S} s") from error

    def _is_repeat(self, looked: Looked) -> bool:
        repeat = looked.context is not None and self._versions.is_repeat(looked.context)
        if repeat:
            self._env.metrics.add("torn", 1, self.policy.name)
        return repeat

    def free_behind(self, parked: Mapping[str, Parked]) -> list[str]:
        """The keys that waited for their aggregate's repair, which is done."""
        held = self._parking.keys
        return [key for key, each in held.items() if each.reason == _BEHIND and key not in parked] if held else []

    def waiting(self) -> list[str]:
        """All keys that wait."""
        return list(self._parking.keys)

    async def replay(self, key: str, batch: Batch) -> bool:
        """Decide what waits of a key as far as it can be read; whether anything could. Raises UnknownShape."""
        found, rest = await self._parking.readable(key)
        for event, context in found:
            batch.react(event, context, self.policy)
        if found:
            self._parking.leave(key, rest, played=len(found))
        return bool(found)

    def position_entry(self, records: Sequence[Fetched]) -> Entry:
        """The state record of the position behind these."""
        return position_entry(records[-1].offset + 1, key=self._position_key)

    def parked_entries(self) -> list[Entry]:
        """The state record of what waits, where that has changed."""
        if self._parking.keys == self._told:
            return []
        self._told = dict(self._parking.keys)
        return [self._parking.entry(self._parked_key)]

    def count(self, records: Sequence[Fetched]) -> None:
        """As a policy counts."""
        metrics, name = self._env.metrics, self.policy.name
        metrics.add("reactions", len(records), name)
        metrics.put("lag_seconds", behind_s(records[-1].timestamp), f"{name}/{self.source.partition}")
        self._parking.tell()
