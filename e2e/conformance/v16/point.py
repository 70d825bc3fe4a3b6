"""A charge point of OCPP 1.6 and the messages that most cases share."""

from typing import Any

from charger_gateway.domain.station import TRANSACTION_EVENTS
from conformance.seeding import VALID
from conformance.stand import Stand
from conformance.station import Payload, Station, now
from ev_contracts.gateway import TransactionEnded, TransactionStarted


class Point(Station):
    """Says the 1.6 messages; each checks what OCPP promises of its answer."""

    def __init__(self, stand: Stand) -> None:
        super().__init__(stand, "1.6")

    async def introduces_itself(self) -> Any:
        """A boot, and its answer whatever it is."""
        return await self.says(
            "BootNotification", {"chargePointVendor": "Restated", "chargePointModel": "Two", "firmwareVersion": "1.0"}
        )

    async def boots(self) -> Any:
        """A cold boot: accepted, with a clock and an interval, then a status of each connector."""
        answer = await self.introduces_itself()
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        for connector in (0, 1, 2):
            await self.status(connector, "Available")
        return answer

    async def status(self, connector: int, status: str, **more: Any) -> None:
        """A status is taken without comment."""
        payload = {"connectorId": connector, "errorCode": "NoError", "status": status, "timestamp": now()} | more
        assert await self.says("StatusNotification", payload) == {}

    async def authorize(self, card: str = VALID) -> str:
        """What the card is worth."""
        answer = await self.says("Authorize", {"idTag": card})
        return str(answer["idTagInfo"]["status"])

    async def starts(self, card: str = VALID, connector: int = 1, **more: Any) -> tuple[int, str]:
        """The transaction's number and what the card is worth."""
        payload = {"connectorId": connector, "idTag": card, "meterStart": 1_000, "timestamp": now()} | more
        answer = await self.says("StartTransaction", payload)
        return int(answer["transactionId"]), str(answer["idTagInfo"]["status"])

    async def samples(self, number: int, wh: int = 1_500, connector: int = 1) -> None:
        """A sample of the running transaction."""
        value = {"timestamp": now(), "sampledValue": [{"value": str(wh), "context": "Sample.Periodic"}]}
        payload = {"connectorId": connector, "transactionId": number, "meterValue": [value]}
        assert await self.says("MeterValues", payload) == {}

    async def stops(self, number: int, card: str | None = VALID, **more: Any) -> Payload:
        """The answer to the end of a transaction."""
        payload: dict[str, Any] = {"transactionId": number, "meterStop": 2_000, "timestamp": now()}
        answer: Payload = await self.says("StopTransaction", payload | ({"idTag": card} if card else {}) | more)
        if card is not None:
            assert answer["idTagInfo"]["status"] == "Accepted"
        return answer

    async def charges(self, connector: int = 1) -> int:
        """A running transaction on the connector."""
        number, status = await self.starts(connector=connector)
        assert status == "Accepted"
        await self.status(connector, "Charging")
        return number

    async def was_started(self, number: int = 1) -> TransactionStarted:
        """The newest start on the log, once there are so many."""
        return await self.stand.fact(TRANSACTION_EVENTS, self.station_id, TransactionStarted, number)

    async def was_ended(self) -> TransactionEnded:
        """The end on the log."""
        return await self.stand.fact(TRANSACTION_EVENTS, self.station_id, TransactionEnded)
