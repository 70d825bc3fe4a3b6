"""Limits, needs, schedules and profiles: the station's figures, exactly."""

from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.domain.smart_charging import taken_profile
from charger_gateway.domain.station import Part
from ev_contracts.gateway import (
    ChargingLimitChanged,
    ChargingLimitCleared,
    ChargingNeedsReported,
    ChargingProfilesReported,
    ChargingScheduleReported,
    StationProfile,
    StationSchedule,
    StationSchedulePeriod,
)

from .saying import AT, NOON, SAID, facts, say  # noqa: TID252 - tests are no package of the installation

V2 = ("2.0.1", "2.1")
PERIODS = [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}, {"startPeriod": 900, "limit": 6}]
SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "A",
    "startSchedule": AT,
    "duration": 3600,
    "chargingSchedulePeriod": PERIODS,
}
SCHEDULED = StationSchedule(
    schedule_id=1,
    unit="A",
    starts_at=NOON,
    duration_s=3600,
    periods=(
        StationSchedulePeriod(start_s=0, limit=Decimal("16.1"), phases=3),
        StationSchedulePeriod(start_s=900, limit=Decimal(6)),
    ),
)


@pytest.mark.parametrize("version", V2)
def test_a_limit_of_somebody_else(version: str) -> None:
    limit = {"chargingLimitSource": "EMS", "isGridCritical": True}
    payload = {"chargingLimit": limit, "evseId": 1, "chargingSchedule": [SCHEDULE]}
    assert facts(version, "NotifyChargingLimit", payload) == [
        ChargingLimitChanged(**SAID, evse_number=1, source="EMS", grid_critical=True, schedules=(SCHEDULED,))
    ]
    assert facts(version, "ClearedChargingLimit", {"chargingLimitSource": "EMS"}) == [
        ChargingLimitCleared(**SAID, source="EMS")
    ]


ALTERNATING = {"energyAmount": 28000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400}
DIRECT = {"evMaxCurrent": 200, "evMaxVoltage": 450, "evMaxPower": 90000, "evEnergyCapacity": 77000, "stateOfCharge": 40}
BOTH_WAYS = {"evMinEnergyRequest": -5000, "evMaxEnergyRequest": 40000, "maxDischargePower": 7400.5, "targetSoC": 80}


@pytest.mark.parametrize(
    ("version", "needs", "fields", "answer"),
    [
        (
            "2.0.1",
            {"requestedEnergyTransfer": "AC_three_phase", "departureTime": AT, "acChargingParameters": ALTERNATING},
            {
                "energy_transfer": "AC_three_phase",
                "departure_at": NOON,
                "requested_energy_wh": 28_000,
                "min_current_a": Decimal(6),
                "max_current_a": Decimal(32),
                "max_voltage_v": Decimal(400),
            },
            "Rejected",
        ),
        (
            "2.0.1",
            {"requestedEnergyTransfer": "DC", "dcChargingParameters": DIRECT},
            {
                "energy_transfer": "DC",
                "max_current_a": Decimal(200),
                "max_voltage_v": Decimal(450),
                "max_power_w": Decimal(90_000),
                "battery_capacity_wh": 77_000,
                "soc_percent": 40,
            },
            "Rejected",
        ),
        (
            "2.1",
            {
                "requestedEnergyTransfer": "DC_BPT",
                "availableEnergyTransfer": ["DC", "DC_BPT"],
                "controlMode": "DynamicControl",
                "v2xChargingParameters": BOTH_WAYS,
            },
            {
                "energy_transfer": "DC_BPT",
                "offered_transfers": ("DC", "DC_BPT"),
                "control_mode": "DynamicControl",
                "min_energy_wh": -5_000,
                "max_energy_wh": 40_000,
                "max_discharge_power_w": Decimal("7400.5"),
                "target_soc_percent": 80,
            },
            "NoChargingProfile",
        ),
    ],
)
def test_a_vehicles_needs_are_kept_and_outside_of_a_session_promised_nothing(
    version: str, needs: Any, fields: dict[str, Any], answer: str
) -> None:
    said = say(version, "NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})
    assert said.answer == {"status": answer}
    assert said.facts[0].record == ChargingNeedsReported(**SAID, evse_number=1, answer=answer, **fields)


def test_the_schedule_that_a_vehicle_chose() -> None:
    payload = {"timeBase": AT, "chargingSchedule": SCHEDULE, "evseId": 1, "selectedChargingScheduleId": 2}
    said = say("2.1", "NotifyEVChargingSchedule", payload)
    assert said.answer == {"status": "Accepted"}
    assert said.facts[0].record == ChargingScheduleReported(
        **SAID, evse_number=1, base_at=NOON, schedule=SCHEDULED, selected_schedule_id=2
    )


@pytest.mark.parametrize("version", V2)
def test_profiles_that_a_station_holds(version: str) -> None:
    profile = {
        "id": 5,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Recurring",
        "recurrencyKind": "Daily",
        "validTo": AT,
        "chargingSchedule": [SCHEDULE],
    }
    payload = {"requestId": 6, "chargingLimitSource": "CSO", "evseId": 0, "chargingProfile": [profile], "tbc": True}
    said = say(version, "ReportChargingProfiles", payload)
    assert said.part == Part(report="ChargingProfilesReported", request_id=6, number=0, last=False)
    held = StationProfile(
        profile_id=5,
        stack_level=1,
        purpose="TxDefaultProfile",
        kind="Recurring",
        recurrency="Daily",
        valid_until=NOON,
        schedules=(SCHEDULED,),
    )
    assert said.facts[0].record == ChargingProfilesReported(
        **SAID, request_id=6, part=0, last=False, evse_number=0, source="CSO", profiles=(held,)
    )


# Certificates of others.


ASKED = {"evseId": 1, "chargingProfile": {"transactionId": "tx-1", "chargingSchedule": [SCHEDULE]}}


def test_a_profile_that_a_station_took_is_told_with_its_session() -> None:
    assert taken_profile("SetChargingProfile", ASKED, {"status": "Accepted"}) == ("tx-1", (SCHEDULED,))


@pytest.mark.parametrize(
    "answer", [{"status": "Rejected"}, "Accepted", ["Accepted"], None, 7, {"status": ["Accepted"]}]
)
def test_what_is_no_yes_takes_no_profile(answer: Any) -> None:
    assert taken_profile("SetChargingProfile", ASKED, answer) is None
