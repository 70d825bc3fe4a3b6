"""Commands in the words of OCPP 1.6: core, firmware, local list, reservation, triggers, security extension."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, assert_never

import orjson

from charger_gateway.adapters.ocpp.commands import v16_charging as charging
from charger_gateway.adapters.ocpp.commands.model import CannotSay, OutgoingCall, outgoing, present
from charger_gateway.adapters.ocpp.commands.plug_and_charge import enveloped, is_of_vehicles, kinds_apart
from charger_gateway.adapters.ocpp.commands.variables import Name, key_of, value_v16
from charger_gateway.adapters.ocpp.commands.words import Reveal, moment, number
from charger_gateway.domain.actions import StationAction
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.station import Heard
from ev_contracts.gateway import (
    CancelReservation,
    CertificateHash,
    ChangeAvailability,
    ClearCache,
    ClearChargingProfile,
    DeleteCertificate,
    DeliverSignedCertificate,
    GetCompositeSchedule,
    GetDiagnostics,
    GetInstalledCertificateIds,
    GetLocalListVersion,
    GetLog,
    GetVariables,
    InstallCertificate,
    ReserveNow,
    ResetStation,
    SendLocalList,
    SetChargingProfile,
    SetVariables,
    ShowRunningCost,
    StartTransactionRemotely,
    StopTransactionRemotely,
    TransferData,
    TriggerStationMessage,
    UnlockConnector,
    UpdateFirmware,
)

Calls = tuple[OutgoingCall, ...]

COST_MESSAGES = "org.openchargealliance.costmsg"
"""The vendor of the messages by which 1.6 is told money."""

_ROOTS = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}
_RENAMED_TRIGGERS = {"SignChargingStationCertificate": "SignChargePointCertificate"}
_ONLY_EXTENDED = frozenset({"LogStatusNotification", "SignChargePointCertificate"})

_Simple = ClearCache | GetLocalListVersion | ResetStation | CancelReservation | StopTransactionRemotely
_Placed = ChangeAvailability | UnlockConnector | TriggerStationMessage
_Charging = StartTransactionRemotely | SetChargingProfile | ClearChargingProfile | GetCompositeSchedule
_Files = GetLog | GetDiagnostics | UpdateFirmware
_Certificates = DeliverSignedCertificate | InstallCertificate | DeleteCertificate


def calls(asked: StationAction, heard: Heard, reveal: Reveal) -> Calls:
    """The command's calls; more than one where 1.6 says only one thing at a time. Raises CannotSay, ValueError."""
    if is_of_vehicles(asked):
        return (enveloped(asked, reveal),)
    match asked:
        case GetVariables():
            return (_get_configuration(asked),)
        case SetVariables():
            if not asked.variables:
                raise CannotSay("no variable is named")
            return tuple(_change_configuration(one, reveal) for one in asked.variables)
        case GetInstalledCertificateIds():
            parts = kinds_apart(asked)
            if len(parts) > 1:
                return tuple(one for part in parts for one in calls(part, heard, reveal))
            return tuple(_installed(kind) for kind in asked.certificate_types or tuple(_ROOTS))
        case _:
            return (_one(asked, heard, reveal),)


def _one(asked: StationAction, heard: Heard, reveal: Reveal) -> OutgoingCall:
    match asked:
        case StartTransactionRemotely() | SetChargingProfile() | ClearChargingProfile() | GetCompositeSchedule():
            return charging.call(asked, heard, reveal)
        case GetLog() | GetDiagnostics() | UpdateFirmware():
            return _files(asked)
        case DeliverSignedCertificate() | InstallCertificate() | DeleteCertificate():
            return _certificates(asked)
        case ShowRunningCost():
            return _cost(asked)
        case SendLocalList() | ReserveNow() | TransferData():
            return _with_secrets(asked, heard, reveal)
        case ChangeAvailability() | UnlockConnector() | TriggerStationMessage():
            return _placed(asked, heard)
        case ClearCache() | GetLocalListVersion() | ResetStation() | CancelReservation() | StopTransactionRemotely():
            return _simple(asked)
        case _:
            raise CannotSay(f"OCPP 1.6 has no {type(asked).__name__}")


