"""What becomes of a CDR: due to a partner once, then sent or rejected for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused
from ev_contracts.roaming import CdrRejected, CdrSendRequested, CdrSent, ReportCdrRejected, ReportCdrSent, SendCdr

Command = SendCdr | ReportCdrSent | ReportCdrRejected
Event = CdrSendRequested | CdrSent | CdrRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """No such CDR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The partner does not have it yet."""

    partner_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The partner took it, or said no for good; either is final."""


State = Absent | Due | Done


def decide(command: Command, state: State) -> Sequence[Event] | Refused:
    """What a command about a CDR makes true."""
    match command:
        case SendCdr():
            return _send(command, state)
        case ReportCdrSent() | ReportCdrRejected():
            return _report(command, state)
        case _:
            assert_never(command)


def _send(command: SendCdr, state: State) -> Sequence[Event]:
    match state:
        case Absent():
            requested = CdrSendRequested(
                cdr_id=command.cdr_id, partner_id=command.partner_id, session_id=command.facts.session_id,
                rating=command.rating, facts=command.facts, place=command.place, parties=command.parties,
                requested_at=command.at,
            )  # fmt: skip
            return [requested]
        case Due() | Done():
            return []
        case _:
            assert_never(state)


def _report(command: ReportCdrSent | ReportCdrRejected, state: State) -> Sequence[Event] | Refused:
    match state:
        case Absent():
            return Refused(reason="unknown-cdr")
        case Done():
            # The outbox may report again after a crash: what the partner said first stands.
            return []
        case Due():
            return [_outcome(command, state)]
        case _:
            assert_never(state)


def _outcome(command: ReportCdrSent | ReportCdrRejected, due: Due) -> Event:
    match command:
        case ReportCdrSent():
            return CdrSent(
                cdr_id=command.cdr_id, partner_id=due.partner_id, session_id=due.session_id,
                location_url=command.location_url, sent_at=command.at,
            )  # fmt: skip
        case ReportCdrRejected():
            return CdrRejected(
                cdr_id=command.cdr_id, partner_id=due.partner_id, session_id=due.session_id,
                status_code=command.status_code, status_message=command.status_message, rejected_at=command.at,
            )  # fmt: skip
        case _:
            assert_never(command)


def evolve(_state: State, event: Event) -> State:
    """The CDR after one more event."""
    match event:
        case CdrSendRequested():
            return Due(partner_id=event.partner_id, session_id=event.session_id)
        case CdrSent() | CdrRejected():
            return Done()
        case _:
            assert_never(event)


cdr: Decider[Command, State, Event] = Decider(initial=Absent(), decide=decide, evolve=evolve)
