"""Who may charge."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charger_gateway.domain.station import TokenVerdict
from charger_gateway.domain.tokens import at_station_of, judge, to_start
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot
from ev_contracts.common import CommercialModel

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def token(
    *, emsp: str = "NL-EMO", status: TokenStatus = TokenStatus.VALID, valid_until: datetime | None = None, **more: Any
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
        **more,
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


@pytest.mark.parametrize(("status", "word"), [(TokenStatus.VALID, "Accepted"), (TokenStatus.BLOCKED, "Blocked")])
def test_the_group_is_told_whatever_the_token_itself_is_worth(status: TokenStatus, word: str) -> None:
    told = TokenVerdict(status=word, token_ref="tok-1", group_id="G-FLEET")
    assert verdict(token(status=status, group_id="G-FLEET"), contract(NOON)) == told


def test_a_foreign_customers_group_is_not_told() -> None:
    assert verdict(token(group_id="G-FLEET")).group_id is None


def test_a_master_pass_stops_sessions_and_starts_none() -> None:
    master = verdict(token(group_id="G-MASTER", is_master_pass=True))
    assert (master.status, master.master_pass_of) == ("Accepted", "emo")
    assert at_station_of(master, "emo") == master
    assert to_start(master).status == "Invalid"


def test_a_master_pass_is_worth_nothing_at_stations_of_another() -> None:
    master = verdict(token(group_id="G-MASTER", is_master_pass=True))
    assert at_station_of(master, "volt") == TokenVerdict(status="Invalid", token_ref="tok-1")


def test_a_blocked_master_pass_stops_nothing() -> None:
    master = verdict(token(group_id="G-MASTER", is_master_pass=True, status=TokenStatus.BLOCKED))
    assert to_start(master).status == master.status == "Blocked"
