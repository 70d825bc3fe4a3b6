"""Calls of 2.0.1 in envelopes to stations of 1.6, about certificates of vehicles.

By the OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6"; what stations ask so is `data_transfer`'s.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from charger_gateway.adapters.ocpp.commands import v2x
from charger_gateway.adapters.ocpp.commands.model import CannotSay, OutgoingCall, outgoing
from charger_gateway.adapters.ocpp.commands.words import Reveal
from charger_gateway.adapters.ocpp.frames import V201
from charger_gateway.adapters.ocpp.schemas import Violation, request_violation, response_read
from charger_gateway.domain.actions import StationAction
from ev_contracts.gateway import (
    DeleteCertificate,
    DeliverSignedCertificate,
    GetInstalledCertificateIds,
    InstallCertificate,
    TriggerStationMessage,
)

VENDOR = "org.openchargealliance.iso15118pnc"
_ENVELOPE = "DataTransfer"
_ENVELOPED = frozenset(
    {
        "DeliverSignedCertificate",
        "InstallCertificate",
        "DeleteCertificate",
        "GetInstalledCertificateIds",
        "TriggerStationMessage",
    }
)
_UNREADABLE = {"status": "unreadable-data"}
_OF_VEHICLES = frozenset({"V2GRootCertificate", "MORootCertificate", "V2GCertificateChain"})


def is_of_vehicles(asked: StationAction) -> bool:
    """Whether 1.6 itself has no words for the command because it is about ISO 15118."""
    match asked:
        case DeliverSignedCertificate():
            return asked.certificate_type == "V2GCertificate"
        case InstallCertificate() | DeleteCertificate():
            return asked.certificate_type in _OF_VEHICLES
        case GetInstalledCertificateIds():
            return bool(asked.certificate_types) and _OF_VEHICLES.issuperset(asked.certificate_types)
        case TriggerStationMessage():
            return asked.message == "SignV2GCertificate"
        case _:
            return False


def kinds_apart(asked: GetInstalledCertificateIds) -> tuple[GetInstalledCertificateIds, ...]:
    """The question about certificates of vehicles, and the one about all others, where both are asked."""
    vehicles = tuple(kind for kind in asked.certificate_types if kind in _OF_VEHICLES)
    others = tuple(kind for kind in asked.certificate_types if kind not in _OF_VEHICLES)
    if not (vehicles and others):
        return (asked,)
    return tuple(asked.model_copy(update={"certificate_types": kinds}) for kinds in (others, vehicles))


def enveloped(asked: StationAction, reveal: Reveal) -> OutgoingCall:
    """The command's call of 2.0.1 in its envelope. Raises CannotSay, ValueError."""
    call = v2x.call(asked, V201, reveal)
    violation = request_violation(V201, call.action, call.payload)
    if violation is not None:
        raise CannotSay(f"{call.action} of OCPP 2.0.1: {violation.description}")
    return outgoing(_ENVELOPE, vendorId=VENDOR, messageId=call.action, data=orjson.dumps(call.payload).decode())


def opened(command: str, call: OutgoingCall, answer: Mapping[str, Any]) -> tuple[OutgoingCall, Mapping[str, Any]]:
    """What a command's call and its answer say without their envelopes; as they are where the station took none."""
    if command not in _ENVELOPED or call.action != _ENVELOPE or answer["status"] != "Accepted":
        return call, answer
    action = call.payload["messageId"]
    try:
        said = orjson.loads(answer.get("data", ""))
    except orjson.JSONDecodeError:
        return call, _UNREADABLE
    read = response_read(V201, action, said)
    if isinstance(read, Violation):
        return call, _UNREADABLE
    return OutgoingCall(action=action, payload=orjson.loads(call.payload["data"])), read
