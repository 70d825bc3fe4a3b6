"""Limits, needs, schedules and profiles as stations tell them."""

from typing import Any

from charger_gateway.domain.levelling import exceeds, offer_of
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

# A station that is told so need not wait for a profile (K15.FR.04).
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
    """What a vehicle asks over ISO 15118; it is promised a profile where one can be planned for its session."""
    needs, evse = payload["chargingNeeds"], whole(payload, "evseId")
    running = heard.running.get(evse)
    reported = ChargingNeedsReported(
        **noticed(heard),
        evse_number=evse,
        transaction_id=None if running is None else running.transaction_id,
        energy_transfer=needs["requestedEnergyTransfer"],
        departure_at=maybe(instant, needs, "departureTime"),
        max_schedule_tuples=maybe(whole, payload, "maxScheduleTuples"),
        control_mode=needs.get("controlMode"),
        mobility_needs_mode=needs.get("mobilityNeedsMode"),
        offered_transfers=tuple(needs.get("availableEnergyTransfer", ())),
        answer=_NO_PLAN[heard.version],
        **_ac_or_dc(needs),
        **_both_ways(needs.get("v2xChargingParameters", {})),
    )
    offer = None if running is None else offer_of(reported, heard.plugs.get(evse, ()))
    if offer is not None:
        reported = reported.model_copy(update={"answer": "Accepted", "offer": offer})
    return told(reported, answer={"status": reported.answer})


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
    """What the vehicle chose; beyond its profile it is rejected, and the profile is sent anew (K15.FR.12)."""
    evse, base_at = whole(payload, "evseId"), instant(payload, "timeBase")
    chosen = schedule(payload["chargingSchedule"])
    beyond = exceeds(chosen, base_at, heard.running.get(evse), heard.plugs.get(evse, ()))
    reported = ChargingScheduleReported(
        **noticed(heard),
        evse_number=evse,
        base_at=base_at,
        schedule=chosen,
        answer="Rejected" if beyond else "Accepted",
        selected_schedule_id=maybe(long, payload, "selectedChargingScheduleId"),
        power_tolerance_accepted=payload.get("powerToleranceAcceptance"),
    )
    return told(reported, answer={"status": reported.answer})


def taken_profile(action: str, payload: Payload, answer: object) -> tuple[str, tuple[StationSchedule, ...]] | None:
    """Of a call of ours: the session that the station took a profile for, and the profile's schedules.

    The answer is as it came: nobody has looked yet whether it is one.
    """
    if action != "SetChargingProfile" or not isinstance(answer, dict) or answer.get("status") != "Accepted":
        return None
    profile = payload.get("chargingProfile", {})
    transaction_id = profile.get("transactionId")
    if transaction_id is None:
        return None
    return transaction_id, tuple(schedule(one) for one in profile["chargingSchedule"])


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
