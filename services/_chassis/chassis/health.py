"""Whether the process lives and whether it is ready, as HTTP and as facts."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Response

from chassis.telemetry import Metrics

NotReady = Callable[[], Sequence[str]]


class Health:
    """Ready when nobody has a reason why not."""

    def __init__(self) -> None:
        self._askers: list[NotReady] = []

    def add(self, not_ready: NotReady) -> None:
        """`not_ready` returns reasons; empty is ready."""
        self._askers.append(not_ready)

    def reasons(self) -> list[str]:
        """All reasons why not."""
        return [reason for ask in self._askers for reason in ask()]


def add_health(app: FastAPI, health: Health, metrics: Metrics) -> None:
    """`/health/live`, `/health/ready` (503 with reasons), `/metrics-json`; none of them asks who is calling."""

    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        return _json(200, {"live": True})

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        reasons = health.reasons()
        return _json(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})

    @app.get("/metrics-json", include_in_schema=False)
    async def read_metrics() -> Response:
        return _json(200, metrics.read())


def _json(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
