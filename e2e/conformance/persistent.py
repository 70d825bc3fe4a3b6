"""A station that goes on through everything: it says a transaction message until it is answered, as OCPP asks of it."""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import count
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from conformance.seeding import VALID
from conformance.station import ACCEPTED, Gone, Payload, now
from conformance.v16.point import Point
from conformance.v201.charger import Charger, token

_RETRY_S = 0.3
_WHOLE = (("Started", "Authorized"), ("Updated", "MeterValuePeriodic"), ("Ended", "StopAuthorized"))
_AWAY = (ConnectionClosed, InvalidHandshake, OSError, EOFError, TimeoutError, Gone)


class Driver:
    """Charges again and again at one station, until it is told to stop; counts what it did and was told."""

    def __init__(self, station: Point | Charger) -> None:
        self.station = station
        self.sessions: list[str] = []
        self.reconnects = 0
        self.stopping = False
        station.answers["Reset"] = ACCEPTED

    async def run(self) -> None:
        """Session after session; the one that runs is brought to its end."""
        await self._online()
        session = self._session_v16 if isinstance(self.station, Point) else self._session_v201
        while not self.stopping:
            self.sessions.append(await session(len(self.sessions)))
        await self.station.disconnect()

    async def _online(self) -> None:
        while True:
            try:
                await self.station.connect()
            except _AWAY:
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _until_answered(self, say: Callable[[], Any]) -> Any:
        while True:
            with contextlib.suppress(*_AWAY):
                return await say()
            self.reconnects += 1
            await self.station.disconnect()
            await self._online()

    async def _says(self, action: str, payload: Payload) -> Any:
        answer = await self._until_answered(lambda: self.station.says(action, payload))
        await asyncio.sleep(0.02)
        return answer

    async def _session_v16(self, number: int) -> str:
        start = {"connectorId": 1, "idTag": VALID, "meterStart": number, "timestamp": now()}
        answer = await self._says("StartTransaction", start)
        transaction = int(answer["transactionId"])
        value = {"timestamp": now(), "sampledValue": [{"value": str(number)}]}
        await self._says("MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [value]})
        stop = {"transactionId": transaction, "meterStop": number + 1, "timestamp": now()}
        await self._says("StopTransaction", stop)
        return str(transaction)

    async def _session_v201(self, number: int) -> str:
        transaction, seq = f"{self.station.station_id}-{number}", count()
        for kind, trigger in _WHOLE:
            payload = {
                "eventType": kind,
                "timestamp": now(),
                "triggerReason": trigger,
                "seqNo": next(seq),
                "transactionInfo": {"transactionId": transaction},
                "evse": {"id": 1, "connectorId": 1},
                "idToken": token(),
            }
            await self._says("TransactionEvent", payload)
        return transaction
