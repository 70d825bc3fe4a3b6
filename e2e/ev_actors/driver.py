"""A driver with an app: asks the platform to start and stop at a station, and waits for what the station does."""

import asyncio
from dataclasses import dataclass
from typing import Any

from chassis.clock import new_id
from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.station import Station, Visit
from ev_seed.client import Platform

GATEWAY = "charger-gateway"
OBEYED_WITHIN_S = 20.0


class NotObeyed(RuntimeError):
    """The station did not do what the driver asked for; the message says what became of the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """`user` is who signs in, `id_token` the token in the app."""

    user: str
    id_token: str
    platform: Platform

    async def ask_to_start(self, station_id: str, evse_number: int) -> dict[str, Any]:
        """The command with its outcome. Raises Declined where the driver may not."""
        body = {"id_token": self.id_token, "evse_number": evse_number}
        return await self._ask(station_id, "start", body)

    async def ask_to_stop(self, station_id: str, transaction_id: str) -> dict[str, Any]:
        """As `ask_to_start`."""
        return await self._ask(station_id, "stop", {"transaction_id": transaction_id})

    async def charge(self, station: Station, connector: int, battery: Battery, *, parked_s: int = 0) -> Charged:
        """Plug in, start from the app, charge, leave. Raises Declined, NotObeyed, and Refused by the station."""
        outcome = await self.ask_to_start(station.station_id, connector)
        try:
            async with asyncio.timeout(OBEYED_WITHIN_S):
                told_connector, id_tag, remote_start_id = await station.on_remote_start.get()
        except TimeoutError as error:
            raise NotObeyed(f"{station.station_id}: {outcome}") from error
        return await station.charge(
            Visit(
                id_tag=id_tag,
                connector=told_connector,
                battery=battery,
                parked_s=parked_s,
                remote_start_id=remote_start_id,
            )
        )

    async def _ask(self, station_id: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        # A key of its own: asking again tomorrow for the same station is another command.
        path, headers = f"/v1/stations/{station_id}/commands/{verb}", {"Idempotency-Key": new_id()}
        answer: dict[str, Any] = await self.platform.post(self.user, GATEWAY, path, body, headers=headers)
        return answer
