"""Whose a token is, whether and where it may start a session, and which group it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.accounts import (
    BlockToken,
    ChargingPlaces,
    IssueToken,
    JoinGroup,
    LeaveGroup,
    LimitToken,
    RestrictToken,
    TokenBlocked,
    TokenIssued,
    TokenJoinedGroup,
    TokenLeftGroup,
    TokenLimited,
    TokenRestricted,
    TokenSnapshot,
    TokenStatus,
)

TokenCommand = IssueToken | BlockToken | JoinGroup | LeaveGroup | LimitToken | RestrictToken
TokenEvent = TokenIssued | TokenBlocked | TokenJoinedGroup | TokenLeftGroup | TokenLimited | TokenRestricted


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody's token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """The token may start sessions until its last day, if it has one."""

    token: TokenIssued
    version: int
    group: TokenJoinedGroup | None = None
    sessions_at_once: int | None = None
    places: ChargingPlaces | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The token may start nothing, for good; it stays in its group until it is taken out."""

    token: TokenIssued
    version: int
    group: TokenJoinedGroup | None = None
    sessions_at_once: int | None = None
    places: ChargingPlaces | None = None


TokenState = Unknown | Valid | Blocked


def decide(command: TokenCommand, state: TokenState) -> Sequence[TokenEvent] | Refused:
    """What a command about a token makes true."""
    match command:
        case IssueToken():
            return _issue(command, state)
        case BlockToken():
            return _block(command, state)
        case JoinGroup():
            return _join(command, state)
        case LeaveGroup():
            return _leave(command, state)
        case LimitToken():
            return _limit(command, state)
        case RestrictToken():
            return _restrict(command, state)
        case _:
            assert_never(command)


def _issue(command: IssueToken, state: TokenState) -> Sequence[TokenEvent] | Refused:
    issued = TokenIssued(**command.model_dump(exclude={"at"}), issued_at=command.at)
    match state:
        case Unknown():
            if command.valid_until is not None and command.valid_until <= command.at:
                return Refused(reason="token-expired", detail="valid_until is over already")
            return [issued]
        case Valid():
            same = issued.model_copy(update={"issued_at": state.token.issued_at}) == state.token
            return [] if same else Refused(reason="token-taken", detail="this uid stands in the books already")
        case Blocked():
            return Refused(reason="token-blocked")
        case _:
            assert_never(state)


def _block(command: BlockToken, state: TokenState) -> Sequence[TokenEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="token-unknown")
        case Valid():
            return [
                TokenBlocked(
                    uid_hmac=command.uid_hmac,
                    token_ref=state.token.token_ref,
                    reason=command.reason,
                    blocked_at=command.at,
                )
            ]
        case Blocked():
            return []
        case _:
            assert_never(state)


def _join(command: JoinGroup, state: TokenState) -> Sequence[TokenEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="token-unknown")
        case Blocked():
            return Refused(reason="token-blocked")
        case Valid():
            if state.group is not None:
                return [] if state.group.group_id == command.group_id else Refused(reason="in-another-group")
            told = command.model_dump(exclude={"at"})
            return [TokenJoinedGroup(**told, token_ref=state.token.token_ref, joined_at=command.at)]
        case _:
            assert_never(state)


def _leave(command: LeaveGroup, state: TokenState) -> Sequence[TokenEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="token-unknown")
        case Valid() | Blocked():
            if state.group is None or state.group.group_id != command.group_id:
                return []
            told = command.model_dump(exclude={"at"})
            return [TokenLeftGroup(**told, token_ref=state.token.token_ref, left_at=command.at)]
        case _:
            assert_never(state)


def _limit(command: LimitToken, state: TokenState) -> Sequence[TokenEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="token-unknown")
        case Valid() | Blocked():
            if state.sessions_at_once == command.sessions_at_once:
                return []
            told = command.model_dump(exclude={"at"})
            return [TokenLimited(**told, token_ref=state.token.token_ref, limited_at=command.at)]
        case _:
            assert_never(state)


def _restrict(command: RestrictToken, state: TokenState) -> Sequence[TokenEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="token-unknown")
        case Valid() | Blocked():
            if state.places == command.places:
                return []
            token_ref = state.token.token_ref
            return [
                TokenRestricted(
                    uid_hmac=command.uid_hmac, token_ref=token_ref, places=command.places, restricted_at=command.at
                )
            ]
        case _:
            assert_never(state)


def evolve(state: TokenState, event: TokenEvent) -> TokenState:
    """The token after one more event."""
    if isinstance(event, TokenIssued):
        return Valid(token=event, version=1)
    assert not isinstance(state, Unknown), "a token's life begins with its issue"
    version = state.version + 1
    match event:
        case TokenBlocked():
            return Blocked(
                token=state.token,
                version=version,
                group=state.group,
                sessions_at_once=state.sessions_at_once,
                places=state.places,
            )
        case TokenJoinedGroup():
            return replace(state, version=version, group=event)
        case TokenLeftGroup():
            return replace(state, version=version, group=None)
        case TokenLimited():
            return replace(state, version=version, sessions_at_once=event.sessions_at_once)
        case TokenRestricted():
            return replace(state, version=version, places=event.places)
        case _:
            assert_never(event)


def snapshots(_before: TokenState, after: TokenState) -> Sequence[Snapshot]:
    """The token as those who authorise may follow it."""
    match after:
        case Unknown():
            return []
        case Valid() | Blocked():
            record = TokenSnapshot(
                **after.token.model_dump(exclude={"issued_at"}),
                status=TokenStatus.VALID if isinstance(after, Valid) else TokenStatus.BLOCKED,
                version=after.version,
                group_id=after.group and after.group.group_id,
                is_master_pass=after.group is not None and after.group.is_master_pass,
                sessions_at_once=after.sessions_at_once,
                places=after.places,
            )
            return [Snapshot(topic="accounts.token.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


token: Decider[TokenCommand, TokenState, TokenEvent] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
