"""What stations of OCPP 2.x answer beside their status word, in canonical form."""

from collections.abc import Callable, Mapping
from typing import Any

from charger_gateway.adapters.ocpp.commands.variables import is_secret
from charger_gateway.adapters.ocpp.commands.words import record_from
from ev_contracts.gateway import (
    CertificateHash,
    ChargingSchedulePeriod,
    CompositeSchedule,
    EventStream,
    FreqWattPoint,
    InstalledCertificate,
    MonitorResult,
    SignalWattPoint,
    StationResponse,
    TariffAtStation,
    VariableReading,
)

Payload = Mapping[str, Any]
Hide = Callable[[Any], bytes]


def response(action: str, payload: Payload, hide: Hide) -> StationResponse:
    """Raises BadField, ValidationError."""
    about = payload.get("statusInfo") or {}
    found: dict[str, Any] = {
        "reason_code": about.get("reasonCode"),
        "additional_info": about.get("additionalInfo"),
        "transaction_id": payload.get("transactionId"),
        "file_name": payload.get("filename"),
        "is_ongoing": payload.get("ongoingIndicator"),
        "has_messages_queued": payload.get("messagesInQueue"),
        "list_version": None if "versionNumber" not in payload else int(payload["versionNumber"]),
        "superseded_control_ids": tuple(payload.get("supersededIds", ())),
    }
    reader = _READERS.get(action)
    return StationResponse(**found, **({} if reader is None else reader(payload, hide)))


def _place(payload: Payload) -> dict[str, Any]:
    """Where a component and its variable are; empty where the payload names none."""
    component, variable = payload.get("component") or {}, payload.get("variable") or {}
    evse = component.get("evse") or {}
    return {
        "component": component.get("name"),
        "component_instance": component.get("instance"),
        "evse_number": evse.get("id"),
        "connector_number": evse.get("connectorId"),
        "variable": variable.get("name"),
        "variable_instance": variable.get("instance"),
    }


def _reason(payload: Payload, name: str) -> str | None:
    reason: str | None = (payload.get(name) or {}).get("reasonCode")
    return reason


def _variables(results: str) -> Callable[[Payload, Hide], dict[str, Any]]:
    def read(payload: Payload, hide: Hide) -> dict[str, Any]:
        return {"variables": tuple(_reading(one, hide) for one in payload[results])}

    return read


def _reading(one: Payload, hide: Hide) -> VariableReading:
    place, value = _place(one), one.get("attributeValue")
    secret = value is not None and is_secret(place["variable"])
    return VariableReading(
        **place,
        attribute=one.get("attributeType"),
        status=one["attributeStatus"],
        value=None if secret else value,
        value_sealed=hide(value) if secret else None,
        reason_code=_reason(one, "attributeStatusInfo"),
    )


def _monitors(results: str) -> Callable[[Payload, Hide], dict[str, Any]]:
    def read(payload: Payload, _hide: Hide) -> dict[str, Any]:
        return {
            "monitors": tuple(
                MonitorResult(
                    **_place(one),
                    monitor_id=one.get("id"),
                    status=one["status"],
                    monitor_kind=one.get("type"),
                    severity=one.get("severity"),
                    reason_code=_reason(one, "statusInfo"),
                )
                for one in payload[results]
            )
        }

    return read


def _schedule(payload: Payload, _hide: Hide) -> dict[str, Any]:
    said = payload.get("schedule")
    if said is None:
        return {}
    periods = tuple(_period(one) for one in said["chargingSchedulePeriod"])
    return {"schedule": record_from(CompositeSchedule, said, charging_schedule_period=periods)}


def _period(one: Payload) -> ChargingSchedulePeriod:
    return record_from(
        ChargingSchedulePeriod,
        one,
        v2x_freq_watt_curve=tuple(record_from(FreqWattPoint, point) for point in one.get("v2xFreqWattCurve", ())),
        v2x_signal_watt_curve=tuple(record_from(SignalWattPoint, point) for point in one.get("v2xSignalWattCurve", ())),
    )


def _certificates(payload: Payload, _hide: Hide) -> dict[str, Any]:
    return {"certificates": installed(payload)}


def installed(payload: Payload) -> tuple[InstalledCertificate, ...]:
    """Of an answer to GetInstalledCertificateIds."""
    return tuple(
        InstalledCertificate(
            certificate_type=chain["certificateType"],
            certificate=record_from(CertificateHash, chain["certificateHashData"]),
            children=tuple(record_from(CertificateHash, one) for one in chain.get("childCertificateHashData", ())),
        )
        for chain in payload.get("certificateHashDataChain", ())
    )


def _tariffs(payload: Payload, hide: Hide) -> dict[str, Any]:
    return {
        "tariffs": tuple(
            record_from(
                TariffAtStation,
                one,
                evse_numbers=tuple(one.get("evseIds", ())),
                id_tokens_sealed=tuple(hide(token) for token in one.get("idTokens", ())),
            )
            for one in payload.get("tariffAssignments", ())
        )
    }


def _cleared_tariffs(payload: Payload, _hide: Hide) -> dict[str, Any]:
    return {
        "tariffs": tuple(
            TariffAtStation(tariff_id=one.get("tariffId"), status=one["status"])
            for one in payload["clearTariffsResult"]
        )
    }


def _streams(payload: Payload, _hide: Hide) -> dict[str, Any]:
    return {
        "event_streams": tuple(
            record_from(EventStream, one, interval_s=one["params"].get("interval"), values=one["params"].get("values"))
            for one in payload.get("constantStreamData", ())
        )
    }


def _data(payload: Payload, hide: Hide) -> dict[str, Any]:
    return {} if payload.get("data") is None else {"data_sealed": hide(payload["data"])}


_READERS: Mapping[str, Callable[[Payload, Hide], dict[str, Any]]] = {
    "GetVariables": _variables("getVariableResult"),
    "SetVariables": _variables("setVariableResult"),
    "SetVariableMonitoring": _monitors("setMonitoringResult"),
    "ClearVariableMonitoring": _monitors("clearMonitoringResult"),
    "GetCompositeSchedule": _schedule,
    "GetInstalledCertificateIds": _certificates,
    "GetTariffs": _tariffs,
    "ClearTariffs": _cleared_tariffs,
    "GetPeriodicEventStream": _streams,
    "DataTransfer": _data,
}
