"""No more variables stand in a message of 2.x than the station says that it takes."""

from collections.abc import Mapping
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands.limits import within_limits
from charger_gateway.adapters.ocpp.commands.model import OutgoingCall
from charger_gateway.adapters.ocpp.frames import CallError, CallResult

ANSWER = {
    "attributeStatus": "Accepted",
    "component": {"name": "DeviceDataCtrlr"},
    "variable": {"name": "ItemsPerMessage", "instance": "SetVariables"},
}


class Station:
    """Says how many it takes, or something else."""

    def __init__(self, answer: CallResult | CallError) -> None:
        self._answer = answer
        self.asked: list[Mapping[str, Any]] = []

    async def say(self, action: str, payload: Mapping[str, Any]) -> CallResult | CallError:
        assert action == "GetVariables"
        self.asked.append(payload)
        return self._answer


def says(value: str) -> CallResult:
    return CallResult(message_id="m", payload={"getVariableResult": [{**ANSWER, "attributeValue": value}]})


def setting(number: int) -> OutgoingCall:
    variables = [
        {"component": {"name": "C"}, "variable": {"name": f"V{one}"}, "attributeValue": "1"} for one in range(number)
    ]
    return OutgoingCall(action="SetVariables", payload={"setVariableData": variables})


def sizes(calls: Any) -> list[int]:
    return [len(call.payload["setVariableData"]) for call in calls]


async def test_a_message_is_split_by_what_the_station_takes_and_it_is_asked_once() -> None:
    station, known = Station(says("2")), dict[str, int | None]()
    for _ in range(2):
        calls = await within_limits([setting(5)], "2.0.1", known, station.say)
        assert sizes(calls) == [2, 2, 1]
        assert [one for call in calls for one in call.payload["setVariableData"]] == setting(5).payload[
            "setVariableData"
        ]
    assert len(station.asked) == 1


@pytest.mark.parametrize("value", ["", "0", "-3", "many", "²"])
async def test_a_station_that_says_no_number_is_sent_all_at_once(value: str) -> None:
    assert sizes(await within_limits([setting(5)], "2.0.1", {}, Station(says(value)).say)) == [5]


async def test_a_station_that_cannot_say_is_sent_all_at_once() -> None:
    error = CallError(message_id="m", code="NotSupported", description="")
    assert sizes(await within_limits([setting(3)], "2.1", {}, Station(error).say)) == [3]
    broken = CallResult(message_id="m", payload={"nothing": 1})
    assert sizes(await within_limits([setting(3)], "2.1", {}, Station(broken).say)) == [3]


async def test_a_single_variable_and_all_of_16_ask_nothing() -> None:
    station = Station(says("1"))
    assert sizes(await within_limits([setting(1)], "2.0.1", {}, station.say)) == [1]
    assert sizes(await within_limits([setting(5)], "1.6", {}, station.say)) == [5]
    assert station.asked == []
