"""How long the log has kept somebody waiting: what the sockets' doors and closings go by."""

import itertools
import time

from charger_gateway.ports import Journal
from ev_contracts.record import Record


class WatchedJournal:
    """A journal that knows its oldest append without an answer."""

    def __init__(self, inner: Journal) -> None:
        self._inner = inner
        self._numbers = itertools.count()
        self._since: dict[int, float] = {}

    async def append(self, topic: str, key: str, record: Record) -> int:
        """See Journal."""
        number = next(self._numbers)
        self._since[number] = time.monotonic()
        try:
            return await self._inner.append(topic, key, record)
        finally:
            del self._since[number]

    def note(self, topic: str, key: str, record: Record) -> None:
        """See Journal."""
        self._inner.note(topic, key, record)

    def stalled_s(self) -> float:
        """Seconds that the oldest unanswered append has waited; 0 where none waits."""
        # Numbers only rise, so the first is the oldest.
        oldest = next(iter(self._since.values()), None)
        return 0.0 if oldest is None else time.monotonic() - oldest
