"""The rules of tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.domain.token import token
from chassis.testing import Scenario
from ev_contracts.accounts import BlockToken, IssueToken, TokenBlocked, TokenIssued, TokenSnapshot, TokenStatus

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CARD: dict[str, Any] = {
    "uid_hmac": "9f2c",
    "token_ref": "T-1",
    "token_type": "RFID",
    "emsp_party_id": "NL-EMO",
    "tenant": "emo",
    "driver_ref": "D-1",
    "valid_until": NOON + timedelta(days=730),
}
ISSUE = IssueToken(at=NOON, **CARD)
ISSUED = TokenIssued(issued_at=NOON, **CARD)
BLOCK = BlockToken(at=NOON, uid_hmac="9f2c", reason="lost")
BLOCKED = TokenBlocked(uid_hmac="9f2c", token_ref="T-1", reason="lost", blocked_at=NOON)


def test_a_token_is_issued_once() -> None:
    Scenario(token).when(ISSUE).then(ISSUED).when(ISSUE).then_nothing()


def test_a_token_of_another_driver_is_taken() -> None:
    other = ISSUE.model_copy(update={"driver_ref": "D-2"})
    Scenario(token).given(ISSUED).when(other).then_refused("token-taken")


def test_a_token_that_is_over_is_not_issued() -> None:
    Scenario(token).when(ISSUE.model_copy(update={"valid_until": NOON})).then_refused("token-expired")


def test_a_token_is_blocked_once() -> None:
    Scenario(token).given(ISSUED).when(BLOCK).then(BLOCKED).when(BLOCK).then_nothing()


def test_an_unknown_token_is_not_blocked() -> None:
    Scenario(token).when(BLOCK).then_refused("token-unknown")


def test_a_blocked_token_is_not_issued_again() -> None:
    Scenario(token).given(ISSUED, BLOCKED).when(ISSUE).then_refused("token-blocked")


@pytest.mark.parametrize(
    ("history", "status", "version"), [((ISSUED,), TokenStatus.VALID, 1), ((ISSUED, BLOCKED), TokenStatus.BLOCKED, 2)]
)
def test_the_snapshot_is_the_token(history: tuple[Any, ...], status: TokenStatus, version: int) -> None:
    (snapshot,) = token.snapshots(token.initial, Scenario(token).given(*history).state)
    assert snapshot.record == TokenSnapshot(status=status, version=version, **CARD)
