"""Who is told at once that a row changed: the changes just written, handed to the streams that are open."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from chassis.cassandra import Write
from chassis.decider import EventContext
from chassis.http import Broadcast
from ev_contracts.record import Record

Project = Callable[[Record, EventContext], Sequence[Write]]


@dataclass(frozen=True, slots=True)
class Change:
    """A row of `table` about `subject` changed; only `audience` may hear of it."""

    audience: str
    table: str
    subject: str


class Live:
    """The open streams of one process. Nothing is computed while nobody listens."""

    def __init__(self, project: Project, streamed: Mapping[str, tuple[str, str]]) -> None:
        self._project = project
        self._streamed = streamed
        self._broadcast = Broadcast()
        self._listeners = 0

    def applied(self, batch: Sequence[tuple[Record, EventContext]]) -> None:
        """For the projection: these events are in the rows now. Each change of a batch is told once."""
        if not self._listeners:
            return
        for change in dict.fromkeys(self._changes_of(batch)):
            self._broadcast.publish(change)

    def _changes_of(self, batch: Sequence[tuple[Record, EventContext]]) -> Sequence[Change]:
        found = []
        for event, ctx in batch:
            for write in self._project(event, ctx):
                if write.table in self._streamed:
                    audience, subject = self._streamed[write.table]
                    found.append(Change(str(write.key[audience]), write.table, str(write.key[subject])))
        return found

    async def changes(self) -> AsyncIterator[Change | None]:
        """From now on; None is a heartbeat. Ends when the reader was too slow."""
        self._listeners += 1
        try:
            async for change in self._broadcast.subscribe():
                yield change
        finally:
            self._listeners -= 1
