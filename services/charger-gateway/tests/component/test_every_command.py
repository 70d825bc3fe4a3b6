"""Every command of every version by HTTP, through the desk, to stations of a library that is not ours, and back."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from charger_gateway.adapters.http.actions import slug_of
from charger_gateway.adapters.ocpp.commands import ACTIONS
from charger_gateway.domain.actions import asked_in
from chassis.testing import eventually
from ev_contracts.gateway import CommandRefused, CommandRequested, CommandSent

from .seeding import CARD  # noqa: TID252 - tests are no package of the installation
from .stations import STATION, willing_station  # noqa: TID252 - as above
from .whole import Whole  # noqa: TID252 - as above

EXAMPLES = Path(__file__).resolve().parents[4] / "contracts" / "examples" / "gateway"
VERSIONS = ("1.6", "2.0.1", "2.1")
SHARED = ("at", "command_id", "station_id", "requested_by", "reason", "expires_at", "token_ref")
TOKEN = {"uid": CARD, "type": "ISO14443"}
CLEAR: dict[str, dict[str, Any]] = {
    "TransferData": {"data": "green"},
    "SendLocalList": {"entries": [{"id_token": TOKEN, "status": "Accepted"}]},
}
BY_SESSION: dict[str, tuple[str, dict[str, Any]]] = {
    "StartTransactionRemotely": ("start", {"id_token": CARD, "evse_number": 1, "reason": "test"}),
    "StopTransactionRemotely": ("stop", {"transaction_id": "77", "reason": "test"}),
}


def body_of(action: str) -> tuple[str, dict[str, Any]]:
    """The route and the body that the contracts' example of a command would have had."""
    if action in BY_SESSION:
        return BY_SESSION[action]
    read = json.loads((EXAMPLES / action / "amsterdam.json").read_text(encoding="utf-8"))
    said = {name: value for name, value in read.items() if name not in SHARED and not name.endswith("_sealed")}
    if "id_token_sealed" in read:
        said["id_token"] = TOKEN
    return slug_of(action), said | CLEAR.get(action, {})


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_station_answers_every_command_of_its_version(whole: Whole, version: str) -> None:
    sayable = sorted(action for action, said in ACTIONS.items() if said.action(version) is not None)
    async with willing_station(whole, version) as station:
        for action in sayable:
            route, body = body_of(action)
            response = await whole.ask("cpo", STATION[version], route, **body)
            shown = response.json()
            assert (response.status_code, shown["status"]) == (200, "succeeded"), (action, shown)
            assert ACTIONS[action].action(version) in station.heard
    sent = [event for event in await whole.desk() if isinstance(event, CommandSent)]
    assert len(sent) == len(sayable)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_a_version_has_no_words_for_is_refused_unsent(whole: Whole, version: str) -> None:
    async with willing_station(whole, version):
        for action in sorted(action for action, said in ACTIONS.items() if said.action(version) is None)[:3]:
            route, body = body_of(action)
            shown = (await whole.ask("cpo", STATION[version], route, **body)).json()
            assert (shown["status"], shown["answer"]) == ("refused", "inexpressible")
            assert shown["detail"] == f"OCPP {version} has no {action}"
    assert not [event for event in await whole.desk() if isinstance(event, CommandSent)]


