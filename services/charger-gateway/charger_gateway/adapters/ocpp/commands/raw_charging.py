"""What a raw call of 2.x does to the profiles at a station, in canonical words."""

from collections.abc import Mapping
from typing import Any

from charger_gateway.adapters.ocpp.frames import V16
from charger_gateway.domain.smart_charging import schedule
from charger_gateway.domain.values import Payload, instant, long, maybe, whole
from ev_contracts.gateway import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ClearChargingProfile,
    SetChargingProfile,
    StationSchedule,
)


def charging_in(version: str, action: str, payload: Payload, shared: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of SendRawCall that say it; none for other calls and for 1.6, where nothing is planned.

    The payload has passed its schema. Raises BadField for what no record can carry.
    """
    if version == V16:
        return {}
    match action:
        case "SetChargingProfile":
            return {"set_charging_profile": _set(payload, shared)}
        case "RequestStartTransaction" if "chargingProfile" in payload:
            number = long(payload, "remoteStartId")
            return {"set_charging_profile": _set(payload, shared), "remote_start_number": number}
        case "ClearChargingProfile":
            return {"clear_charging_profile": _clear(payload, shared)}
        case _:
            return {}


def _set(payload: Payload, shared: Mapping[str, Any]) -> SetChargingProfile:
    evse_number = maybe(whole, payload, "evseId") or 0
    return SetChargingProfile(**shared, evse_number=evse_number, charging_profile=_profile(payload["chargingProfile"]))


def _clear(payload: Payload, shared: Mapping[str, Any]) -> ClearChargingProfile:
    criteria = payload.get("chargingProfileCriteria", {})
    return ClearChargingProfile(
        **shared,
        charging_profile_id=maybe(long, payload, "chargingProfileId"),
        evse_number=maybe(whole, criteria, "evseId"),
        charging_profile_purpose=criteria.get("chargingProfilePurpose"),
        stack_level=maybe(whole, criteria, "stackLevel"),
    )


def _profile(payload: Payload) -> ChargingProfile:
    return ChargingProfile(
        id=long(payload, "id"),
        stack_level=whole(payload, "stackLevel"),
        charging_profile_purpose=payload["chargingProfilePurpose"],
        charging_profile_kind=payload["chargingProfileKind"],
        recurrency_kind=payload.get("recurrencyKind"),
        valid_from=maybe(instant, payload, "validFrom"),
        valid_until=maybe(instant, payload, "validTo"),
        transaction_id=payload.get("transactionId"),
        charging_schedule=tuple(_schedule(schedule(one)) for one in payload["chargingSchedule"]),
    )


def _schedule(one: StationSchedule) -> ChargingSchedule:
    periods = tuple(
        ChargingSchedulePeriod(
            start_period_s=period.start_s,
            limit=period.limit,
            number_phases=period.phases,
            phase_to_use=period.phase_to_use,
        )
        for period in one.periods
    )
    return ChargingSchedule(
        id=one.schedule_id,
        starts_at=one.starts_at,
        duration_s=one.duration_s,
        charging_rate_unit=one.unit,
        charging_schedule_period=periods,
    )
