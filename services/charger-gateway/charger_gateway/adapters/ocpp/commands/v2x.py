"""Commands in the words of OCPP 2.0.1 and 2.1, which differ by what 2.1 adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from charger_gateway.adapters.ocpp.commands.model import CannotSay, OutgoingCall
from charger_gateway.adapters.ocpp.commands.rules import obey
from charger_gateway.adapters.ocpp.commands.table import ACTIONS
from charger_gateway.adapters.ocpp.commands.variables import LEGACY
from charger_gateway.adapters.ocpp.commands.words import Reveal, evse, payload
from charger_gateway.adapters.ocpp.frames import V201
from charger_gateway.domain.actions import StationAction
from charger_gateway.domain.desired import names_twice
from charger_gateway.domain.ids import remote_start_number
from ev_contracts.gateway import (
    ChangeAvailability,
    DeleteCertificate,
    DeliverSignedCertificate,
    GetVariables,
    ResetStation,
    SendLocalList,
    SetVariables,
    StartTransactionRemotely,
    TriggerStationMessage,
)

_RENAMED_TRIGGERS = {
    "DiagnosticsStatusNotification": "LogStatusNotification",
    "SignChargePointCertificate": "SignChargingStationCertificate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Where an action writes its fields otherwise: other names, and fields that stand in an object of their own."""

    names: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    fields: Sequence[str] = ()


_SHAPES: Mapping[str, _Shape] = {
    "ClearChargingProfile": _Shape(
        inside="chargingProfileCriteria", fields=("evseId", "chargingProfilePurpose", "stackLevel")
    ),
    "ClearDisplayMessage": _Shape(names={"messageId": "id"}),
    "ClearVariableMonitoring": _Shape(names={"monitorIds": "id"}),
    "DeleteCertificate": _Shape(names={"certificate": "certificateHashData"}),
    "GetChargingProfiles": _Shape(
        names={"chargingProfileIds": "chargingProfileId", "chargingLimitSources": "chargingLimitSource"},
        inside="chargingProfile",
        fields=("chargingProfilePurpose", "stackLevel", "chargingProfileId", "chargingLimitSource"),
    ),
    "GetDisplayMessages": _Shape(names={"messageIds": "id"}),
    "GetInstalledCertificateIds": _Shape(names={"certificateTypes": "certificateType"}),
    "GetLog": _Shape(inside="log", fields=("remoteLocation", "oldestTimestamp", "latestTimestamp")),
    "GetMonitoringReport": _Shape(names={"variables": "componentVariable"}),
    "GetReport": _Shape(names={"variables": "componentVariable"}),
    "GetVariables": _Shape(names={"variables": "getVariableData"}),
    "SetVariables": _Shape(names={"variables": "setVariableData"}),
    "SetVariableMonitoring": _Shape(names={"monitors": "setMonitoringData"}),
    "ReserveNow": _Shape(names={"reservationId": "id"}),
    "SetDisplayMessage": _Shape(
        names={"messageId": "id", "startTime": "startDateTime", "extraMessages": "messageExtra"},
        inside="message",
        fields=(
            "id",
            "priority",
            "state",
            "startDateTime",
            "endDateTime",
            "transactionId",
            "message",
            "messageExtra",
            "display",
        ),
    ),
    "SetNetworkProfile": _Shape(
        inside="connectionData",
        fields=(
            "ocppVersion",
            "ocppInterface",
            "ocppTransport",
            "messageTimeout",
            "ocppCsmsUrl",
            "securityProfile",
            "identity",
            "basicAuthPassword",
            "apn",
            "vpn",
        ),
    ),
    "UpdateFirmware": _Shape(
        inside="firmware",
        fields=("location", "retrieveDateTime", "installDateTime", "signingCertificate", "signature"),
    ),
    "AdjustPeriodicEventStream": _Shape(names={"streamId": "id"}, inside="params", fields=("interval", "values")),
}
# Objects that the action must have, also where nothing stands in them.
_REQUIRED_INSIDE = frozenset({"GetChargingProfiles", "AdjustPeriodicEventStream"})


