"""Block B: boot, variables, reports, resets and network profiles (OCPP 2.0.1)."""

from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from charger_gateway.domain.station import STATION_EVENTS
from conformance.cases import V201
from conformance.commissioning import is_accepted, is_told
from conformance.station import ACCEPTED, Payload, now
from conformance.v201.asking import asked, status
from conformance.v201.charger import Charger
from ev_contracts.assets import RegistrationState
from ev_contracts.gateway import StationBooted

_TRACE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
_OFFLINE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}


def _got(*values: tuple[str, dict[str, Any]]) -> Payload:
    return {
        "getVariableResult": [
            {"attributeStatus": "Accepted", "attributeValue": value, **variable} for value, variable in values
        ]
    }


def _set(*variables: dict[str, Any]) -> tuple[Payload, Payload]:
    wanted = [{"attributeValue": "300", **variable} for variable in variables]
    done = [{"attributeStatus": "Accepted", **variable} for variable in variables]
    return {"setVariableData": wanted}, {"setVariableResult": done}


_set_one = ("SetVariables", *_set(_TRACE))
_NOT_ACCEPTED = ((RegistrationState.AWAITING_SET_UP, "Pending"), (RegistrationState.SUSPENDED, "Rejected"))


def _report(request: int, seq: int, *, more: bool) -> tuple[str, Payload]:
    attribute = {"type": "Actual", "value": "300", "mutability": "ReadWrite"}
    reported = {"variableAttribute": [attribute], **_TRACE}
    head = {"requestId": request, "generatedAt": now(), "seqNo": seq, "tbc": more}
    return ("NotifyReport", {**head, "reportData": [reported]})


def _network(answer: str) -> dict[str, Any]:
    profile = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "ws://csms.example/ocpp",
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
    }
    return {"payload": {"configurationSlot": 1, "connectionData": profile}, "answer": status(answer)}


async def _resets(charger: Charger, *, hard: bool, answer: Payload = ACCEPTED) -> None:
    asked_for, command = await charger.obeys("reset", {"hard": hard}, "Reset", answer)
    assert (asked_for["type"], command["status"]) == ("Immediate" if hard else "OnIdle", "succeeded")


async def _comes_back(charger: Charger) -> None:
    await charger.disconnect()
    await charger.connect()
    await charger.boots("RemoteReset")


@V201.case("TC_B_01_CSMS", "A cold boot is accepted with a clock and an interval.", booted=False)
async def cold_boot(charger: Charger) -> None:
    await charger.boots()
    assert await charger.says("Heartbeat")
    booted = await charger.stand.fact(STATION_EVENTS, charger.station_id, StationBooted)
    assert (booted.vendor, booted.model, booted.reason) == ("Restated", "Two", "PowerUp")


@V201.case("TC_B_02_CSMS", "A boot is answered Pending until the station is set up, and then Accepted.", booted=False)
async def pending(charger: Charger) -> None:
    answer = await is_told(charger, RegistrationState.AWAITING_SET_UP, "Pending")
    assert answer["interval"] > 0
    await charger.told(*_set_one)
    charger.answers["TriggerMessage"] = ACCEPTED
    await is_accepted(charger)
    assert await charger.was_asked("TriggerMessage") == {"requestedMessage": "BootNotification"}
    await charger.boots("Triggered")
    assert await charger.says("Heartbeat")


@V201.case("TC_B_30_CSMS", "While a station is pending or rejected its call is a SecurityError.", booted=False)
async def not_accepted(charger: Charger) -> None:
    for registration, word in _NOT_ACCEPTED:
        await is_told(charger, registration, word)
        assert await charger.is_refused("Heartbeat") == "SecurityError"


@V201.case("TC_B_31_CSMS", "A pending station is asked to boot again, and is accepted once the registry does.")
async def boots_again(charger: Charger) -> None:
    await is_told(charger, RegistrationState.AWAITING_SET_UP, "Pending")
    trigger = {"requestedMessage": "BootNotification"}
    await charger.told("TriggerMessage", trigger)
    assert (await charger.introduces_itself("Triggered"))["status"] == "Pending"
    charger.answers["TriggerMessage"] = ACCEPTED
    await is_accepted(charger)
    assert await charger.was_asked("TriggerMessage") == trigger
    await charger.boots("Triggered")


