"""The log as sockets use it: facts that are awaited, and samples that are not."""

import asyncio
import itertools
from collections import deque

import structlog

from chassis.clock import new_id
from chassis.log import Appended, LogError
from chassis.log.appender import Appender
from ev_contracts.record import Record

MOST_WAITING = 10_000

log = structlog.get_logger("charger_gateway.journal")


class LogJournal:
    """Appends through the process's one idempotent producer (acks=all); its batching joins many sockets."""

    def __init__(self, appender: Appender) -> None:
        self._appender = appender
        self._process = new_id()
        self._numbers = itertools.count(1)
        self._waiting: deque[tuple[str, str, Record]] = deque()
        self._filled = asyncio.Event()
        self.dropped = 0

    def append(self, topic: str, key: str, record: Record) -> "asyncio.Future[Appended]":
        """See Journal."""
        queued = self._appender.append_at_once(topic, key, record, self._id())
        return asyncio.ensure_future(self._append_in_turn(topic, key, record)) if queued is None else queued

    async def _append_in_turn(self, topic: str, key: str, record: Record) -> Appended:
        return await (await self._appender.append_nowait(topic=topic, key=key, record=record, event_id=self._id()))

    def _id(self) -> str:
        # Unique as a random id is, at a tenth of its price: thousands are needed a second.
        return f"{self._process}-{next(self._numbers)}"

    def note(self, topic: str, key: str, record: Record) -> None:
        """See Journal."""
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append((topic, key, record))
        self._filled.set()

    async def run(self) -> None:
        """Send what was noted until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self._send_noted()

    async def settle(self, timeout_s: float = 2.0) -> None:
        """Send what is still noted before the process ends; what the log does not take in time is lost."""
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*await self._send_noted(), return_exceptions=True)
        except TimeoutError:
            self.dropped += len(self._waiting)

    async def _send_noted(self) -> "list[asyncio.Future[Appended]]":
        under_way = []
        while self._waiting:
            topic, key, record = self._waiting.popleft()
            try:
                sent = await self._appender.append_nowait(topic=topic, key=key, record=record, event_id=self._id())
            except LogError as error:
                self.dropped += 1
                log.warning("sample.dropped", topic=topic, why=str(error))
            else:
                sent.add_done_callback(self._note_done)
                under_way.append(sent)
        return under_way

    def _note_done(self, sent: "asyncio.Future[Appended]") -> None:
        if sent.cancelled() or sent.exception() is not None:
            self.dropped += 1
