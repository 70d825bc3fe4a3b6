"""How the ledger takes the verdict on a signed record: once, and as a question where the session is closed by then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ev_contracts.sessions import NoteSignedValue, SignedPoint, SignedValueVerified
from session_ledger.domain.closing import suspect
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.signatures import Signatures, signed_doubt
from session_ledger.domain.station import Station
from session_ledger.domain.targets import Decided, TargetCommand, Timed
from session_ledger.domain.telling import Telling

C = TypeVar("C", bound=Timed)

SideCommand = NoteSignedValue | TargetCommand
"""What is decided beside the messages of the station themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of a signed record; `outcome` is one of those of SignedValueVerified."""

    outcome: str
    digest: str
    detail: str = ""
    key_source: str | None = None
    meter_serial: str | None = None
    points: tuple[SignedPoint, ...] = ()


def with_signed(decide: Callable[[C, Station], Decided]) -> Callable[[C | NoteSignedValue, Station], Decided]:
    """The decision of each command, those on signed records among them."""

    def decide_with_signed(command: C | NoteSignedValue, station: Station) -> Decided:
        if isinstance(command, NoteSignedValue):
            return _note(command, station)
        return decide(command, station)

    return decide_with_signed


def _note(command: NoteSignedValue, station: Station) -> Sequence[SessionEvent]:
    session_id = station.find(command.session_id, command.transaction_id)
    if session_id is not None and station.signed.get(session_id, Signatures()).knows(command.digest):
        return []
    telling = Telling(station)
    told = command.model_dump(include=set(SignedValueVerified.model_fields) - {"session_id", "points"})
    telling.say(SignedValueVerified(**told, session_id=session_id, points=command.points, verified_at=command.at))
    final = None if session_id is None else station.final.get(session_id)
    if session_id is not None and final is not None and session_id not in station.questions:
        closed = final.closed()
        doubt = signed_doubt(telling.station.signed.get(session_id), closed.facts)
        if doubt is not None:
            telling.say(suspect(closed, doubt, command.at))
    return telling.events
