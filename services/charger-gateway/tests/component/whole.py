"""The whole service on a log in memory, its HTTP callers, and stations of its own making."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from charger_gateway.adapters.tails import DESK_EVENTS
from charger_gateway.app import build
from charger_gateway.settings import Settings
from chassis.auth import Principal
from chassis.clock import Clock
from chassis.codec import Codec
from chassis.log import MemoryLog
from chassis.runner import Service
from chassis.testing import KnownCallers, eventually, read_topic, running
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import StationConnected

from .seeding import SECRET, basic, free_port, seed, write_secrets  # noqa: TID252 - tests are no package of the installation

CALLERS = {
    "cpo": Principal(subject="ops@volt", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
    "other-cpo": Principal(subject="ops@amp", roles=frozenset({"cpo"}), tenants=frozenset({"amp"}), party_id="NL-AMP"),
    "engineer": Principal(subject="eng@volt", roles=frozenset({"cpo-engineer"}), tenants=frozenset({"volt"})),
    "emsp": Principal(subject="app@emo", roles=frozenset({"emsp"}), tenants=frozenset({"emo"}), party_id="NL-EMO"),
    "anna": Principal(subject="anna", roles=frozenset({"driver"}), claims={"driver_ref": "drv-1"}),
    "bert": Principal(subject="bert", roles=frozenset({"driver"}), claims={"driver_ref": "drv-2"}),
    "carl": Principal(subject="carl", roles=frozenset({"driver"}), claims={"driver_ref": "drv-3"}),
    "technician": Principal(subject="tom", roles=frozenset({"technician"}), tenants=frozenset({"volt"})),
    "owner": Principal(subject="owner", roles=frozenset({"owner"}), party_id="NL-OWN"),
}


@dataclass
class Whole:
    """The running service and how to speak to it."""

    service: Service
    log: MemoryLog
    codec: Codec
    settings: Settings
    http: httpx2.AsyncClient

    @property
    def ca_dir(self) -> Path:
        return Path(self.settings.station_ca_dir)

    def station(self, station_id: str, subprotocol: str) -> Any:
        return connect(
            f"ws://127.0.0.1:{self.settings.ocpp_port}/ocpp/{station_id}",
            subprotocols=[Subprotocol(subprotocol)],
            additional_headers=basic(station_id, SECRET),
            proxy=None,
        )

    async def ask(self, who: str, station_id: str, command: str, **body: Any) -> httpx2.Response:
        return await self.http.post(
            f"/v1/stations/{station_id}/commands/{command}", json=body, headers={"Authorization": f"Bearer {who}"}
        )

    async def get(self, who: str, path: str) -> httpx2.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {who}"})

    async def desk(self) -> list[Any]:
        return [seen.record for seen in await read_topic(self.log, self.codec, DESK_EVENTS)]

    async def outcomes(self, number: int) -> list[Any]:
        """All desk events, once there are so many."""

        async def so_many() -> list[Any] | None:
            events = await self.desk()
            return events if len(events) >= number else None

        return list(await eventually(so_many, what=f"{number} desk events"))

    async def connected(self) -> None:
        topic = "gateway.connection.event.v1"

        async def known() -> bool:
            return any(isinstance(s.record, StationConnected) for s in await read_topic(self.log, self.codec, topic))

        await eventually(known)


@contextlib.asynccontextmanager
async def running_whole(
    secrets: Path, *, wait_s: float, clock: Clock | None = None, before: Whole | None = None, **more: Any
) -> AsyncIterator[Whole]:
    """A service of its own, or the one before again: on its log, with nothing else of it left."""
    log, codec = MemoryLog() if before is None else before.log, Codec(records=RECORDS, topics=TOPICS)
    if before is None:
        await seed(log, codec)
    settings = Settings(
        ocpp_port=free_port(),
        file_dir=secrets / "files",
        station_ca_dir=str(secrets / "ca"),
        secrets_dir=write_secrets(secrets),
        command_wait_s=wait_s,
        log_level="error",
        **more,
    )
    service = build(settings, log=log, clock=clock, authenticator=KnownCallers(CALLERS))
    async with running(service), httpx2.AsyncClient(timeout=60) as http:
        http.base_url = f"http://127.0.0.1:{service.ports[1]}"
        yield Whole(service=service, log=log, codec=codec, settings=settings, http=http)
