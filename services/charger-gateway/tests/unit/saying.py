"""A station that says one thing, and what the gateway makes of it; for tests."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from charger_gateway.adapters.ocpp import dialects
from charger_gateway.adapters.ocpp.dialects import Asked, Interpreter
from charger_gateway.adapters.ocpp.frames import Call, Send
from charger_gateway.adapters.ocpp.schemas import Violation, response_violation
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import Heard, TokenVerdict, Translated
from charger_gateway.ports import KnownStation, StationShape
from ev_contracts.record import Record

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT = "2026-11-20T12:00:00Z"
KEY = b"t" * 32
SAID: dict[str, Any] = {"station_id": "NLVOLT0001", "received_at": NOON, "frame_ref": "1-1"}


# ruff: noqa: ARG002 - a twin keeps the port's signatures
@dataclass(frozen=True)
class KnowsCards:
    """A directory of cards in clear; everybody else is Invalid."""

    cards: dict[str, TokenVerdict] = field(
        default_factory=lambda: {"CARD": TokenVerdict(status="Accepted", token_ref="tok-1")}
    )

    def station(self, station_id: str) -> KnownStation | None:
        return None

    def shape(self, tenant: str, station_id: str) -> StationShape:
        return StationShape()

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        by_key = {token_key(uid, KEY): verdict for uid, verdict in self.cards.items()}
        return by_key.get(uid_hmac, TokenVerdict(status="Invalid"))


def interpreter(**changes: Any) -> Interpreter:
    given = {"directory": KnowsCards(), "token_key": KEY, "number_key": b"n" * 32, "heartbeat_interval_s": 300}
    return Interpreter(**{**given, **changes})


def heard_in(version: str, **changes: Any) -> Heard:
    given = {"tenant": "volt", "station_id": "NLVOLT0001", "epoch": 1, "received_at": NOON, "frame_ref": "1-1"}
    return Heard(**{**given, "version": version, "connectors": ((1, 1), (2, 1), (2, 2)), **changes})


def say(
    version: str, action: str, payload: Any, *, by: Interpreter | None = None, heard: Heard | None = None
) -> Translated:
    """What is made of a good message; its answer must stand in the version's own schema."""
    call = Call(message_id="m1", action=action, payload=payload)
    said = dialects.hear(by or interpreter(), call, heard or heard_in(version))
    if isinstance(said, Asked):
        said = asyncio.run(_outside(said))
    assert not isinstance(said, Violation), said
    assert response_violation(version, action, said.answer) is None, said.answer
    return said


async def _outside(asked: Asked) -> Translated:
    return await asked.run()


def facts(version: str, action: str, payload: Any, **how: Any) -> list[Record]:
    return [fact.record for fact in say(version, action, payload, **how).facts]


def sent(payload: Any) -> list[Record] | Violation:
    """What is made of the one message that is never answered."""
    send = Send(message_id="m1", action="NotifyPeriodicEventStream", payload=payload)
    heard = dialects.hear_sent(send, heard_in("2.1"))
    return heard if isinstance(heard, Violation) else [fact.record for fact in heard]
