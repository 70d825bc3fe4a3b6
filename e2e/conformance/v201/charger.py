"""A charging station of OCPP 2.0.1 and the messages that most cases share."""

from itertools import count
from typing import Any

from charger_gateway.domain.station import TRANSACTION_EVENTS
from chassis.clock import new_id
from conformance.seeding import VALID
from conformance.stand import Stand
from conformance.station import Payload, Station, now
from ev_contracts.gateway import TransactionEnded, TransactionStarted

BOOT: Payload = {"reason": "PowerUp", "chargingStation": {"vendorName": "Restated", "model": "Two"}}


def token(uid: str = VALID, kind: str = "ISO14443") -> dict[str, str]:
    """An idToken."""
    return {"idToken": uid, "type": kind}


def register_wh(wh: int, context: str = "Sample.Periodic", **more: Any) -> dict[str, Any]:
    """A meter value that holds the energy register."""
    value = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register"} | more
    return {"timestamp": now(), "sampledValue": [value]}


class Transaction:
    """A transaction of a charger; its messages count from 0."""

    def __init__(self, charger: "Charger", evse: int = 1) -> None:
        self.charger = charger
        self.transaction_id = new_id()
        self.evse = evse
        self._seq = count()

    async def event(self, kind: str, trigger: str, *, info: Payload | None = None, **more: Any) -> Payload:
        """The answer to one message of the transaction; a token in it is judged (E05, C12)."""
        payload = {
            "eventType": kind,
            "timestamp": now(),
            "triggerReason": trigger,
            "seqNo": next(self._seq),
            "transactionInfo": {"transactionId": self.transaction_id} | dict(info or {}),
        } | more
        answer: Payload = await self.charger.says("TransactionEvent", payload)
        if "idToken" in more:
            assert "idTokenInfo" in answer
        return answer

    async def starts(self, trigger: str, *, state: str | None = None, **more: Any) -> Payload:
        """Started."""
        more.setdefault("evse", {"id": self.evse, "connectorId": 1})
        return await self.event("Started", trigger, info={"chargingState": state} if state else None, **more)

    async def goes_on(self, trigger: str, *, state: str | None = None, **more: Any) -> Payload:
        """Updated."""
        return await self.event("Updated", trigger, info={"chargingState": state} if state else None, **more)

    async def ends(self, trigger: str, reason: str | None = None, *, state: str | None = None, **more: Any) -> Payload:
        """Ended."""
        info = {"stoppedReason": reason} if reason else {}
        return await self.event("Ended", trigger, info=info | ({"chargingState": state} if state else {}), **more)


class Charger(Station):
    """Says the 2.0.1 messages; each checks what OCPP promises of its answer."""

    def __init__(self, stand: Stand, version: str = "2.0.1") -> None:
        super().__init__(stand, version)

    async def introduces_itself(self, reason: str = "PowerUp") -> Any:
        """A boot, and its answer whatever it is."""
        return await self.says("BootNotification", {**BOOT, "reason": reason})

    async def boots(self, reason: str = "PowerUp") -> Any:
        """A boot: accepted, with a clock and an interval, then a status of each connector."""
        answer = await self.introduces_itself(reason)
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        for evse in (1, 2):
            await self.status(evse, "Available")
        return answer

    async def status(self, evse: int, status: str) -> None:
        """A status is taken without comment."""
        payload = {"timestamp": now(), "connectorStatus": status, "evseId": evse, "connectorId": 1}
        assert await self.says("StatusNotification", payload) == {}

    async def authorize(self, uid: str = VALID, kind: str = "ISO14443") -> Any:
        """What the token is worth."""
        return (await self.says("Authorize", {"idToken": token(uid, kind)}))["idTokenInfo"]

    async def charges(self, evse: int = 1) -> Transaction:
        """A running transaction."""
        running = Transaction(self, evse)
        answer = await running.starts("Authorized", state="Charging", idToken=token())
        assert answer["idTokenInfo"]["status"] == "Accepted"
        await self.status(evse, "Occupied")
        return running

    async def was_started(self, number: int = 1) -> TransactionStarted:
        """The newest start on the log, once there are so many."""
        return await self.stand.fact(TRANSACTION_EVENTS, self.station_id, TransactionStarted, number)

    async def was_ended(self) -> TransactionEnded:
        """The end on the log."""
        return await self.stand.fact(TRANSACTION_EVENTS, self.station_id, TransactionEnded)
