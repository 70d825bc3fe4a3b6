"""Limits, needs, schedules and profiles as stations tell them."""

from typing import Any

from charger_gateway.domain.reports import counted_part
from charger_gateway.domain.station import Heard, Translated, noticed, told
from charger_gateway.domain.values import Payload, exact, instant, long, maybe, rounded, whole
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

# No planner stands behind the gateway yet: a station that is told so need not wait for a profile (K15).
_NO_PLAN = {"2.0.1": "Rejected", "2.1": "NoChargingProfile"}


def charging_limit(payload: Payload, heard: Heard) -> Translated:
    """A limit that an energy manager or the grid set beside us (K12, K13)."""
    limit = payload["chargingLimit"]
    return told(
        ChargingLimitChanged(
            **noticed(heard),
            evse_number=maybe(whole, payload, "evseId"),
            source=limit["chargingLimitSource"],
            grid_critical=limit.get("isGridCritical"),
            local_generation=limit.get("isLocalGeneration"),
            schedules=tuple(schedule(one) for one in payload.get("chargingSchedule", ())),
        )
    )


def cleared_limit(payload: Payload, heard: Heard) -> Translated:
    """The limit is gone, and our own profiles count again."""
    evse = maybe(whole, payload, "evseId")
    cleared = ChargingLimitCleared(**noticed(heard), evse_number=evse, source=payload["chargingLimitSource"])
    return told(cleared)


def charging_needs(payload: Payload, heard: Heard) -> Translated:
    """What a vehicle asks over ISO 15118."""
    needs, answer = payload["chargingNeeds"], _NO_PLAN[heard.version]
    reported = ChargingNeedsReported(
        **noticed(heard),
        evse_number=whole(payload, "evseId"),
        energy_transfer=needs["requestedEnergyTransfer"],
        departure_at=maybe(instant, needs, "departureTime"),
        max_schedule_tuples=maybe(whole, payload, "maxScheduleTuples"),
        control_mode=needs.get("controlMode"),
        mobility_needs_mode=needs.get("mobilityNeedsMode"),
        offered_transfers=tuple(needs.get("availableEnergyTransfer", ())),
        answer=answer,
        **_ac_or_dc(needs),
        **_both_ways(needs.get("v2xChargingParameters", {})),
    )
    return told(reported, answer={"status": answer})


def _ac_or_dc(needs: Payload) -> dict[str, Any]:
    if "dcChargingParameters" in needs:
        direct = needs["dcChargingParameters"]
        return {
            "requested_energy_wh": maybe(rounded, direct, "energyAmount"),
            "max_current_a": exact(direct, "evMaxCurrent"),
            "max_voltage_v": exact(direct, "evMaxVoltage"),
            "max_power_w": maybe(exact, direct, "evMaxPower"),
            "battery_capacity_wh": maybe(rounded, direct, "evEnergyCapacity"),
            "soc_percent": maybe(whole, direct, "stateOfCharge"),
            "full_soc_percent": maybe(whole, direct, "fullSoC"),
            "bulk_soc_percent": maybe(whole, direct, "bulkSoC"),
        }
    if "acChargingParameters" in needs:
        alternating = needs["acChargingParameters"]
        return {
            "requested_energy_wh": rounded(alternating, "energyAmount"),
            "min_current_a": exact(alternating, "evMinCurrent"),
            "max_current_a": exact(alternating, "evMaxCurrent"),
            "max_voltage_v": exact(alternating, "evMaxVoltage"),
        }
    return {}


def _both_ways(needs: Payload) -> dict[str, Any]:
    return {
        "min_energy_wh": maybe(rounded, needs, "evMinEnergyRequest"),
        "max_energy_wh": maybe(rounded, needs, "evMaxEnergyRequest"),
        "max_discharge_power_w": maybe(exact, needs, "maxDischargePower"),
        "target_soc_percent": maybe(whole, needs, "targetSoC"),
    }


def charging_schedule(payload: Payload, heard: Heard) -> Translated:
    """What the vehicle chose; it is not ours to refuse here (a new profile would be the way)."""
    reported = ChargingScheduleReported(
        **noticed(heard),
        evse_number=whole(payload, "evseId"),
        base_at=instant(payload, "timeBase"),
        schedule=schedule(payload["chargingSchedule"]),
        selected_schedule_id=maybe(long, payload, "selectedChargingScheduleId"),
        power_tolerance_accepted=payload.get("powerToleranceAcceptance"),
    )
    return told(reported, answer={"status": "Accepted"})


def charging_profiles(payload: Payload, heard: Heard) -> Translated:
    """One part; the message does not number its parts."""
    part = counted_part("ChargingProfilesReported", payload, heard)
    reported = ChargingProfilesReported(
        **noticed(heard),
        request_id=part.request_id,
        part=part.number,
        last=part.last,
        evse_number=whole(payload, "evseId"),
        source=payload["chargingLimitSource"],
        profiles=tuple(_profile(one) for one in payload["chargingProfile"]),
    )
    return told(reported, part=part)


def _profile(payload: Payload) -> StationProfile:
    return StationProfile(
        profile_id=long(payload, "id"),
        stack_level=whole(payload, "stackLevel"),
        purpose=payload["chargingProfilePurpose"],
        kind=payload["chargingProfileKind"],
        recurrency=payload.get("recurrencyKind"),
        valid_from=maybe(instant, payload, "validFrom"),
        valid_until=maybe(instant, payload, "validTo"),
        transaction_id=payload.get("transactionId"),
        schedules=tuple(schedule(one) for one in payload["chargingSchedule"]),
    )


def schedule(payload: Payload) -> StationSchedule:
    """A schedule without its prices: those are a vehicle's, and stay in the frame."""
    return StationSchedule(
        schedule_id=long(payload, "id"),
        unit=payload["chargingRateUnit"],
        starts_at=maybe(instant, payload, "startSchedule"),
        duration_s=maybe(long, payload, "duration"),
        min_rate=maybe(exact, payload, "minChargingRate"),
        periods=tuple(_period(one) for one in payload["chargingSchedulePeriod"]),
    )


def _period(payload: Payload) -> StationSchedulePeriod:
    return StationSchedulePeriod(
        start_s=long(payload, "startPeriod"),
        limit=maybe(exact, payload, "limit"),
        limit_l2=maybe(exact, payload, "limit_L2"),
        limit_l3=maybe(exact, payload, "limit_L3"),
        discharge_limit=maybe(exact, payload, "dischargeLimit"),
        setpoint=maybe(exact, payload, "setpoint"),
        phases=maybe(whole, payload, "numberPhases"),
        phase_to_use=maybe(whole, payload, "phaseToUse"),
        operation_mode=payload.get("operationMode"),
    )
