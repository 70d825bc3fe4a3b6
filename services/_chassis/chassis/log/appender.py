"""How edges append: facts and commands that nobody's decision made, with their headers, acknowledged by the log."""

import asyncio
from datetime import datetime
from typing import Any

from chassis.clock import Clock, new_id, within
from chassis.codec import Codec
from chassis.log.envelope import Stamp, entry_of
from chassis.log.port import Appended, Log, LogError
from chassis.telemetry import Tracing

ACK_TIMEOUT_S = 10.0


class Appender:
    """Writes with the process's shared idempotent producer; many callers share its batches."""

    def __init__(self, *, log: Log, codec: Codec, clock: Clock, service: str, tracing: Tracing) -> None:
        self._log = log
        self._codec = codec
        self._clock = clock
        self._source = f"/{service}".encode()
        self._tracing = tracing

    async def append_nowait(
        self,
        *,
        topic: str,
        key: str,
        record: Any,
        correlation_id: str = "",
        causation_id: str = "",
        event_id: str | None = None,
        time: datetime | None = None,
        extra: tuple[tuple[str, bytes], ...] = (),
    ) -> "asyncio.Future[Appended]":
        """Queue it; the future tells where it stands, or raises LogError."""
        with self._tracing.sending(topic) as traceparent:
            stamp = Stamp(
                record_id=event_id or new_id(),
                source=self._source,
                time=time or self._clock.now(),
                key=key,
                correlation_id=correlation_id,
                causation_id=causation_id,
                extra=(*extra, ("traceparent", traceparent)) if traceparent else extra,
            )
            return await self._log.producer.send(topic, entry_of(self._codec.encode(topic, record), stamp))

    def append_at_once(self, topic: str, key: str, record: Any, event_id: str) -> "asyncio.Future[Appended] | None":
        """As `append_nowait`, for edges that take thousands a second; None where the log cannot queue it at once."""
        with self._tracing.sending(topic) as traceparent:
            stamp = Stamp(
                record_id=event_id,
                source=self._source,
                time=self._clock.now(),
                key=key,
                extra=(("traceparent", traceparent),) if traceparent else (),
            )
            return self._log.producer.send_at_once(topic, entry_of(self._codec.encode(topic, record), stamp))

    async def append(
        self,
        *,
        topic: str,
        key: str,
        record: Any,
        correlation_id: str = "",
        causation_id: str = "",
        event_id: str | None = None,
        time: datetime | None = None,
        timeout_s: float = ACK_TIMEOUT_S,
    ) -> Appended:
        """Returns once the log acknowledged. Raises LogError, also when it did not in time: then nobody knows."""
        sent = await self.append_nowait(
            topic=topic,
            key=key,
            record=record,
            correlation_id=correlation_id,
            causation_id=causation_id,
            event_id=event_id,
            time=time,
        )
        try:
            return await within(sent, timeout_s)
        except TimeoutError as error:
            raise LogError(f"{topic}: no acknowledgement in {timeout_s} s") from error