async def test_a_body_is_checked_before_anything_is_asked(whole: Whole) -> None:
    for body in ({}, {"evse_number": "1", "duration_s": 60}, {"evse_number": 1, "duration_s": 60, "color": "red"}):
        response = await whole.ask("cpo", STATION["1.6"], "get-composite-schedule", **body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
    assert await whole.desk() == []


async def test_a_command_that_is_none_is_said_to_be_none(whole: Whole) -> None:
    told = {
        word: (await whole.ask("cpo", STATION["1.6"], word)).json() for word in ("set-charging-profil", "Stop", "x")
    }
    assert {word: said["detail"] for word, said in told.items()} == {
        "set-charging-profil": "no command set-charging-profil (did you mean set-charging-profile?)",
        "Stop": "no command Stop (did you mean stop?)",
        "x": "no command x",
    }
    assert {(said["status"], said["type"]) for said in told.values()} == {(404, "urn:problem:no-such-command")}
    assert (await whole.ask("stranger", STATION["1.6"], "x")).status_code == 401


@pytest.mark.parametrize("answer", ["Accepted", None, [], {"setVariableResult": [[]]}, {"setVariableResult": 7}])
async def test_an_answer_that_is_none_is_an_outcome_at_once(whole: Whole, answer: Any) -> None:
    async with whole.station(STATION["2.0.1"], "ocpp2.0.1") as ws:
        await whole.connected()
        route, body = body_of("SetVariables")
        asking = asyncio.create_task(whole.ask("cpo", STATION["2.0.1"], route, **body))
        await ws.send(json.dumps([3, json.loads(await ws.recv())[1], answer]))
        shown = (await asking).json()
    assert (shown["status"], shown["answer"]) == ("refused", "invalid-answer")


async def test_what_a_station_says_of_itself_stands_in_the_outcome(whole: Whole) -> None:
    for version in ("1.6", "2.0.1"):
        async with willing_station(whole, version):
            route, body = body_of("GetVariables")
            shown = (await whole.ask("cpo", STATION[version], route, **body)).json()
        (one,) = shown["response"]["variables"]
        assert (one["component"], one["variable"], one["value"]) == ("OCPPCommCtrlr", "HeartbeatInterval", "300")


async def test_secrets_and_tokens_reach_the_station_and_never_the_log(whole: Whole) -> None:
    password = "volt-secret-0001"
    setting = {"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": password}
    async with willing_station(whole, "2.0.1") as station:
        await whole.ask("cpo", STATION["2.0.1"], "set-variables", variables=[setting])
        await whole.ask("cpo", STATION["2.0.1"], "send-local-list", **body_of("SendLocalList")[1])
        heard = station.heard
    assert heard["SetVariables"]["set_variable_data"][0]["attribute_value"] == password
    assert heard["SendLocalList"]["local_authorization_list"][0]["id_token"]["id_token"] == CARD
    for event in await whole.desk():
        assert password not in repr(event)
        assert CARD not in repr(event)
    lists = [asked_in(event) for event in await whole.desk() if isinstance(event, CommandRequested)]
    assert lists[1].entries[0].token_ref == "tok-1"  # type: ignore[union-attr]  # it has them


# Raw calls.


async def raw(whole: Whole, who: str, version: str, action: str, payload: Any) -> Any:
    path = f"/v1/stations/{STATION[version]}/commands/raw/{action}?reason=field+test"
    return await whole.http.post(path, json=payload, headers={"Authorization": f"Bearer {who}"})


@pytest.mark.parametrize(
    ("version", "payload", "said"),
    [
        ("1.6", {"key": ["X"]}, ("GetConfiguration", "configurationKey")),
        ("2.0.1", {}, ("GetLocalListVersion", "versionNumber")),
        ("2.1", {}, ("GetLocalListVersion", "versionNumber")),
    ],
)
async def test_an_engineer_gets_the_stations_answer_as_it_was(
    whole: Whole, version: str, payload: Any, said: tuple[str, str]
) -> None:
    action, field = said
    async with willing_station(whole, version):
        response = await raw(whole, "engineer", version, action, payload)
    shown = response.json()
    assert (response.status_code, shown["status"], shown["reason"]) == (200, "succeeded", "field test")
    assert field in shown["response"]["payload"]
    link = response.headers["Location"]
    assert [(await whole.get(who, link)).status_code for who in ("engineer", "cpo")] == [200, 404]
    assert all("configurationKey" not in repr(event) for event in await whole.desk())


@pytest.mark.parametrize(
    ("action", "payload", "error"),
    [
        (
            "Reset",
            {"type": "Later"},
            {"field": "type", "message": "enum Hard, Soft", "code": "PropertyConstraintViolation"},
        ),
        ("Reset", {}, {"field": "payload", "message": "required type", "code": "OccurenceConstraintViolation"}),
        ("Reset", {"type": 1}, {"field": "type", "message": "type string", "code": "TypeConstraintViolation"}),
        (
            "reset",
            {"type": "Hard"},
            {
                "field": "action",
                "message": "no call to a station in OCPP 1.6 (did you mean Reset?)",
                "code": "NotImplemented",
            },
        ),
        (
            "BootNotification",
            {},
            {"field": "action", "message": "no call to a station in OCPP 1.6", "code": "NotImplemented"},
        ),
    ],
)
async def test_a_raw_payload_is_checked_by_the_versions_schema(
    whole: Whole, action: str, payload: Any, error: dict[str, str]
) -> None:
    async with willing_station(whole, "1.6"):
        response = await raw(whole, "engineer", "1.6", action, payload)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"] == [error]
    assert await whole.desk() == []


async def test_only_an_engineer_of_the_tenant_says_raw_ocpp_and_only_to_a_connected_station(whole: Whole) -> None:
    async with willing_station(whole, "1.6"):
        answers = {
            who: (await raw(whole, who, "1.6", "ClearCache", {})).status_code
            for who in ("cpo", "emsp", "anna", "stranger", "engineer")
        }
    assert answers == {"cpo": 403, "emsp": 403, "anna": 403, "stranger": 401, "engineer": 200}
    absent = await raw(whole, "engineer", "2.1", "ClearCache", {})
    assert (absent.status_code, absent.json()["type"]) == (409, "urn:problem:station-not-connected")


async def test_a_stations_error_is_a_refusal_in_its_own_code(whole: Whole) -> None:
    async with whole.station(STATION["1.6"], "ocpp1.6") as ws:
        await whole.connected()
        asking = asyncio.create_task(raw(whole, "engineer", "1.6", "ClearCache", {}))
        call = json.loads(await ws.recv())
        await ws.send(json.dumps([4, call[1], "NotSupported", "none here", {}]))
        shown = (await asking).json()
    assert (shown["status"], shown["answer"], shown["detail"]) == ("refused", "NotSupported", "none here")
    assert [type(event) for event in await whole.desk()][-1] is CommandRefused


async def test_what_follows_a_raw_call_is_shown_with_it(whole: Whole) -> None:
    async with whole.station(STATION["2.1"], "ocpp2.1") as ws:
        await whole.connected()
        log = {"logType": "SecurityLog", "requestId": 77, "log": {"remoteLocation": "https://files.example/"}}
        asking = asyncio.create_task(raw(whole, "engineer", "2.1", "GetLog", log))
        call = json.loads(await ws.recv())
        await ws.send(json.dumps([3, call[1], {"status": "Accepted"}]))
        link = (await asking).headers["Location"]
        await ws.send('[2,"m1","LogStatusNotification",{"status":"Uploaded","requestId":77}]')
        assert json.loads(await ws.recv()) == [3, "m1", {}]

        async def told() -> bool:
            return [one["status"] for one in (await whole.get("engineer", link)).json()["progress"]] == ["Uploaded"]

        await eventually(told, what="the word that follows")
