"""No more stands in a message of 2.x than the station says that it takes, and no phase where it can choose none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands.limits import within_limits
from charger_gateway.adapters.ocpp.commands.model import CannotSay, OutgoingCall
from charger_gateway.adapters.ocpp.commands.phases import phases_can_be_named
from charger_gateway.adapters.ocpp.commands.told import Told
from charger_gateway.adapters.ocpp.frames import CallError, CallResult, call_frame

ITEMS_SET = ("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables", None)
ITEMS_CLEAR = ("MonitoringCtrlr", "ItemsPerMessage", "ClearVariableMonitoring", None)
BYTES_CLEAR = ("MonitoringCtrlr", "BytesPerMessage", "ClearVariableMonitoring", None)


def switching(evse: int | None) -> Any:
    return ("SmartChargingCtrlr", "ACPhaseSwitchingSupported", None, evse)


@dataclass
class Station:
    """Says what it says of itself; of the rest that it does not know it."""

    says: Mapping[Any, str] = field(default_factory=dict)
    instead: CallResult | CallError | None = None
    asked: list[Any] = field(default_factory=list)

    async def say(self, action: str, payload: Mapping[str, Any]) -> CallResult | CallError:
        assert action == "GetVariables"
        (one,) = payload["getVariableData"]
        component, variable = one["component"], one["variable"]
        evse = component.get("evse", {}).get("id")
        place = (component["name"], variable["name"], variable.get("instance"), evse)
        self.asked.append(place)
        if self.instead is not None:
            return self.instead
        value = self.says.get(place)
        known = {"attributeStatus": "UnknownVariable"} if value is None else {"attributeValue": value}
        result = {"attributeStatus": "Accepted", "component": component, "variable": variable} | known
        return CallResult(message_id="m", payload={"getVariableResult": [result]})

    def told(self, version: str = "2.0.1") -> Told:
        return Told(version=version, known={}, say=self.say)


def setting(number: int) -> OutgoingCall:
    variables = [
        {"component": {"name": "C"}, "variable": {"name": f"V{one}"}, "attributeValue": "1"} for one in range(number)
    ]
    return OutgoingCall(action="SetVariables", payload={"setVariableData": variables})


def clearing(*monitors: int) -> OutgoingCall:
    return OutgoingCall(action="ClearVariableMonitoring", payload={"id": list(monitors)})


def sizes(calls: Any) -> list[int]:
    return [len(call.payload["setVariableData"]) for call in calls]


def ids(calls: Any) -> list[list[int]]:
    return [call.payload["id"] for call in calls]


async def test_a_message_is_split_by_what_the_station_takes_and_it_is_asked_once() -> None:
    station = Station({ITEMS_SET: "2"})
    told = station.told()
    for _ in range(2):
        calls = await within_limits([setting(5)], told)
        assert sizes(calls) == [2, 2, 1]
        assert [one for call in calls for one in call.payload["setVariableData"]] == setting(5).payload[
            "setVariableData"
        ]
    assert station.asked == [ITEMS_SET, ("DeviceDataCtrlr", "BytesPerMessage", "SetVariables", None)]


async def test_monitors_are_cleared_by_what_the_station_says_of_monitors() -> None:
    station = Station({ITEMS_CLEAR: "2", ITEMS_SET: "1"})
    assert ids(await within_limits([clearing(1, 2, 3)], station.told())) == [[1, 2], [3]]


async def test_a_message_is_no_longer_than_the_station_takes() -> None:
    most = len(call_frame("0" * 36, "ClearVariableMonitoring", {"id": [1, 22, 3]}))
    station = Station({BYTES_CLEAR: str(most)})
    calls = await within_limits([clearing(1, 22, 3, 4, 5, 6, 7)], station.told())
    assert ids(calls) == [[1, 22, 3], [4, 5, 6], [7]]


async def test_what_is_too_long_alone_goes_alone() -> None:
    station = Station({BYTES_CLEAR: "10"})
    assert ids(await within_limits([clearing(1, 2)], station.told())) == [[1], [2]]


@pytest.mark.parametrize("value", ["", "0", "-3", "many", "²"])
async def test_a_station_that_says_no_number_is_sent_all_at_once(value: str) -> None:
    assert sizes(await within_limits([setting(5)], Station({ITEMS_SET: value}).told())) == [5]


async def test_a_station_that_cannot_say_is_sent_all_at_once() -> None:
    error = CallError(message_id="m", code="NotSupported", description="")
    assert sizes(await within_limits([setting(3)], Station(instead=error).told("2.1"))) == [3]
    broken = CallResult(message_id="m", payload={"nothing": 1})
    assert sizes(await within_limits([setting(3)], Station(instead=broken).told("2.1"))) == [3]


async def test_a_single_variable_and_all_of_16_ask_nothing() -> None:
    station = Station({ITEMS_SET: "1"})
    assert sizes(await within_limits([setting(1)], station.told())) == [1]
    assert sizes(await within_limits([setting(5)], station.told("1.6"))) == [5]
    assert station.asked == []


def profile(evse: int, **period: Any) -> OutgoingCall:
    schedule = {"id": 1, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0} | period]}
    return OutgoingCall(
        action="SetChargingProfile", payload={"evseId": evse, "chargingProfile": {"chargingSchedule": [schedule]}}
    )


@pytest.mark.parametrize(
    ("says", "evse", "named"),
    [
        ({switching(1): "true"}, 1, True),
        ({switching(1): "True"}, 1, True),
        ({switching(None): "true"}, 1, True),
        ({switching(1): "false", switching(None): "true"}, 1, False),
        ({switching(2): "true"}, 1, False),
        ({switching(1): "true"}, 0, False),
        ({switching(None): "true"}, 0, True),
        ({}, 1, False),
    ],
)
async def test_a_phase_is_named_where_the_evse_says_that_it_can_switch(
    says: Mapping[Any, str],
    evse: int,
    named: bool,  # noqa: FBT001
) -> None:
    if named:
        await phases_can_be_named([profile(evse, numberPhases=1, phaseToUse=2)], Station(says).told())
        return
    with pytest.raises(CannotSay, match=r"K01\.FR\.20"):
        await phases_can_be_named([profile(evse, numberPhases=1, phaseToUse=2)], Station(says).told())


async def test_a_start_with_a_phase_is_asked_about_too() -> None:
    start = OutgoingCall(action="RequestStartTransaction", payload=profile(1, numberPhases=1, phaseToUse=2).payload)
    with pytest.raises(CannotSay):
        await phases_can_be_named([start], Station().told())


async def test_who_names_no_phase_asks_nothing() -> None:
    station = Station()
    await phases_can_be_named([profile(1, numberPhases=1), clearing(1, 2)], station.told())
    assert station.asked == []
