"""Fixtures of the chassis' tests: a quiet log, a clock at noon, and the real log where the lab runs."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import real_log

from chassis.log import Log, MemoryLog
from chassis.telemetry import configure_logs

configure_logs("error")


@pytest.fixture(params=["memory", "kafka"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    """The one in memory, then the real one, which needs the lab."""
    if request.param == "memory":
        yield MemoryLog()
        return
    async with real_log.namespace() as prefix:
        real = real_log.kafka_log(prefix)
        await real.start()
        yield real
        await real.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later