def call(asked: StationAction, version: str, reveal: Reveal) -> OutgoingCall:
    """The command's one call. Raises CannotSay, ValueError."""
    action = ACTIONS[type(asked).__name__].action(version)
    if action is None:
        raise CannotSay(f"OCPP {version} has no such action")
    obey(asked)
    return OutgoingCall(action=action, payload=_payload(_sayable(asked, version), reveal))


def _sayable(asked: StationAction, version: str) -> StationAction:
    """Without what the version has no place for, and needs none."""
    match asked:
        case DeliverSignedCertificate() if version == V201:
            return asked.model_copy(update={"request_id": None})
        case DeleteCertificate():
            return asked.model_copy(update={"certificate_type": None})
        case _:
            return asked


def _payload(asked: StationAction, reveal: Reveal) -> dict[str, Any]:
    match asked:
        case ResetStation():
            return _reset(asked)
        case TriggerStationMessage():
            return _trigger(asked)
        case ChangeAvailability():
            return _place(asked) | {"operationalStatus": asked.operational_status}
        case SendLocalList():
            return _local_list(asked, reveal)
        case GetVariables() | SetVariables():
            return _variables(asked, reveal)
        case StartTransactionRemotely():
            return {"remoteStartId": remote_start_number(asked.command_id)} | payload(asked, reveal)
        case _:
            return _with_request_id(asked, _shaped(type(asked).__name__, payload(asked, reveal)))


def _variables(asked: GetVariables | SetVariables, reveal: Reveal) -> dict[str, Any]:
    if isinstance(asked, SetVariables) and names_twice(asked.variables):
        raise CannotSay("a variable stands there twice")
    if any(one.component == LEGACY for one in asked.variables):
        raise CannotSay("a configuration key that only OCPP 1.6 has")
    return _shaped(type(asked).__name__, payload(asked, reveal))


def _shaped(name: str, plain: dict[str, Any]) -> dict[str, Any]:
    shape = _SHAPES.get(name)
    if shape is None:
        return plain
    named = {shape.names.get(key, key): value for key, value in plain.items()}
    inside = {key: value for key, value in named.items() if key in shape.fields}
    outside = {key: value for key, value in named.items() if key not in shape.fields}
    if inside or name in _REQUIRED_INSIDE:
        outside[shape.inside] = inside
    return outside


def _with_request_id(asked: StationAction, shaped: dict[str, Any]) -> dict[str, Any]:
    """A station answers later under a number; who gave none gets one that every replica computes alike."""
    if getattr(asked, "request_id", 0) is None and not isinstance(asked, DeliverSignedCertificate):
        return {"requestId": remote_start_number(asked.command_id)} | shaped
    return shaped


def _place(asked: ChangeAvailability | TriggerStationMessage) -> dict[str, Any]:
    place = evse(asked.evse_number, asked.connector_number)
    return {} if place is None else {"evse": place}


def _reset(asked: ResetStation) -> dict[str, Any]:
    kind = "ImmediateAndResume" if asked.resumes else "Immediate" if asked.hard else "OnIdle"
    return {"type": kind} | ({} if asked.evse_number is None else {"evseId": asked.evse_number})


def _trigger(asked: TriggerStationMessage) -> dict[str, Any]:
    custom = {} if asked.custom_trigger is None else {"customTrigger": asked.custom_trigger}
    message = _RENAMED_TRIGGERS.get(asked.message, asked.message)
    if message == "StatusNotification" and not (asked.evse_number and asked.connector_number):
        raise CannotSay("a status is one connector's: name it")
    return {"requestedMessage": message} | _place(asked) | custom


def _local_list(asked: SendLocalList, reveal: Reveal) -> dict[str, Any]:
    found: dict[str, Any] = {"versionNumber": asked.list_version, "updateType": asked.update_type}
    if asked.entries:
        found["localAuthorizationList"] = [_entry(payload(entry, reveal)) for entry in asked.entries]
    return found


def _entry(plain: dict[str, Any]) -> dict[str, Any]:
    token = {"idToken": plain.pop("idToken")}
    return token | ({"idTokenInfo": plain} if plain else {})
