"""OCPP 1.6: remote start and smart charging, and how 1.6 numbers connectors and transactions."""

from typing import Any, assert_never

import orjson

from charger_gateway.adapters.ocpp.commands.model import CannotSay, OutgoingCall, outgoing, present
from charger_gateway.adapters.ocpp.commands.words import Reveal, moment, number
from charger_gateway.domain.station import Heard
from ev_contracts.gateway import (
    ChargingProfile,
    ChargingSchedule,
    ClearChargingProfile,
    GetCompositeSchedule,
    SetChargingProfile,
    StartTransactionRemotely,
)

_PURPOSES = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}
# What 1.6 has words for; a profile that says more would lose it on the way.
_PROFILE = frozenset(
    {
        "id",
        "stack_level",
        "charging_profile_purpose",
        "charging_profile_kind",
        "recurrency_kind",
        "valid_from",
        "valid_until",
        "transaction_id",
        "charging_schedule",
    }
)
_SCHEDULE = frozenset(
    {"id", "starts_at", "duration_s", "charging_rate_unit", "min_charging_rate", "charging_schedule_period"}
)
_PERIOD = frozenset({"start_period_s", "limit", "number_phases"})

_Asked = StartTransactionRemotely | SetChargingProfile | ClearChargingProfile | GetCompositeSchedule


def call(asked: _Asked, heard: Heard, reveal: Reveal) -> OutgoingCall:
    """The command's call. Raises CannotSay."""
    connector = connector_id(heard, asked.evse_number, None)
    match asked:
        case StartTransactionRemotely():
            return _start(asked, connector, reveal)
        case SetChargingProfile():
            return outgoing(
                "SetChargingProfile", connectorId=connector, csChargingProfiles=_profile(asked.charging_profile)
            )
        case ClearChargingProfile():
            purpose = asked.charging_profile_purpose
            return outgoing(
                "ClearChargingProfile",
                id=asked.charging_profile_id,
                connectorId=connector,
                chargingProfilePurpose=None if purpose is None else _purpose(purpose),
                stackLevel=asked.stack_level,
            )
        case GetCompositeSchedule():
            return outgoing(
                "GetCompositeSchedule",
                connectorId=connector,
                duration=asked.duration_s,
                chargingRateUnit=asked.charging_rate_unit,
            )
        case _:
            assert_never(asked)


def _start(asked: StartTransactionRemotely, connector: int | None, reveal: Reveal) -> OutgoingCall:
    profile = None if asked.charging_profile is None else _profile(asked.charging_profile)
    if profile is not None and "transactionId" in profile:
        raise CannotSay("a profile that comes with a start names no transaction yet")
    return outgoing(
        "RemoteStartTransaction",
        idTag=reveal(asked.id_token_sealed)["uid"],
        connectorId=connector,
        chargingProfile=profile,
    )


def _profile(profile: ChargingProfile) -> dict[str, Any]:
    _only(profile, _PROFILE)
    if len(profile.charging_schedule) != 1:
        raise CannotSay("an OCPP 1.6 profile has one schedule")
    number_of = profile.transaction_id
    return present(
        chargingProfileId=profile.id,
        transactionId=None if number_of is None else transaction_number_of(number_of),
        stackLevel=profile.stack_level,
        chargingProfilePurpose=_purpose(profile.charging_profile_purpose),
        chargingProfileKind=profile.charging_profile_kind,
        recurrencyKind=profile.recurrency_kind,
        validFrom=None if profile.valid_from is None else moment(profile.valid_from),
        validTo=None if profile.valid_until is None else moment(profile.valid_until),
        chargingSchedule=_schedule(profile.charging_schedule[0]),
    )


def _schedule(schedule: ChargingSchedule) -> dict[str, Any]:
    _only(schedule, _SCHEDULE)
    periods = []
    for period in schedule.charging_schedule_period:
        _only(period, _PERIOD)
        if period.limit is None:
            raise CannotSay("an OCPP 1.6 period has a limit")
        limits = {"startPeriod": period.start_period_s, "limit": number(period.limit)}
        periods.append(limits | present(numberPhases=period.number_phases))
    rate = schedule.min_charging_rate
    return present(
        duration=schedule.duration_s,
        startSchedule=None if schedule.starts_at is None else moment(schedule.starts_at),
        chargingRateUnit=schedule.charging_rate_unit,
        chargingSchedulePeriod=periods,
        minChargingRate=None if rate is None else number(rate),
    )


def _only(record: Any, known: frozenset[str]) -> None:
    for name in type(record).model_fields:
        if name not in known and getattr(record, name) not in (None, ()):
            raise CannotSay(f"OCPP 1.6 has no {name} in a {type(record).__name__}")


def _purpose(purpose: str) -> str:
    if purpose not in _PURPOSES:
        raise CannotSay(f"OCPP 1.6 has no profiles of the purpose {purpose}")
    return _PURPOSES[purpose]


def connector_id(heard: Heard, evse_number: int | None, connector_number: int | None) -> int | None:
    """The number that 1.6 gives to a connector, counted through the station; an EVSE alone is its first one.

    Raises CannotSay for a connector that a registered EVSE has not: another one of it is not what was meant.
    """
    if evse_number is None or evse_number == 0:
        return evse_number
    connectors = tuple(heard.connectors)
    if connector_number is None or all(evse != evse_number for evse, _ in connectors):
        return heard.connector_id_of(evse_number)
    if (evse_number, connector_number) not in connectors:
        raise CannotSay(f"EVSE {evse_number} has no connector {connector_number}")
    return connectors.index((evse_number, connector_number)) + 1


def transaction_number_of(transaction_id: str) -> int:
    """An OCPP 1.6 transaction id is a number. Raises CannotSay."""
    try:
        return int(transaction_id)
    except ValueError as error:
        raise CannotSay("an OCPP 1.6 transaction id is a number") from error


def as_text(value: Any) -> str:
    """1.6 transfers text: JSON where it is more."""
    return orjson.dumps(value).decode()
