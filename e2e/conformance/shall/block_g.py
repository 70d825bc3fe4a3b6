"""Rows on availability (OCPP 2.0.1 part 2, block G)."""

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode

from conformance.cases import SHALL
from conformance.stand import PING_AFTER_S
from conformance.station import now
from conformance.v201.charger import Charger


class _Pinged(ClientConnection):
    """Tells when the gateway asks whether the station is still there."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.pinged = asyncio.Event()

    def process_event(self, event: Any) -> None:
        """Every frame that comes."""
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pinged.set()
        super().process_event(event)


@SHALL.case("G02.FR.04", "A station that says anything is taken as there.", connects=False)
async def heard_of(charger: Charger) -> None:
    await charger.connect(create_connection=_Pinged)
    pinged = charger.socket(_Pinged).pinged
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + 2 * PING_AFTER_S
    while loop.time() < ends_at:
        await charger.status(1, "Available")
    assert not pinged.is_set()
    async with asyncio.timeout(5 * PING_AFTER_S):
        await pinged.wait()


@SHALL.case("G05.FR.03", "The event of a lock that failed is answered.")
async def lock_failed(charger: Charger) -> None:
    event = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": "Alerting",
        "actualValue": "true",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "Problem"},
    }
    assert await charger.says("NotifyEvent", {"generatedAt": now(), "seqNo": 0, "eventData": [event]}) == {}