def _cost(asked: ShowRunningCost) -> OutgoingCall:
    """As OCA's note on California's pricing rules has it; 1.6 itself has no words for money."""
    transaction = charging.transaction_number_of(asked.transaction_id)
    said: dict[str, Any] = {"transactionId": transaction, "cost": number(asked.total_cost)}
    if asked.final:
        energy = "" if asked.energy_wh is None else f", {Decimal(asked.energy_wh) / 1000} kWh"
        said["priceText"] = f"{_cents(asked.total_cost)}{energy}"
    else:
        said |= {"timestamp": moment(asked.measured_at or asked.at), "state": "Charging"}
    kind = "FinalCost" if asked.final else "RunningCost"
    return outgoing("DataTransfer", vendorId=COST_MESSAGES, messageId=kind, data=orjson.dumps(said).decode())


def _cents(amount: Decimal) -> Decimal:
    """With two decimals, or with as many as it needs."""
    rounded = amount.quantize(Decimal("0.01"))
    return rounded if rounded == amount else amount.normalize()


def _simple(asked: _Simple) -> OutgoingCall:
    match asked:
        case ClearCache():
            return outgoing("ClearCache")
        case GetLocalListVersion():
            return outgoing("GetLocalListVersion")
        case ResetStation():
            if asked.evse_number is not None or asked.resumes:
                raise CannotSay("OCPP 1.6 restarts the whole station, and ends what goes on")
            return outgoing("Reset", type="Hard" if asked.hard else "Soft")
        case CancelReservation():
            return outgoing("CancelReservation", reservationId=asked.reservation_number)
        case StopTransactionRemotely():
            return outgoing("RemoteStopTransaction", transactionId=charging.transaction_number_of(asked.transaction_id))
        case _:
            assert_never(asked)


def _placed(asked: _Placed, heard: Heard) -> OutgoingCall:
    connector = charging.connector_id(heard, asked.evse_number, asked.connector_number)
    match asked:
        case ChangeAvailability():
            return outgoing("ChangeAvailability", connectorId=connector or 0, type=asked.operational_status)
        case UnlockConnector():
            return outgoing("UnlockConnector", connectorId=connector)
        case TriggerStationMessage():
            if asked.custom_trigger is not None:
                raise CannotSay("OCPP 1.6 has no triggers of one's own")
            message = _RENAMED_TRIGGERS.get(asked.message, asked.message)
            extended = asked.is_extended or message in _ONLY_EXTENDED
            action = "ExtendedTriggerMessage" if extended else "TriggerMessage"
            return outgoing(action, requestedMessage=message, connectorId=connector)
        case _:
            assert_never(asked)


def _get_configuration(asked: GetVariables) -> OutgoingCall:
    keys = [_key(Name(one.component, one.variable, one.variable_instance), one.attribute) for one in asked.variables]
    return outgoing("GetConfiguration", key=keys or None)


def _change_configuration(one: Any, reveal: Reveal) -> OutgoingCall:
    key = _key(Name(one.component, one.variable, one.variable_instance), one.attribute)
    value = one.value if one.value_sealed is None else reveal(one.value_sealed)
    return outgoing("ChangeConfiguration", key=key, value=value_v16(key, value or ""))


def _key(name: Name, attribute: str | None) -> str:
    key = key_of(name)
    if key is None or attribute not in {None, "Actual"}:
        raise CannotSay(f"OCPP 1.6 has no key for {name.component}.{name.variable}")
    return key


def _files(asked: _Files) -> OutgoingCall:
    retries = {"retries": asked.retries, "retryInterval": asked.retry_interval_s}
    match asked:
        case GetDiagnostics():
            span = {"startTime": _moment(asked.oldest_at), "stopTime": _moment(asked.latest_at)}
            return outgoing("GetDiagnostics", location=asked.remote_location, **span, **retries)
        case GetLog():
            log = {"remoteLocation": asked.remote_location} | present(
                oldestTimestamp=_moment(asked.oldest_at), latestTimestamp=_moment(asked.latest_at)
            )
            return outgoing("GetLog", logType=asked.log_type, requestId=_request_id(asked), log=log, **retries)
        case UpdateFirmware():
            return _update_firmware(asked, retries)
        case _:
            assert_never(asked)


