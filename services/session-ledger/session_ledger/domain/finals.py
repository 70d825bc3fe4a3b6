"""Closed sessions while they may be corrected: what decide asks for at once, the rest packed."""

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import datetime

from ev_contracts.sessions import SessionClosed, SessionCorrected, SessionRecalled
from session_ledger.domain.chain import Link
from session_ledger.domain.metering import Hole

END_TOLD_AGAIN = "end-told-again"
METER_CHANGED = "meter-changed"
RECALLED = "recalled"
_EXPORT = "/export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """A closed session.

    `told` is its SessionClosed with the facts as they stand, packed: most are never looked at again, and a state that
    is written with every batch must not spell out their curves each time.
    """

    transaction_id: str
    connector: str
    started_at: datetime
    ended_at: datetime
    closed_at: datetime
    has_register: bool
    """Whether the stop named the register that holds; else a later reading may still be the last."""
    end_is_assumed: bool
    """Whether the station's own word of the end, whatever it is, is better than ours."""
    told: str
    message_id: str | None = None
    """The message that was matched to the session as its stop."""
    holes: tuple[Hole, ...] = ()
    """Where its register fell or was another's: what the facts alone do not say."""

    def closed(self) -> SessionClosed:
        """What was told, with the facts as they stand."""
        return SessionClosed.model_validate_json(zlib.decompress(b64decode(self.told)))


def final_of(event: SessionClosed, *, stop_wh: int | None, end_is_assumed: bool) -> Final:
    """A session just closed; `stop_wh` is the register that its stop named."""
    return Final(
        transaction_id=event.transaction_id,
        connector=connector_key(event.place.evse_number, event.place.connector_number),
        started_at=event.facts.started_at,
        ended_at=event.facts.ended_at,
        closed_at=event.closed_at,
        has_register=stop_wh is not None and stop_wh == event.facts.meter_stop_wh,
        end_is_assumed=end_is_assumed,
        told=_packed(event),
    )


def recalled(event: SessionRecalled) -> Final:
    """A session of long ago as it was told last; where its register fell is not known any more."""
    told = event.model_dump(include={"session_id", "station_id", "transaction_id", "end_reason"})
    context = {"facts": event.facts, "place": event.place, "parties": event.parties}
    closed = SessionClosed(**told, **context, rule=RECALLED, closed_at=event.recalled_at)
    return final_of(closed, stop_wh=event.facts.meter_stop_wh, end_is_assumed=False)


def corrected(final: Final, event: SessionCorrected) -> Final:
    """The same with the facts as they stand now."""
    told_again = event.cause == END_TOLD_AGAIN
    return replace(
        final,
        ended_at=event.facts.ended_at,
        has_register=final.has_register or told_again,
        end_is_assumed=final.end_is_assumed and not told_again,
        message_id=None if told_again else final.message_id,
        # What is told next are the holes of this correction.
        holes=() if event.cause == METER_CHANGED else final.holes,
        told=_packed(final.closed().model_copy(update={"facts": event.facts})),
    )


def link_of(event: SessionClosed | SessionCorrected) -> Link | None:
    """The session's part of its connector's register; None where no register stands behind its energy."""
    facts = event.facts
    if facts.energy_is_estimated or facts.energy_rule == "intervals":
        return None
    return Link(
        session_id=facts.session_id,
        begin_at=facts.started_at,
        begin_wh=facts.meter_start_wh,
        stop_at=facts.ended_at,
        stop_wh=facts.meter_stop_wh,
        rule=facts.energy_rule or "registers",
    )


def export_link_of(event: SessionClosed | SessionCorrected) -> Link | None:
    """The session's part of its connector's export register; None where none was told."""
    facts = event.facts
    if facts.export_start_wh is None or facts.export_stop_wh is None:
        return None
    return Link(
        session_id=facts.session_id,
        begin_at=facts.started_at,
        begin_wh=facts.export_start_wh,
        stop_at=facts.ended_at,
        stop_wh=facts.export_stop_wh,
        rule=facts.export_rule or "registers",
    )


def connector_key(evse_number: int, connector_number: int) -> str:
    """A connector's name within its station."""
    return f"{evse_number}/{connector_number}"


def export_key(connector: str) -> str:
    """The name of a connector's export register; its import register bears the connector's own."""
    return f"{connector}{_EXPORT}"


def is_export_key(register: str) -> bool:
    """Whether it is the register of what was given back."""
    return register.endswith(_EXPORT)


def connector_of(register: str) -> str:
    """The connector that a register is of."""
    return register.removesuffix(_EXPORT)


def connector_numbers(register: str) -> tuple[int, int]:
    """EVSE and connector of such a name."""
    evse_number, _, connector_number = connector_of(register).partition("/")
    return int(evse_number), int(connector_number)


def _packed(closed: SessionClosed) -> str:
    return b64encode(zlib.compress(closed.model_dump_json(exclude_defaults=True).encode(), 6)).decode()
