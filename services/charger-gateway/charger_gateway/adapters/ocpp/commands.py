"""Commands of the desk as OCPP calls, and stations' answers to them as outcomes; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charger_gateway.adapters.ocpp.frames import V16, CallError, CallResult
from charger_gateway.adapters.ocpp.schemas import response_violation
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.station import Heard
from charger_gateway.ports import IdToken
from ev_contracts.gateway import CommandRequested

# A word of ours -> OCPP's. Triggers are named as 1.6 spells them; 2.x renamed none of these four.
_TRIGGERS = frozenset({"BootNotification", "StatusNotification", "MeterValues", "Heartbeat"})
_DONE = frozenset({"Accepted", "Scheduled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """What is put on the wire."""

    action: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inexpressible:
    """Neither this version of OCPP nor this gateway has words for the command."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a station's answer means for the desk: succeeded, refused or undeliverable, in the station's own word."""

    outcome: str
    answer: str
    detail: str | None = None


def call_of(
    command: CommandRequested, *, version: str, heard: Heard, token: IdToken | None
) -> OutgoingCall | Inexpressible:
    """The OCPP call of a command; `token` belongs to remote starts only."""
    v16 = version == V16
    match command.action:
        case "StartTransactionRemotely" if token is not None:
            return _start_v16(command, heard, token) if v16 else _start_v201(command, token)
        case "StopTransactionRemotely" if command.transaction_id is not None:
            return _stop(command.transaction_id, v16=v16)
        case "TriggerStationMessage" if command.message in _TRIGGERS:
            return _trigger(command, heard, v16=v16)
        case "ResetStation" if v16:
            return OutgoingCall(action="Reset", payload={"type": "Hard" if command.hard else "Soft"})
        case "ResetStation":
            return OutgoingCall(action="Reset", payload={"type": "Immediate" if command.hard else "OnIdle"})
        case _:
            return Inexpressible(why=f"{command.action} cannot be said in OCPP {version}")


def _start_v16(command: CommandRequested, heard: Heard, token: IdToken) -> OutgoingCall:
    payload: dict[str, Any] = {"idTag": token.uid}
    if command.evse_number is not None:
        payload["connectorId"] = heard.connector_id_of(command.evse_number)
    return OutgoingCall(action="RemoteStartTransaction", payload=payload)


def _start_v201(command: CommandRequested, token: IdToken) -> OutgoingCall:
    payload: dict[str, Any] = {
        "idToken": {"idToken": token.uid, "type": token.type},
        "remoteStartId": remote_start_number(command.command_id),
    }
    if command.evse_number is not None:
        payload["evseId"] = command.evse_number
    return OutgoingCall(action="RequestStartTransaction", payload=payload)


def _stop(transaction_id: str, *, v16: bool) -> OutgoingCall | Inexpressible:
    if not v16:
        return OutgoingCall(action="RequestStopTransaction", payload={"transactionId": transaction_id})
    try:
        number = int(transaction_id)
    except ValueError:
        return Inexpressible(why="an OCPP 1.6 transaction id is a number")
    return OutgoingCall(action="RemoteStopTransaction", payload={"transactionId": number})


def _trigger(command: CommandRequested, heard: Heard, *, v16: bool) -> OutgoingCall:
    payload: dict[str, Any] = {"requestedMessage": command.message}
    if command.evse_number is not None and v16:
        payload["connectorId"] = heard.connector_id_of(command.evse_number)
    elif command.evse_number is not None:
        connector = command.connector_number
        payload["evse"] = {"id": command.evse_number} | ({} if connector is None else {"connectorId": connector})
    return OutgoingCall(action="TriggerMessage", payload=payload)


def outcome_of(action: str, answer: CallResult | CallError, *, version: str) -> Outcome:
    """The outcome that an answer means. "Accepted" is the station's promise to try; what happens then is a fact."""
    if isinstance(answer, CallError):
        return Outcome(outcome="refused", answer=answer.code[:64], detail=answer.description[:255] or None)
    violation = response_violation(version, action, answer.payload)
    if violation is not None:
        return Outcome(outcome="refused", answer="invalid-answer", detail=violation.description)
    status = answer.payload["status"]
    return Outcome(outcome="succeeded" if status in _DONE else "refused", answer=status)
