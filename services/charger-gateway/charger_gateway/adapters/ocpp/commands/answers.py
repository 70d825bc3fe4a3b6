"""Stations' answers to commands as outcomes: the status word, and all else that they say in canonical form."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from charger_gateway.adapters.ocpp.commands import responses_v2x, responses_v16
from charger_gateway.adapters.ocpp.commands.model import Outcome, OutgoingCall, Sealing
from charger_gateway.adapters.ocpp.commands.plug_and_charge import opened
from charger_gateway.adapters.ocpp.commands.table import RAW
from charger_gateway.adapters.ocpp.frames import V16, CallError, CallResult
from charger_gateway.adapters.ocpp.schemas import Violation, response_read
from charger_gateway.domain.values import INT32_MAX, BadField
from ev_contracts.gateway import CommandRequested, StationResponse

Payload = Mapping[str, Any]
Answered = tuple[OutgoingCall, CallResult | CallError]

_DONE = frozenset({"Accepted", "Scheduled", "AcceptedCanceled", "RebootRequired", "Unlocked", "Unpublished"})
# "There is none" answers a question; it refuses nothing.
_NONE_FOUND = {
    "GetInstalledCertificateIds": "NotFound",
    "GetBaseReport": "EmptyResultSet",
    "GetReport": "EmptyResultSet",
    "GetMonitoringReport": "EmptyResultSet",
    "GetChargingProfiles": "NoProfiles",
    "GetDisplayMessages": "Unknown",
    "GetTariffs": "NoTariff",
}
# Where each element of the answer has a status of its own.
_ELEMENTS = {
    "SetVariables": ("setVariableResult", "attributeStatus"),
    "GetVariables": ("getVariableResult", "attributeStatus"),
    "SetVariableMonitoring": ("setMonitoringResult", "status"),
    "ClearVariableMonitoring": ("clearMonitoringResult", "status"),
    "ClearTariffs": ("clearTariffsResult", "status"),
}
_QUESTIONS = frozenset({"GetVariables"})


def outcome_of(command: CommandRequested, answered: Sequence[Answered], *, version: str, sealing: Sealing) -> Outcome:
    """The outcome of a command's answers. "Accepted" is the station's promise to try; what happens then is a fact."""
    payloads: list[tuple[OutgoingCall, Payload]] = []
    for call, answer in answered:
        if isinstance(answer, CallError):
            return Outcome(outcome="refused", answer=answer.code[:64], detail=answer.description[:255] or None)
        payload = response_read(version, call.action, answer.payload)
        if isinstance(payload, Violation):
            return Outcome(outcome="refused", answer="invalid-answer", detail=payload.description)
        payloads.append(opened(command.action, call, payload))
    statuses = [status for call, payload in payloads for status in _statuses(call.action, payload)]
    outcome, word = _judged(payloads[-1][0].action, statuses)
    try:
        response = _response(command, payloads, version=version, sealing=sealing)
    except (BadField, ValidationError, ArithmeticError):
        return Outcome(outcome=outcome, answer=word, detail="the rest of the answer cannot be read")
    detail = None if response is None else response.reason_code
    return Outcome(outcome=outcome, answer=word, detail=detail, response=response)


def _response(
    command: CommandRequested, payloads: Sequence[tuple[OutgoingCall, Payload]], *, version: str, sealing: Sealing
) -> StationResponse | None:
    """Raises BadField, ValidationError, ArithmeticError."""

    def hide(value: Any) -> bytes:
        return sealing.hide(command.command_id, value)

    if command.action == RAW:
        return StationResponse(payload_sealed=hide(payloads[-1][1]))
    if version == V16:
        response = responses_v16.response(payloads, hide, evse_number=_evse_number(command))
    else:
        response = responses_v2x.response(payloads[-1][0].action, _together(payloads), hide)
    _in_range(response.model_dump())
    return None if response == StationResponse() else response


def _in_range(said: object) -> None:
    """All whole numbers that stations answer are of 32 bits in OCPP and on the log. Raises BadField."""
    match said:
        case dict():
            for one in said.values():
                _in_range(one)
        case tuple():
            for one in said:
                _in_range(one)
        case int() if abs(said) > INT32_MAX:
            raise BadField("answer", "number out of range")
        case _:
            return


def _together(payloads: Sequence[tuple[OutgoingCall, Payload]]) -> Payload:
    """Of several calls of one action (2.x splits what a message may not hold), whose answers are lists of results."""
    call, last = payloads[-1]
    if len(payloads) == 1:
        return last
    results = _ELEMENTS[call.action][0]
    return {results: [one for _, payload in payloads for one in payload[results]]}


def _evse_number(command: CommandRequested) -> int:
    asked = command.get_composite_schedule
    return 0 if asked is None else asked.evse_number


def _statuses(action: str, payload: Payload) -> list[str]:
    if action in _ELEMENTS:
        results, status = _ELEMENTS[action]
        return [one[status] for one in payload.get(results, ())] or ["Accepted"]
    if action == "GetDiagnostics":
        return ["Accepted" if payload.get("fileName") else "NoDiagnostics"]
    if action == "GetLocalListVersion":
        # 1.6: -1 says that there are no local lists here.
        return ["NotSupported" if payload.get("listVersion") == -1 else "Accepted"]
    return [payload.get("status", "Accepted")]


def _judged(action: str, statuses: Sequence[str]) -> tuple[str, str]:
    """All must be done; of a question one suffices, and the answer says which were not."""
    done = [status in _DONE or status == _NONE_FOUND.get(action) for status in statuses]
    if all(done) or (action in _QUESTIONS and any(done)):
        word = next((status for status in statuses if status != "Accepted"), "Accepted")
        return "succeeded", word if all(done) else "Accepted"
    return "refused", next(status for status, good in zip(statuses, done, strict=True) if not good)