def _update_firmware(asked: UpdateFirmware, retries: Mapping[str, Any]) -> OutgoingCall:
    if asked.signing_certificate is None and asked.signature is None:
        if asked.install_at is not None:
            raise CannotSay("unsigned, OCPP 1.6 installs at once: it takes no install_at")
        return outgoing("UpdateFirmware", location=asked.location, retrieveDate=moment(asked.retrieve_at), **retries)
    firmware = present(
        location=asked.location,
        retrieveDateTime=moment(asked.retrieve_at),
        installDateTime=_moment(asked.install_at),
        signingCertificate=asked.signing_certificate,
        signature=asked.signature,
    )
    return outgoing("SignedUpdateFirmware", requestId=_request_id(asked), firmware=firmware, **retries)


def _request_id(asked: GetLog | UpdateFirmware) -> int:
    return remote_start_number(asked.command_id) if asked.request_id is None else asked.request_id


def _certificates(asked: _Certificates) -> OutgoingCall:
    match asked:
        case DeliverSignedCertificate():
            return outgoing("CertificateSigned", certificateChain=asked.certificate_chain)
        case InstallCertificate():
            return outgoing(
                "InstallCertificate", certificateType=_root(asked.certificate_type), certificate=asked.certificate
            )
        case DeleteCertificate():
            return outgoing("DeleteCertificate", certificateHashData=_hash(asked.certificate))
        case _:
            assert_never(asked)


def _installed(kind: str) -> OutgoingCall:
    return outgoing("GetInstalledCertificateIds", certificateType=_root(kind))


def _root(kind: str) -> str:
    if kind not in _ROOTS:
        raise CannotSay(f"OCPP 1.6 has no certificates of the kind {kind}")
    return _ROOTS[kind]


def _hash(certificate: CertificateHash) -> dict[str, str]:
    return {
        "hashAlgorithm": certificate.hash_algorithm,
        "issuerNameHash": certificate.issuer_name_hash,
        "issuerKeyHash": certificate.issuer_key_hash,
        "serialNumber": certificate.serial_number,
    }


def _with_secrets(asked: SendLocalList | ReserveNow | TransferData, heard: Heard, reveal: Reveal) -> OutgoingCall:
    match asked:
        case TransferData():
            opened = None if asked.data_sealed is None else reveal(asked.data_sealed)
            data = opened if opened is None or isinstance(opened, str) else charging.as_text(opened)
            return outgoing("DataTransfer", vendorId=asked.vendor_id, messageId=asked.message_id, data=data)
        case ReserveNow():
            if asked.connector_type is not None:
                raise CannotSay("OCPP 1.6 reserves a connector, not a kind of one")
            return outgoing(
                "ReserveNow",
                connectorId=charging.connector_id(heard, asked.evse_number, None) or 0,
                expiryDate=moment(asked.reservation_expires_at),
                idTag=reveal(asked.id_token_sealed)["uid"],
                parentIdTag=_uid(asked.group_id_token_sealed, reveal),
                reservationId=asked.reservation_number,
            )
        case SendLocalList():
            entries = [_entry(one, reveal) for one in asked.entries] or None
            return outgoing(
                "SendLocalList",
                listVersion=asked.list_version,
                updateType=asked.update_type,
                localAuthorizationList=entries,
            )
        case _:
            assert_never(asked)


def _entry(one: Any, reveal: Reveal) -> dict[str, Any]:
    about = present(
        status=one.status,
        expiryDate=_moment(one.cache_expires_at),
        parentIdTag=_uid(one.group_id_token_sealed, reveal),
    )
    return {"idTag": reveal(one.id_token_sealed)["uid"]} | ({"idTagInfo": about} if one.status is not None else {})


def _uid(sealed: bytes | None, reveal: Reveal) -> str | None:
    return None if sealed is None else str(reveal(sealed)["uid"])


def _moment(at: Any) -> str | None:
    return None if at is None else moment(at)
