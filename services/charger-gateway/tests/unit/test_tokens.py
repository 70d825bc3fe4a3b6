"""Who may charge."""

from datetime import UTC, datetime, timedelta

import pytest

from charger_gateway.domain.station import TokenVerdict
from charger_gateway.domain.tokens import judge
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot
from ev_contracts.common import CommercialModel

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def token(
    *, emsp: str = "NL-EMO", status: TokenStatus = TokenStatus.VALID, valid_until: datetime | None = None
) -> TokenSnapshot:
    return TokenSnapshot(
        uid_hmac="aa",
        token_ref="tok-1",
        token_type="RFID",
        emsp_party_id=emsp,
        tenant="emo",
        driver_ref="drv-1",
        status=status,
        valid_until=valid_until,
        version=1,
    )


def contract(valid_from: datetime) -> CommercialSnapshot:
    return CommercialSnapshot(
        contract_id="c1",
        contract_version=1,
        cpo_party_id="NL-VLT",
        emsp_party_id="NL-EMO",
        model=CommercialModel.RESALE,
        valid_from=valid_from,
    )


def verdict(one: TokenSnapshot | None, *contracts: CommercialSnapshot, cpo: str | None = "NL-VLT") -> TokenVerdict:
    return judge(one, cpo_party_id=cpo, contracts=contracts, at=NOON)


def test_an_unknown_token_is_invalid_and_unnamed() -> None:
    assert verdict(None) == TokenVerdict(status="Invalid")


def test_a_partner_token_needs_a_contract_in_force() -> None:
    assert verdict(token(), contract(NOON)).accepted
    assert verdict(token(), contract(NOON + HOUR)) == TokenVerdict(status="Invalid", token_ref="tok-1")
    assert verdict(token()) == TokenVerdict(status="Invalid", token_ref="tok-1")


def test_the_operators_own_token_needs_none() -> None:
    assert verdict(token(emsp="NL-VLT")).accepted


def test_without_an_operator_nobody_may_charge() -> None:
    assert not verdict(token(), cpo=None).accepted


@pytest.mark.parametrize(
    ("status", "word"),
    [(TokenStatus.BLOCKED, "Blocked"), (TokenStatus.EXPIRED, "Expired"), (TokenStatus.UNKNOWN, "Invalid")],
)
def test_a_tokens_state_is_told(status: TokenStatus, word: str) -> None:
    assert verdict(token(status=status), contract(NOON)) == TokenVerdict(status=word, token_ref="tok-1")


def test_a_token_expires_at_its_instant() -> None:
    assert verdict(token(valid_until=NOON), contract(NOON)).status == "Expired"
    assert verdict(token(valid_until=NOON + HOUR), contract(NOON)).status == "Accepted"
