"""Whose a token is, and whether it may start a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.accounts import BlockToken, IssueToken, TokenBlocked, TokenIssued, TokenSnapshot, TokenStatus

TokenCommand = IssueToken | BlockToken
TokenEvent = TokenIssued | TokenBlocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody's token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """The token may start sessions until its last day, if it has one."""

    token: TokenIssued
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The token may start nothing, for good."""

    token: TokenIssued
    version: int


TokenState = Unknown | Valid | Blocked


def decide(command: TokenCommand, state: TokenState) -> Sequence[TokenEvent] | Refused:
    """What a command about a token makes true."""
    match command:
        case IssueToken():
            return _issue(command, state)
        case BlockToken():
            return _block(command, state)
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


def evolve(state: TokenState, event: TokenEvent) -> TokenState:
    """The token after one more event."""
    match event:
        case TokenIssued():
            return Valid(token=event, version=1)
        case TokenBlocked():
            assert isinstance(state, Valid), "only a valid token is blocked"
            return Blocked(token=state.token, version=state.version + 1)
        case _:
            assert_never(event)


def snapshots(_before: TokenState, after: TokenState) -> Sequence[Snapshot]:
    """The token as those who authorise may follow it."""
    match after:
        case Unknown():
            return []
        case Valid() | Blocked():
            status = TokenStatus.VALID if isinstance(after, Valid) else TokenStatus.BLOCKED
            facts = after.token.model_dump(exclude={"issued_at"})
            record = TokenSnapshot(**facts, status=status, version=after.version)
            return [Snapshot(topic="accounts.token.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


token: Decider[TokenCommand, TokenState, TokenEvent] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
