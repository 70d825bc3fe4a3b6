"""The rules of tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.domain.token import token
from chassis.testing import Scenario
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

JOIN = JoinGroup(at=NOON, uid_hmac="9f2c", group_id="G-FLEET")
JOINED = TokenJoinedGroup(uid_hmac="9f2c", token_ref="T-1", group_id="G-FLEET", joined_at=NOON)
LEAVE = LeaveGroup(at=NOON, uid_hmac="9f2c", group_id="G-FLEET")
LEFT = TokenLeftGroup(uid_hmac="9f2c", token_ref="T-1", group_id="G-FLEET", left_at=NOON)

LIMIT = LimitToken(at=NOON, uid_hmac="9f2c", sessions_at_once=1)
LIMITED = TokenLimited(uid_hmac="9f2c", token_ref="T-1", sessions_at_once=1, limited_at=NOON)

DEPOT = ChargingPlaces(site_ids=("S-AMS-1",), allows_dc=False)
RESTRICT = RestrictToken(at=NOON, uid_hmac="9f2c", places=DEPOT)
RESTRICTED = TokenRestricted(uid_hmac="9f2c", token_ref="T-1", places=DEPOT, restricted_at=NOON)
FREED = RESTRICTED.model_copy(update={"places": None})


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


def test_a_token_joins_a_group_once_and_leaves_it_once() -> None:
    Scenario(token).given(ISSUED).when(JOIN).then(JOINED).when(JOIN).then_nothing().when(LEAVE).then(LEFT).when(
        LEAVE
    ).then_nothing()


def test_a_token_belongs_to_one_group() -> None:
    other = JOIN.model_copy(update={"group_id": "G-OTHER"})
    Scenario(token).given(ISSUED, JOINED).when(other).then_refused("in-another-group")
    Scenario(token).given(ISSUED, JOINED).when(LEAVE.model_copy(update={"group_id": "G-OTHER"})).then_nothing()


def test_only_a_valid_token_joins_a_group() -> None:
    Scenario(token).when(JOIN).then_refused("token-unknown")
    Scenario(token).given(ISSUED, BLOCKED).when(JOIN).then_refused("token-blocked")


def test_a_token_is_limited_once() -> None:
    Scenario(token).given(ISSUED).when(LIMIT).then(LIMITED).when(LIMIT).then_nothing()
    Scenario(token).when(LIMIT).then_refused("token-unknown")


def test_a_token_is_restricted_to_places_and_let_go_again() -> None:
    anywhere = RESTRICT.model_copy(update={"places": None})
    Scenario(token).given(ISSUED).when(RESTRICT).then(RESTRICTED).when(RESTRICT).then_nothing().when(anywhere).then(
        FREED
    )
    Scenario(token).given(ISSUED).when(anywhere).then_nothing()
    Scenario(token).when(RESTRICT).then_refused("token-unknown")


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ((ISSUED, RESTRICTED, BLOCKED), {"status": TokenStatus.BLOCKED, "version": 3, "places": DEPOT}),
        ((ISSUED, RESTRICTED, FREED), {"status": TokenStatus.VALID, "version": 3}),
        ((ISSUED, LIMITED, BLOCKED), {"status": TokenStatus.BLOCKED, "version": 3, "sessions_at_once": 1}),
        ((ISSUED,), {"status": TokenStatus.VALID, "version": 1}),
        ((ISSUED, BLOCKED), {"status": TokenStatus.BLOCKED, "version": 2}),
        ((ISSUED, JOINED), {"status": TokenStatus.VALID, "version": 2, "group_id": "G-FLEET"}),
        ((ISSUED, JOINED, BLOCKED), {"status": TokenStatus.BLOCKED, "version": 3, "group_id": "G-FLEET"}),
        ((ISSUED, JOINED, LEFT), {"status": TokenStatus.VALID, "version": 3}),
        (
            (ISSUED, JOINED.model_copy(update={"is_master_pass": True})),
            {"status": TokenStatus.VALID, "version": 2, "group_id": "G-FLEET", "is_master_pass": True},
        ),
    ],
)
def test_the_snapshot_is_the_token(history: tuple[Any, ...], told: dict[str, Any]) -> None:
    (snapshot,) = token.snapshots(token.initial, Scenario(token).given(*history).state)
    assert snapshot.record == TokenSnapshot(**CARD, **told)
