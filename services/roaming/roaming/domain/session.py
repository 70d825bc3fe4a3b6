"""What a partner is told of a session that it buys: that it runs, what it has come to, and its final figure.

The latest state is all that matters, so a later request takes the place of one whose outcome is not known yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.roaming import (
    NoteSessionCost,
    ReportSessionPushed,
    ReportSessionPushRefused,
    SessionPushed,
    SessionPushRefused,
    SessionPushRequested,
    SessionPushSnapshot,
    SessionStatus,
    TellSession,
)

Report = ReportSessionPushed | ReportSessionPushRefused
Command = TellSession | NoteSessionCost | Report
Event = SessionPushRequested | SessionPushed | SessionPushRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Nobody is told of this session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`latest` is what the partner is to know; `answered` is the last sequence whose outcome is known."""

    latest: SessionPushRequested
    answered: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The partner took or refused the final state: COMPLETED is never changed (OCPI 2.2.1, mod_sessions)."""


State = Untold | Told | Finished


def decide(command: Command, state: State) -> Sequence[Event] | Refused:
    """What a command about a partner's picture of a session makes true."""
    match command:
        case TellSession():
            return _tell(command, state)
        case NoteSessionCost():
            return _note(command, state)
        case ReportSessionPushed() | ReportSessionPushRefused():
            return _report(command, state)
        case _:
            assert_never(command)


def _tell(command: TellSession, state: State) -> Sequence[Event]:
    match state:
        case Untold():
            return [_requested(command, sequence=1)]
        case Told(latest=latest) if _is_final(command) and not _is_final(latest):
            final = _requested(command, sequence=latest.sequence + 1)
            # A station's clock may be ahead of ours; to the partner a session never grows younger.
            return [final.model_copy(update={"requested_at": max(command.at, latest.requested_at)})]
        case Told() | Finished():
            return []
        case _:
            assert_never(state)


def _note(command: NoteSessionCost, state: State) -> Sequence[Event]:
    # What nobody was told of has no place and no parties here; what the partner refused it will not take dearer.
    if not isinstance(state, Told) or state.refused or _is_final(state.latest):
        return []
    latest = state.latest
    # The first price is told at once; then a reading that is older, or comes too soon, is passed over.
    pause = timedelta(seconds=command.pause_s) if latest.total_excl_vat is not None else timedelta()
    if command.at < latest.stood_at + pause:
        return []
    told = {
        "sequence": latest.sequence + 1, "energy_wh": command.energy_wh, "total_excl_vat": command.total_excl_vat,
        "total_incl_vat": command.total_incl_vat, "stood_at": command.at, "requested_at": command.at,
    }  # fmt: skip
    return [latest.model_copy(update=told)]


def _report(command: Report, state: State) -> Sequence[Event] | Refused:
    match state:
        case Untold():
            return Refused(reason="unknown-session")
        case Told() if state.answered < command.sequence <= state.latest.sequence:
            return [_outcome(command, state.latest.partner_id)]
        case Told() | Finished():
            # The outbox may report again after a crash: what the partner said first stands.
            return []
        case _:
            assert_never(state)


def _requested(command: TellSession, *, sequence: int) -> SessionPushRequested:
    return SessionPushRequested(
        session_id=command.session_id, partner_id=command.partner_id, sequence=sequence, status=command.status,
        started_at=command.started_at, ended_at=command.ended_at, energy_wh=command.energy_wh,
        total_excl_vat=command.total_excl_vat, total_incl_vat=command.total_incl_vat, place=command.place,
        parties=command.parties, stood_at=command.ended_at or command.started_at, requested_at=command.at,
    )  # fmt: skip


def _outcome(command: Report, partner_id: str) -> SessionPushed | SessionPushRefused:
    match command:
        case ReportSessionPushed():
            return SessionPushed(
                session_id=command.session_id, partner_id=partner_id, sequence=command.sequence, pushed_at=command.at
            )
        case ReportSessionPushRefused():
            return SessionPushRefused(
                session_id=command.session_id, partner_id=partner_id, sequence=command.sequence,
                reason=command.reason, status_code=command.status_code, status_message=command.status_message,
                refused_at=command.at,
            )  # fmt: skip
        case _:
            assert_never(command)


def _is_final(told: TellSession | SessionPushRequested) -> bool:
    return told.status is SessionStatus.COMPLETED


def evolve(state: State, event: Event) -> State:
    """The partner's picture of the session after one more event."""
    match event:
        case SessionPushRequested():
            return replace(state, latest=event) if isinstance(state, Told) else Told(latest=event)
        case SessionPushed() | SessionPushRefused():
            return _answered(state, event)
        case _:
            assert_never(event)


def _answered(state: State, event: SessionPushed | SessionPushRefused) -> State:
    if not isinstance(state, Told):
        return state
    if _is_final(state.latest) and event.sequence == state.latest.sequence:
        return Finished()
    return replace(state, answered=event.sequence, refused=isinstance(event, SessionPushRefused))


def snapshots(_before: State, after: State) -> Sequence[Snapshot]:
    """What the outbox compares a request with; nothing is kept once the final state has an outcome."""
    topic = "roaming.session.snapshot.v1"
    match after:
        case Untold():
            return []
        case Told(latest=latest):
            record = SessionPushSnapshot(session_id=latest.session_id, sequence=latest.sequence)
            return [Snapshot(topic=topic, key="", record=record)]
        case Finished():
            return [Snapshot(topic=topic, key="", record=None)]
        case _:
            assert_never(after)


session: Decider[Command, State, Event] = Decider(
    initial=Untold(), decide=decide, evolve=evolve, snapshots=snapshots
)  # fmt: skip
