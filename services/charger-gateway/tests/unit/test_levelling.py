"""What a vehicle that tells its needs is promised, what it is sent, and what it may choose."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.domain.desk import Desk, desk
from charger_gateway.domain.profiles_state import HeldProfile
from charger_gateway.domain.running import Running, RunningTransactions
from charger_gateway.policies import on_station_word
from chassis.decider import EventContext, Refused, To, derived_id
from ev_contracts.assets import Connector
from ev_contracts.gateway import (
    ChargingNeedsReported,
    ChargingOffer,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ClearChargingProfile,
    CommandRequested,
    CommandSucceeded,
    LevelCharging,
    RenewChargingPlan,
    SetChargingProfile,
    StationSchedule,
    StationSchedulePeriod,
    TransactionEnded,
    TransactionStarted,
)

from .saying import AT, NOON, SAID, heard_in, say  # noqa: TID252 - tests are no package of the installation

STATION = "NLVOLT0001"
KEY = f"volt/{STATION}"
TYPE_2 = Connector(
    connector_number=1, standard="IEC_62196_T2", max_power_w=22_000, max_voltage_v=230, max_amperage_a=32, dc=False
)
COMBO = Connector(
    connector_number=1,
    standard="IEC_62196_T2_COMBO",
    max_power_w=50_000,
    max_voltage_v=500,
    max_amperage_a=125,
    dc=True,
)
RUNNING = {1: Running(transaction_id="tx-1", session_id="s-1")}
AC = {
    "requestedEnergyTransfer": "AC_three_phase",
    "acChargingParameters": {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 20, "evMaxVoltage": 400},
}
DC = {"requestedEnergyTransfer": "DC", "dcChargingParameters": {"evMaxCurrent": 200, "evMaxVoltage": 400}}
OFFER = ChargingOffer(limit_a=Decimal("20.0"), w_per_a=Decimal(690), phases=3)
CONTEXT = EventContext(
    topic="gateway.station.event.v1", key=KEY, tenant="volt", event_id="e1", stream_version=1, time=NOON
)
LEVEL = LevelCharging(at=NOON, command_id="c1", station_id=STATION, evse_number=1, transaction_id="tx-1", offer=OFFER)


def needs(
    said: dict[str, Any], plug: Connector = TYPE_2, running: Any = RUNNING, version: str = "2.0.1"
) -> ChargingNeedsReported:
    heard = heard_in(version, running=running, plugs={1: (plug,)})
    translated = say(version, "NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": said}, heard=heard)
    record = translated.facts[0].record
    assert isinstance(record, ChargingNeedsReported)
    assert translated.answer == {"status": record.answer}
    return record


def test_a_vehicle_is_offered_no_more_than_it_and_its_connector_take() -> None:
    assert needs(AC).offer == OFFER
    narrow = TYPE_2.model_copy(update={"max_amperage_a": 16})
    assert needs(AC, narrow).offer == OFFER.model_copy(update={"limit_a": Decimal("16.0")})
    assert needs(DC, COMBO).offer == ChargingOffer(
        limit_a=Decimal("125.0"), limit_w=Decimal("50000.0"), w_per_a=Decimal(500)
    )


@pytest.mark.parametrize(
    ("said", "plug", "running"),
    [
        (AC, TYPE_2, {}),
        (AC, COMBO, RUNNING),
        (DC, TYPE_2, RUNNING),
        ({**AC, "departureTime": AT}, TYPE_2, RUNNING),
        (AC, TYPE_2.model_copy(update={"max_amperage_a": 5}), RUNNING),
    ],
)
def test_nothing_is_promised_that_cannot_be_planned(said: Any, plug: Connector, running: Any) -> None:
    refused = needs(said, plug, running)
    assert (refused.answer, refused.offer) == ("Rejected", None)


def test_dynamic_control_and_discharging_are_not_planned() -> None:
    dynamic = needs({**AC, "controlMode": "DynamicControl"}, version="2.1")
    both_ways = needs({**DC, "requestedEnergyTransfer": "DC_BPT"}, COMBO, version="2.1")
    assert {dynamic.answer, both_ways.answer} == {"NoChargingProfile"}


def test_a_promise_becomes_a_command_of_the_desk() -> None:
    promised = needs(AC)
    assert on_station_word(promised, CONTEXT, None) == [
        To(key=KEY, command=LEVEL.model_copy(update={"command_id": derived_id("levelling", "e1")}))
    ]
    assert on_station_word(needs(AC, running={}), CONTEXT, None) == []


def default(limit: str, unit: str = "A", evse: int = 0, **more: Any) -> HeldProfile:
    period = ChargingSchedulePeriod(start_period_s=0, limit=Decimal(limit))
    schedule = ChargingSchedule(id=1, charging_rate_unit=unit, charging_schedule_period=(period,))
    stands = {"id": 7, "stack_level": 0, "charging_profile_purpose": "TxDefaultProfile"} | more
    profile = ChargingProfile(**stands, charging_profile_kind="Absolute", charging_schedule=(schedule,))
    return HeldProfile(evse_number=evse, profile=profile)


def sent(command: LevelCharging | RenewChargingPlan, *profiles: HeldProfile) -> SetChargingProfile | None:
    return sent_by(Desk(profiles=profiles), command)


def sent_by(state: Desk, command: LevelCharging | RenewChargingPlan = LEVEL) -> SetChargingProfile | None:
    events = desk.decide(command, state)
    assert not isinstance(events, Refused)
    found = [event.set_charging_profile for event in events if isinstance(event, CommandRequested)]
    return found[0] if found else None


def limit_of(command: SetChargingProfile | None) -> tuple[str, Decimal | None]:
    assert command is not None
    (schedule,) = command.charging_profile.charging_schedule
    return schedule.charging_rate_unit, schedule.charging_schedule_period[0].limit


def test_the_plan_is_the_whole_offer_until_the_vehicle_leaves() -> None:
    command = sent(LEVEL.model_copy(update={"departure_at": NOON + timedelta(hours=2)}))
    assert limit_of(command) == ("A", Decimal("20.0"))
    assert command is not None
    assert (command.evse_number, command.expires_at) == (1, NOON + timedelta(seconds=60))
    profile = command.charging_profile
    assert (profile.charging_profile_purpose, profile.transaction_id) == ("TxProfile", "tx-1")
    assert (profile.charging_schedule[0].starts_at, profile.charging_schedule[0].duration_s) == (NOON, 7200)


@pytest.mark.parametrize(
    ("held", "limit"),
    [
        (default("9.5"), "9.5"),
        (default("6900", unit="W"), "10.0"),
        (default("9.5", evse=2), "20.0"),
        (default("9.5", valid_until=NOON), "20.0"),
        (default("9.5", charging_profile_purpose="TxProfile", transaction_id="tx-1"), "9.5"),
        (default("9.5", charging_profile_purpose="TxProfile", transaction_id="tx-0"), "20.0"),
    ],
)
def test_a_plan_stays_within_what_stands_at_the_station(held: HeldProfile, limit: str) -> None:
    assert limit_of(sent(LEVEL, held)) == ("A", Decimal(limit))


def test_direct_current_is_planned_in_the_unit_of_what_stands() -> None:
    offer = ChargingOffer(limit_a=Decimal(125), limit_w=Decimal(50_000), w_per_a=Decimal(500))
    direct = LEVEL.model_copy(update={"offer": offer})
    assert limit_of(sent(direct)) == ("W", Decimal(50_000))
    assert limit_of(sent(direct, default("30000", unit="W"))) == ("W", Decimal(30_000))
    assert limit_of(sent(direct, default("40"), default("10000", unit="W", id=8))) == ("A", Decimal(20))


def test_a_profile_stands_once_its_station_took_it_and_until_it_is_cleared() -> None:
    set_it = sent(LEVEL)
    assert set_it is not None
    state = decided(Desk(), set_it)
    assert [one.profile.id for one in state.profiles] == [set_it.charging_profile.id]
    renew = RenewChargingPlan(at=NOON, command_id="c2", station_id=STATION, evse_number=1)
    assert sent(renew, *state.profiles) == set_it.model_copy(update={"command_id": "c2"})
    clear = ClearChargingProfile(
        at=NOON,
        command_id="c3",
        station_id=STATION,
        requested_by="ops",
        expires_at=NOON + timedelta(seconds=30),
        charging_profile_purpose="TxProfile",
    )
    assert decided(state, clear).profiles == ()
    assert sent(renew) is None


def decided(state: Desk, command: Any) -> Desk:
    events = desk.decide(command, state)
    assert not isinstance(events, Refused)
    for event in events:
        state = desk.evolve(state, event)
    done = CommandSucceeded(command_id=command.command_id, station_id=STATION, answer="Accepted", answered_at=NOON)
    return desk.evolve(state, done)


def chosen(limit: Decimal, running: Any, starts: str = AT) -> str:
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": float(limit)}]}
    heard = heard_in("2.0.1", running=running, plugs={1: (TYPE_2,)})
    payload = {"timeBase": starts, "chargingSchedule": schedule, "evseId": 1}
    return str(say("2.0.1", "NotifyEVChargingSchedule", payload, heard=heard).answer["status"])


def test_a_vehicle_may_choose_within_its_profile_and_its_connector() -> None:
    later = NOON + timedelta(hours=1)
    taken = StationSchedule(
        schedule_id=1,
        unit="A",
        starts_at=NOON,
        periods=(
            StationSchedulePeriod(start_s=0, limit=Decimal(10)),
            StationSchedulePeriod(start_s=3600, limit=Decimal(16)),
        ),
    )
    profiled = {1: Running(transaction_id="tx-1", session_id="s-1", schedules=(taken,))}
    assert chosen(Decimal(10), profiled) == "Accepted"
    assert chosen(Decimal("10.1"), profiled) == "Rejected"
    assert chosen(Decimal(16), profiled, starts=later.isoformat()) == "Accepted"
    assert chosen(Decimal(32), {}) == "Accepted"
    assert chosen(Decimal(33), {}) == "Rejected"


def test_a_schedule_that_goes_beyond_has_the_plan_sent_anew() -> None:
    heard = heard_in("2.0.1", plugs={1: (TYPE_2,)})
    steep = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 22_001}]}
    said = say(
        "2.0.1", "NotifyEVChargingSchedule", {"timeBase": AT, "chargingSchedule": steep, "evseId": 1}, heard=heard
    )
    assert on_station_word(said.facts[0].record, CONTEXT, None) == [
        To(
            key=KEY,
            command=RenewChargingPlan(
                at=NOON, command_id=derived_id("levelling", "e1"), station_id=STATION, evse_number=1
            ),
        )
    ]


def started(session: str, evse: int = 1) -> TransactionStarted:
    return TransactionStarted(
        **SAID,
        session_id=session,
        transaction_id=f"tx-{session}",
        ocpp_version="2.0.1",
        evse_number=evse,
        connector_number=1,
        token_status="Accepted",
        started_at=NOON,
        offline=False,
        seq_no=0,
    )


def ended(session: str, at: datetime = NOON) -> TransactionEnded:
    return TransactionEnded(
        **SAID,
        session_id=session,
        transaction_id=f"tx-{session}",
        ocpp_version="2.0.1",
        token_status="None",
        ended_at=at,
        reason="Local",
        offline=False,
    )


def test_transactions_are_known_by_their_evse_while_they_run_and_by_their_session_beyond() -> None:
    heard = RunningTransactions(at_most=2)
    heard.note(KEY, started("s-1"))
    heard.note(KEY, started("s-2", evse=2))
    assert {evse: one.transaction_id for evse, one in heard.at(KEY).items()} == {1: "tx-s-1", 2: "tx-s-2"}
    heard.note(KEY, ended("s-1"))
    assert list(heard.at(KEY)) == [2]
    assert heard.transaction_of("s-1") == "tx-s-1"
    heard.note(KEY, started("s-3"))
    assert heard.transaction_of("s-1") is None
    heard.note(KEY, ended("s-3"))
    heard.note(KEY, ended("s-2"))
    assert heard.at(KEY) == {}


def test_a_profile_beside_another_of_its_rank_is_refused_unless_their_times_differ() -> None:
    ends = NOON + timedelta(hours=1)
    held = default("9.5", valid_until=ends)
    same = SetChargingProfile(
        at=NOON,
        command_id="c9",
        station_id=STATION,
        requested_by="ops",
        expires_at=ends,
        evse_number=0,
        charging_profile=held.profile.model_copy(update={"id": 8}),
    )

    def answered(**changes: Any) -> object:
        profile = same.charging_profile.model_copy(update=changes)
        return desk.decide(same.model_copy(update={"charging_profile": profile}), Desk(profiles=(held,)))

    assert isinstance(answered(), Refused)
    assert not isinstance(answered(valid_from=ends), Refused)
    assert not isinstance(answered(stack_level=1), Refused)
    assert not isinstance(answered(id=7), Refused)


def test_a_plan_takes_a_level_that_no_other_profile_of_the_session_has() -> None:
    own = default("30", charging_profile_purpose="TxProfile", transaction_id="tx-1")
    command = sent(LEVEL, own)
    assert command is not None
    assert command.charging_profile.stack_level == 1
    first = sent(LEVEL)
    assert first is not None
    assert first.charging_profile.stack_level == 0
