"""What becomes of a session's CDRs: one is due at a time; what is wrong is taken back whole, then told anew.

OCPI 2.2.1, mod_cdrs: a CDR is never changed. A Credit CDR negates its total cost, and a new CDR has an id of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from chassis.decider import Decider, Refused
from ev_contracts.roaming import (
    CdrCorrectionDue,
    CdrRejected,
    CdrSendRequested,
    CdrSent,
    ReportCdrRejected,
    ReportCdrSent,
    SendCdr,
)

Command = SendCdr | ReportCdrSent | ReportCdrRejected
Event = CdrSendRequested | CdrCorrectionDue | CdrSent | CdrRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """No CDR of this session was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The partner is being told `request`; it holds `standing`, if any, and `following` comes next."""

    request: CdrSendRequested
    standing: CdrSendRequested | None = None
    following: CdrCorrectionDue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The partner took or refused all that was due so far; it holds `standing`, if any."""

    revision: int
    standing: CdrSendRequested | None = None
    following: CdrCorrectionDue | None = None


State = Absent | Due | Done


def decide(command: Command, state: State) -> Sequence[Event] | Refused:
    """What a command about a session's CDRs makes true."""
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
            return [_requested(command, command.at)]
        case Due() | Done() if command.revision <= _latest(state):
            return []
        case Due():
            # Whether the partner has it is not known yet: what follows depends on its answer.
            return [_correction(command)]
        case Done():
            correction = _correction(command)
            return [correction, _next(state.standing, correction, command.at)]
        case _:
            assert_never(state)


def _report(command: ReportCdrSent | ReportCdrRejected, state: State) -> Sequence[Event] | Refused:
    match state:
        case Absent():
            return Refused(reason="unknown-cdr")
        case Due(request=request) if request.cdr_id == command.cdr_id:
            outcome = _outcome(command, request)
            after = evolve(state, outcome)
            if not isinstance(after, Done) or after.following is None:
                return [outcome]
            return [outcome, _next(after.standing, after.following, command.at)]
        case Due() | Done():
            # The outbox may report again after a crash: what the partner said first stands.
            return []
        case _:
            assert_never(state)


def _next(standing: CdrSendRequested | None, correction: CdrCorrectionDue, at: datetime) -> CdrSendRequested:
    """First what the partner has is taken back; a partner that has nothing is told what is right at once."""
    if standing is None:
        return _requested(correction, at)
    return standing.model_copy(
        update={
            "cdr_id": f"{standing.cdr_id}-C",
            "credit_reference_id": standing.cdr_id,
            "requested_at": at,
        }
    )


def _requested(said: SendCdr | CdrCorrectionDue, at: datetime) -> CdrSendRequested:
    return CdrSendRequested(
        cdr_id=said.cdr_id, partner_id=said.partner_id, session_id=said.facts.session_id, rating=said.rating,
        facts=said.facts, place=said.place, parties=said.parties, requested_at=at, revision=said.revision,
    )  # fmt: skip


def _correction(command: SendCdr) -> CdrCorrectionDue:
    return CdrCorrectionDue(
        cdr_id=command.cdr_id, partner_id=command.partner_id, session_id=command.facts.session_id,
        rating=command.rating, facts=command.facts, place=command.place, parties=command.parties,
        revision=command.revision, noted_at=command.at,
    )  # fmt: skip


def _outcome(command: ReportCdrSent | ReportCdrRejected, request: CdrSendRequested) -> CdrSent | CdrRejected:
    match command:
        case ReportCdrSent():
            return CdrSent(
                cdr_id=command.cdr_id, partner_id=request.partner_id, session_id=request.session_id,
                location_url=command.location_url, sent_at=command.at,
            )  # fmt: skip
        case ReportCdrRejected():
            return CdrRejected(
                cdr_id=command.cdr_id, partner_id=request.partner_id, session_id=request.session_id,
                status_code=command.status_code, status_message=command.status_message, rejected_at=command.at,
            )  # fmt: skip
        case _:
            assert_never(command)


def _latest(state: Due | Done) -> int:
    if state.following is not None:
        return state.following.revision
    return state.request.revision if isinstance(state, Due) else state.revision


def evolve(state: State, event: Event) -> State:
    """The session's CDRs after one more event."""
    match event:
        case CdrSendRequested():
            return _asked(state, event)
        case CdrCorrectionDue():
            # Only the latest price matters: what was to follow, and was never told, is left out.
            return state if isinstance(state, Absent) else replace(state, following=event)
        case CdrSent():
            return _taken(state)
        case CdrRejected():
            return _refused(state)
        case _:
            assert_never(event)


def _asked(state: State, event: CdrSendRequested) -> State:
    if isinstance(state, Absent):
        return Due(request=event)
    following = state.following if event.credit_reference_id else None
    return Due(request=event, standing=state.standing, following=following)


def _taken(state: State) -> State:
    if not isinstance(state, Due):
        return state
    standing = None if state.request.credit_reference_id else state.request
    return Done(revision=_latest(state), standing=standing, following=state.following)


def _refused(state: State) -> State:
    """A Credit CDR that is refused for good leaves what the partner has; to bill it anew would bill it twice."""
    if not isinstance(state, Due):
        return state
    following = None if state.request.credit_reference_id else state.following
    return Done(revision=_latest(state), standing=state.standing, following=following)


cdr: Decider[Command, State, Event] = Decider(initial=Absent(), decide=decide, evolve=evolve)
