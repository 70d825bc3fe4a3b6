"""Server-sent events that survive proxies: a heartbeat, no buffering, a bound on what a slow reader may hold."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.responses import StreamingResponse

from chassis.clock import within

_HEARTBEAT_S = 15.0
_QUEUE = 256


class Broadcast:
    """Hands each message to all subscribers; one that does not read is cut off rather than waited for."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Any]] = set()

    def publish(self, message: Any) -> None:
        """Never blocks."""
        for queue in tuple(self._queues):
            if queue.full():
                self._queues.discard(queue)
            else:
                queue.put_nowait(message)

    async def subscribe(self) -> AsyncIterator[Any]:
        """Messages from now on; None is a heartbeat. Ends when the reader was too slow."""
        queue: asyncio.Queue[Any] = asyncio.Queue(_QUEUE)
        self._queues.add(queue)
        try:
            while queue in self._queues or not queue.empty():
                try:
                    yield await within(queue.get(), _HEARTBEAT_S)
                except TimeoutError:
                    yield None
        finally:
            self._queues.discard(queue)


def event_stream(messages: AsyncIterator[tuple[str, Any] | None]) -> StreamingResponse:
    """(name, JSON-able) as named events; None as the heartbeat `ping`."""

    async def lines() -> AsyncIterator[bytes]:
        yield b"event: ping\ndata: {}\n\n"
        async for message in messages:
            if message is None:
                yield b"event: ping\ndata: {}\n\n"
            else:
                name, body = message
                yield b"event: " + name.encode() + b"\ndata: " + orjson.dumps(body, default=str) + b"\n\n"

    return StreamingResponse(
        lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    )
