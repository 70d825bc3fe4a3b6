"""Tasks that nobody awaits: held until they end, and told of by the names of what they were for where they fail."""

import asyncio
from collections.abc import Coroutine
from functools import partial

import structlog

from chassis.telemetry import Metrics

log = structlog.get_logger("charger_gateway.unawaited")


class Unawaited:
    """Those of one kind, which is their label in `tasks_failed`. An error of one ends no other."""

    def __init__(self, kind: str, metrics: Metrics) -> None:
        self._kind = kind
        self._metrics = metrics
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], **of: str | int) -> None:
        """Run it beside; `of` goes with its error: the station, and the connection by id or epoch. Never blocks."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, of))

    def _ended(self, of: dict[str, str | int], task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._metrics.add("tasks_failed", 1, self._kind)
            log.error("task.failed", kind=self._kind, **of, error=type(error).__name__, exc_info=error)

    def __len__(self) -> int:
        return len(self._tasks)

    async def ended(self) -> None:
        """Returns once none is left."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def cancel(self) -> None:
        """Cut those that run; returns once they have ended."""
        for task in self._tasks:
            task.cancel()
        await self.ended()
