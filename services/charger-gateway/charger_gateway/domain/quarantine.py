"""Messages that may hold energy and cannot be taken as they are: kept for a person, so that no kWh is lost."""

from typing import Protocol

from charger_gateway.domain.station import STATION_EVENTS, Fact, Heard
from ev_contracts.gateway import MessageQuarantined

MAY_HOLD_ENERGY = frozenset({"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"})
_MOST_CHARACTERS = 64


class Why(Protocol):
    """The error that the station was answered."""

    @property
    def code(self) -> str: ...
    @property
    def description(self) -> str: ...


def quarantined(action: str, message_id: str, payload: object, heard: Heard, *, violation: Why) -> Fact:
    """The fact; the frame itself is found by its reference, and nothing of its content is repeated here."""
    record = MessageQuarantined(
        station_id=heard.station_id,
        ocpp_version=heard.version,
        action=action,
        message_id=message_id,
        code=violation.code,
        reason=violation.description,
        transaction_id=_transaction_id(payload),
        epoch=heard.epoch,
        received_at=heard.received_at,
        frame_ref=heard.frame_ref,
    )
    return Fact(topic=STATION_EVENTS, record=record)


def _transaction_id(payload: object) -> str | None:
    # The payload broke its schema: anything may stand anywhere.
    if not isinstance(payload, dict):
        return None
    named = payload.get("transactionId", None)
    inner = payload.get("transactionInfo")
    if named is None and isinstance(inner, dict):
        named = inner.get("transactionId")
    if isinstance(named, bool) or not isinstance(named, int | str):
        return None
    return str(named)[:_MOST_CHARACTERS]
