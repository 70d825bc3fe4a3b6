"""What charge points of OCPP 1.6 answer beside their status word, in canonical form."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from charger_gateway.adapters.ocpp.commands import responses_v2x
from charger_gateway.adapters.ocpp.commands.model import OutgoingCall
from charger_gateway.adapters.ocpp.commands.variables import is_secret, name_of
from charger_gateway.adapters.ocpp.commands.words import record_from
from charger_gateway.domain.values import instant
from ev_contracts.gateway import (
    CertificateHash,
    ChargingSchedulePeriod,
    CompositeSchedule,
    InstalledCertificate,
    StationResponse,
    VariableReading,
)

Payload = Mapping[str, Any]
Hide = Callable[[Any], bytes]
Said = tuple[OutgoingCall, Payload]

_ROOTS = {"CentralSystemRootCertificate": "CSMSRootCertificate"}
_SET_STATUSES = {"NotSupported": "UnknownVariable"}


def response(answered: Sequence[Said], hide: Hide, *, evse_number: int) -> StationResponse:
    """Of all of a command's calls together; `evse_number` is what was asked for. Raises BadField, ValidationError."""
    call, payload = answered[-1]
    match call.action:
        case "GetConfiguration":
            return StationResponse(variables=_configuration(payload, hide))
        case "ChangeConfiguration":
            return StationResponse(variables=tuple(_changed(*one) for one in answered))
        case "GetInstalledCertificateIds":
            return StationResponse(certificates=tuple(one for said in answered for one in _certificates(*said)))
        case "GetCompositeSchedule":
            return StationResponse(schedule=_schedule(payload, evse_number))
        case "GetLocalListVersion":
            return StationResponse(list_version=int(payload["listVersion"]))
        case "GetDiagnostics" | "GetLog":
            return StationResponse(file_name=payload.get("fileName") or payload.get("filename"))
        case "DataTransfer" if payload.get("data") is not None:
            return StationResponse(data_sealed=hide(payload["data"]))
        case _:
            return StationResponse()


def _configuration(payload: Payload, hide: Hide) -> tuple[VariableReading, ...]:
    known = tuple(_reading(one, hide) for one in payload.get("configurationKey", ()))
    return known + tuple(_named(key, status="UnknownVariable") for key in payload.get("unknownKey", ()))


def _named(key: str, **said: Any) -> VariableReading:
    name = name_of(key)
    return VariableReading(
        component=name.component, variable=name.variable, variable_instance=name.variable_instance, **said
    )


def _reading(one: Payload, hide: Hide) -> VariableReading:
    value = one.get("value")
    secret = value is not None and is_secret(one["key"])
    return _named(
        one["key"],
        status="Accepted",
        value=None if secret else value,
        value_sealed=hide(value) if secret else None,
        read_only=one["readonly"],
    )


def _changed(call: OutgoingCall, payload: Payload) -> VariableReading:
    status = payload["status"]
    return _named(call.payload["key"], status=_SET_STATUSES.get(status, status))


def _certificates(call: OutgoingCall, payload: Payload) -> tuple[InstalledCertificate, ...]:
    if "certificateHashDataChain" in payload:
        # In an envelope 2.0.1 is spoken.
        return responses_v2x.installed(payload)
    kind = call.payload["certificateType"]
    return tuple(
        InstalledCertificate(
            certificate_type=_ROOTS.get(kind, kind), certificate=record_from(CertificateHash, certificate)
        )
        for certificate in payload.get("certificateHashData", ())
    )


def _schedule(payload: Payload, evse_number: int) -> CompositeSchedule | None:
    said = payload.get("chargingSchedule")
    if said is None:
        return None
    begins = payload if "scheduleStart" in payload else said
    field = "scheduleStart" if "scheduleStart" in payload else "startSchedule"
    return CompositeSchedule(
        evse_number=evse_number,
        duration_s=said.get("duration"),
        starts_at=instant(begins, field) if field in begins else None,
        charging_rate_unit=said["chargingRateUnit"],
        charging_schedule_period=tuple(
            ChargingSchedulePeriod(
                start_period_s=int(period["startPeriod"]),
                limit=Decimal(str(period["limit"])),
                number_phases=period.get("numberPhases"),
            )
            for period in said["chargingSchedulePeriod"]
        ),
    )
