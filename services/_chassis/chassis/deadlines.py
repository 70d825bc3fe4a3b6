"""The promises of the states of one partition, by when they are due."""

import heapq
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chassis.decider import Deadline


class Due(NamedTuple):
    """A deadline of an aggregate; ordered by time."""

    due_at: datetime
    key: str
    name: str

    @property
    def mark(self) -> bytes:
        """What the deadline's command carries, to be compared with the state when its turn comes."""
        return mark_of(Deadline(name=self.name, due_at=self.due_at))


def mark_of(deadline: Deadline) -> bytes:
    """Name and time as one header value."""
    return f"{deadline.name}@{deadline.due_at.isoformat()}".encode()


class Deadlines:
    """A heap rebuilt from the states; a deadline that was replaced or met is forgotten when it comes up."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._armed: dict[str, frozenset[Due]] = {}

    def set(self, key: str, deadlines: Sequence[Deadline]) -> None:
        """These are the aggregate's deadlines now, and no others."""
        before = self._armed.get(key, frozenset())
        now = frozenset(Due(each.due_at, key, each.name) for each in deadlines)
        if now:
            self._armed[key] = now
        else:
            self._armed.pop(key, None)
        for due in now - before:
            heapq.heappush(self._heap, due)

    def pop_due(self, now: datetime) -> list[Due]:
        """Those due by now, each only once as long as its state stands."""
        due = []
        while self._heap and self._heap[0].due_at <= now:
            first = heapq.heappop(self._heap)
            if first in self._armed.get(first.key, ()):
                due.append(first)
        return due

    def put_back(self, dues: Sequence[Due]) -> None:
        """They could not be told; try again later."""
        for due in dues:
            heapq.heappush(self._heap, due)

    def next_due(self) -> datetime | None:
        """When to look again."""
        return self._heap[0].due_at if self._heap else None