asked("B_06", "One variable is read.", "GetVariables", {"getVariableData": [_TRACE]}, answer=_got(("300", _TRACE)))
_TWO = {"getVariableData": [_OFFLINE, _TRACE]}
asked("B_07", "Two variables are read at once.", "GetVariables", _TWO, answer=_got(("60", _OFFLINE), ("300", _TRACE)))
_FOUR = {"getVariableData": [{"attributeType": kind, **_TRACE} for kind in ("Actual", "Target", "MinSet", "MaxSet")]}
asked("B_08", "As many variables as a message may hold are read.", "GetVariables", _FOUR, answer=_got(("300", _TRACE)))
_one, _one_done = _set(_TRACE)
asked("B_09", "One variable is set.", "SetVariables", _one, answer=_one_done)
_both, _both_done = _set(_OFFLINE, _TRACE)
asked("B_10", "Two variables are set at once.", "SetVariables", _both, answer=_both_done)

for _number, _base in (("12", "ConfigurationInventory"), ("13", "FullInventory"), ("14", "SummaryInventory")):
    asked(
        f"B_{_number}",
        f"A report of the {_base} comes in parts, and all are taken.",
        "GetBaseReport",
        {"requestId": int(_number), "reportBase": _base},
        _report(int(_number), 0, more=True),
        _report(int(_number), 1, more=False),
    )
asked(
    "B_18",
    "A report of chosen components comes.",
    "GetReport",
    {"requestId": 18, "componentCriteria": ["Available"], "componentVariable": [_TRACE]},
    _report(18, 0, more=False),
)


@V201.case("TC_B_20_CSMS", "A reset on idle without a session: accepted, then the boot.")
async def reset_idle(charger: Charger) -> None:
    await _resets(charger, hard=False)
    await _comes_back(charger)


@V201.case("TC_B_21_CSMS", "A reset on idle within a session is scheduled: first the session ends, then the boot.")
async def reset_when_idle(charger: Charger) -> None:
    running = await charger.charges()
    await _resets(charger, hard=False, answer=status("Scheduled"))
    await running.ends("StopAuthorized", "Local")
    await _comes_back(charger)


@V201.case("TC_B_22_CSMS", "An immediate reset within a session ends it as ImmediateReset.")
async def reset_at_once(charger: Charger) -> None:
    running = await charger.charges()
    await _resets(charger, hard=True)
    await running.ends("ResetCommand", "ImmediateReset")
    await _comes_back(charger)
    assert (await charger.was_ended()).reason == "ImmediateReset"


asked("B_25", "One EVSE is reset.", "Reset", {"type": "OnIdle", "evseId": 1})
asked(
    "B_26",
    "One EVSE is reset once its session ended.",
    "Reset",
    {"type": "OnIdle", "evseId": 1},
    answer=status("Scheduled"),
    charging=True,
)


@V201.case("TC_B_27_CSMS", "One EVSE is reset at once, and its session ends for it.")
async def reset_of_an_evse(charger: Charger) -> None:
    running = await charger.charges()
    await charger.told("Reset", {"type": "Immediate", "evseId": 1})
    await running.ends("ResetCommand", "ImmediateReset")


asked("B_42", "A network profile is set.", "SetNetworkProfile", **_network("Accepted"))
asked("B_44", "A network profile that fails is told.", "SetNetworkProfile", outcome="refused", **_network("Failed"))


@V201.case(
    "TC_B_58_CSMS", "The station's order decides the subprotocol; none in common opens no socket.", connects=False
)
async def subprotocols(charger: Charger) -> None:
    for offered in (["ocpp0.1", "ocpp2.0.1", "ocpp1.6"], ["ocpp2.0.1"]):
        await charger.connect(subprotocols=[Subprotocol(one) for one in offered])
        await charger.boots()
        await charger.disconnect()
    with pytest.raises(InvalidStatus):
        await charger.connect(subprotocols=[Subprotocol("ocpp0.1")])
