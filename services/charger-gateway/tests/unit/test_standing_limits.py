"""What stands at a station, by the desk's memory: limits of others, profiles of raw calls and of remote starts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands.raw_charging import charging_in
from charger_gateway.domain.desk import Desk, desk
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.profiles_state import MOST_LIMITS
from charger_gateway.policies import on_session, on_station_word
from chassis.decider import Refused, fold
from ev_contracts.gateway import (
    ChargingLimitChanged,
    ChargingLimitCleared,
    ChargingOffer,
    ChargingProfile,
    SendRawCall,
    StartTransactionRemotely,
    StationSchedule,
    StationSchedulePeriod,
)
from ev_contracts.sessions import SessionStarted

from .saying import NOON, SAID  # noqa: TID252 - tests are no package of the installation
from .test_levelling import CONTEXT, LEVEL, OFFER, STATION, decided, default, limit_of, sent_by  # noqa: TID252 - as above

AT_ONE = NOON + timedelta(hours=1)


def outside(limit: str, unit: str = "A", evse: int | None = 1) -> ChargingLimitChanged:
    period = StationSchedulePeriod(start_s=0, limit=Decimal(limit))
    schedule = StationSchedule(schedule_id=1, unit=unit, periods=(period,))
    return ChargingLimitChanged(**SAID, evse_number=evse, source="EMS", schedules=(schedule,))


def told(state: Desk, *facts: Any) -> Desk:
    """The desk after facts, of stations and sessions, that the policies bring it."""
    for fact in facts:
        for to in [*on_station_word(fact, CONTEXT, None), *on_session(fact, CONTEXT, None)]:
            events = desk.decide(to.command, state)
            assert not isinstance(events, Refused)
            state = fold(desk, events, state)
    return state


def offered(*limits: ChargingLimitChanged, offer: ChargingOffer = OFFER) -> tuple[str, Decimal | None]:
    """What is sent of an offer where others set limits."""
    return limit_of(sent_by(told(Desk(), *limits), LEVEL.model_copy(update={"offer": offer})))


def test_a_plan_stays_within_limits_from_outside() -> None:
    assert offered(outside("8")) == ("A", Decimal("8.0"))
    assert offered(outside("8", evse=None)) == ("A", Decimal("8.0"))
    assert offered(outside("8", evse=2)) == ("A", Decimal("20.0"))
    assert offered(outside("6900", unit="W")) == ("A", Decimal("10.0"))
    direct = ChargingOffer(limit_a=Decimal("125.0"), limit_w=Decimal(50_000), w_per_a=Decimal(500))
    assert offered(outside("10000", unit="W"), offer=direct) == ("W", Decimal(10_000))
    assert offered(outside("8"), offer=direct) == ("A", Decimal("8.0"))


def test_a_limit_from_outside_stands_until_its_source_clears_it() -> None:
    limited = told(
        Desk(),
        outside("8"),
        ChargingLimitCleared(**SAID, evse_number=2, source="EMS"),
        ChargingLimitCleared(**SAID, source="CSO"),
    )
    assert [(one.evse_number, one.source) for one in limited.outside_limits] == [(1, "EMS")]
    assert told(limited, outside("9")).outside_limits[0].schedules == outside("9").schedules
    assert told(limited, ChargingLimitCleared(**SAID, source="EMS")) == Desk()


def test_a_limit_that_is_told_again_is_no_event() -> None:
    again = on_station_word(outside("8"), CONTEXT, None)[0].command
    assert desk.decide(again, told(Desk(), outside("8"))) == []


def test_no_station_fills_the_desk_with_limits() -> None:
    many = (outside("8", evse=number) for number in range(MOST_LIMITS + 9))
    assert len(told(Desk(), *many).outside_limits) == MOST_LIMITS


def remote_start(profile: ChargingProfile, evse: int | None = 1) -> StartTransactionRemotely:
    return StartTransactionRemotely(
        at=NOON,
        command_id="start-1",
        station_id=STATION,
        requested_by="ops",
        expires_at=NOON + timedelta(seconds=60),
        evse_number=evse,
        id_token_sealed=b"sealed",
        charging_profile=profile,
    )


OF_START = default("7", charging_profile_purpose="TxProfile", id=9).profile


def began(remote_start_id: str | None, transaction: str = "tx-1") -> SessionStarted:
    return SessionStarted(
        session_id="s-1",
        station_id=STATION,
        transaction_id=transaction,
        ocpp_version="2.0.1",
        evse_number=1,
        connector_number=1,
        started_at=NOON,
        token_status="Accepted",
        offline=False,
        remote_start_id=remote_start_id,
    )


@pytest.mark.parametrize("named", ["start-1", str(remote_start_number("start-1"))])
@pytest.mark.parametrize("evse", [1, None])
def test_the_profile_of_a_remote_start_counts_for_its_session(named: str, evse: int | None) -> None:
    waits = decided(Desk(), remote_start(OF_START, evse))
    assert limit_of(sent_by(waits)) == ("A", Decimal("20.0"))
    assert limit_of(sent_by(told(waits, began(named)))) == ("A", Decimal("7.0"))
    assert limit_of(sent_by(told(waits, began(named, "tx-0")))) == ("A", Decimal("20.0"))


@pytest.mark.parametrize("named", ["start-0", "4711", None])
def test_another_session_does_not_take_it(named: str | None) -> None:
    waits = decided(Desk(), remote_start(OF_START))
    assert told(waits, began(named)) == waits


def raw(action: str, payload: dict[str, Any]) -> SendRawCall:
    shared = {"at": NOON, "command_id": "raw-1", "station_id": STATION, "requested_by": "eng", "expires_at": AT_ONE}
    charging = charging_in("2.0.1", action, payload, shared)
    return SendRawCall(**shared, **charging, ocpp_version="2.0.1", ocpp_action=action, payload_sealed=b"sealed")


RAW_PROFILE = {
    "id": 3,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11.5}, {"startPeriod": 60, "limit": 16.0}],
        }
    ],
}


def test_a_profile_that_a_raw_call_set_counts_until_one_cleared_it() -> None:
    state = decided(Desk(), raw("SetChargingProfile", {"evseId": 1, "chargingProfile": RAW_PROFILE}))
    assert limit_of(sent_by(state)) == ("A", Decimal("11.5"))
    other = {"chargingProfileCriteria": {"evseId": 2, "stackLevel": 0}}
    assert decided(state, raw("ClearChargingProfile", other)).profiles == state.profiles
    same = {"chargingProfileCriteria": {"evseId": 1, "chargingProfilePurpose": "TxDefaultProfile"}}
    assert decided(state, raw("ClearChargingProfile", same)).profiles == ()
    assert decided(state, raw("ClearChargingProfile", {"chargingProfileId": 3})).profiles == ()


def test_a_raw_remote_start_brings_its_profile_too() -> None:
    profile = RAW_PROFILE | {"chargingProfilePurpose": "TxProfile"}
    state = decided(
        Desk(), raw("RequestStartTransaction", {"evseId": 1, "remoteStartId": 88, "chargingProfile": profile})
    )
    assert limit_of(sent_by(state)) == ("A", Decimal("20.0"))
    assert limit_of(sent_by(told(state, began("88")))) == ("A", Decimal("11.5"))


@pytest.mark.parametrize(("action", "payload"), [("Reset", {"type": "Immediate"}), ("ClearCache", {})])
def test_other_raw_calls_change_no_profile(action: str, payload: dict[str, Any]) -> None:
    assert decided(Desk(), raw(action, payload)).profiles == ()
