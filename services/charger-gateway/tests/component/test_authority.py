"""Who may command which station, and see what of it."""

from typing import Any

import orjson
import pytest

from chassis.auth import undeclared_routes
from chassis.runner import HttpEdge
from chassis.testing import eventually

from .seeding import BUSY_CARD, CARD  # noqa: TID252 - tests are no package of the installation
from .whole import Whole  # noqa: TID252 - as above


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("anna", {"id_token": CARD}, 202),
        ("emsp", {"id_token": CARD}, 202),
        ("cpo", {"id_token": CARD, "reason": "service"}, 202),
        ("cpo", {"id_token": CARD}, 422),
        ("bert", {"id_token": CARD}, 404),
        ("emsp", {"id_token": "UNKNOWN"}, 404),
        ("other-cpo", {"id_token": CARD, "reason": "service"}, 404),
        ("owner", {"id_token": CARD, "reason": "service"}, 403),
        ("engineer", {"id_token": CARD, "reason": "service"}, 403),
        ("stranger", {"id_token": CARD}, 401),
        ("cpo", {"id_token": ""}, 422),
        ("cpo", {"id_token": CARD, "evse_number": "1"}, 422),
        ("cpo", {"id_token": CARD, "color": "red"}, 422),
        ("cpo", {}, 422),
    ],
)
async def test_who_may_start(quick: Whole, who: str, body: dict[str, Any], status: int) -> None:
    response = await quick.ask(who, "NLVOLT0001", "start", **body)
    assert response.status_code == status
    if status >= 400:
        assert response.headers["content-type"] == "application/problem+json"


async def test_only_the_sessions_own_and_their_group_may_stop_it(quick: Whole) -> None:
    async with quick.station("NLVOLT0001", "ocpp1.6") as ws:
        start = {"connectorId": 1, "idTag": CARD, "meterStart": 0, "timestamp": "2026-11-20T12:00:00Z"}
        await ws.send(orjson.dumps([2, "m1", "StartTransaction", start]).decode())
        number = str(orjson.loads(await ws.recv())[2]["transactionId"])
    answers = {
        who: (await quick.ask(who, "NLVOLT0001", "stop", transaction_id=number)).status_code
        for who in ("anna", "carl", "emsp", "bert", "cpo", "other-cpo", "owner")
    }
    assert answers == {"anna": 202, "carl": 202, "emsp": 202, "bert": 404, "cpo": 422, "other-cpo": 404, "owner": 403}
    assert (await quick.ask("anna", "NLVOLT0001", "stop", transaction_id="1")).status_code == 404


async def test_a_card_that_may_have_one_session_starts_no_second(quick: Whole) -> None:
    async with quick.station("NLVOLT0002", "ocpp1.6") as ws:
        start = {"connectorId": 1, "idTag": BUSY_CARD, "meterStart": 0, "timestamp": "2026-11-20T12:00:00Z"}
        await ws.send(orjson.dumps([2, "m1", "StartTransaction", start]).decode())
        answer = orjson.loads(await ws.recv())[2]
    assert answer["idTagInfo"]["status"] == "ConcurrentTx"


@pytest.mark.parametrize(("who", "status"), [("cpo", 202), ("other-cpo", 404), ("emsp", 403), ("anna", 403)])
async def test_who_may_reset(quick: Whole, who: str, status: int) -> None:
    assert (await quick.ask(who, "NLVOLT0001", "reset")).status_code == status


async def test_a_technician_has_no_work_orders_yet_and_so_may_command_nothing(quick: Whole) -> None:
    asked = {command: await quick.ask("technician", "NLVOLT0001", command) for command in ("reset", "clear-cache")}
    asked["start"] = await quick.ask("technician", "NLVOLT0001", "start", id_token=CARD, reason="test")
    asked["raw"] = await quick.ask("technician", "NLVOLT0001", "raw/Reset", type="Soft")
    asked["desired"] = await quick.get("technician", "/v1/stations/NLVOLT0001/desired-variables")
    assert {what: answer.status_code for what, answer in asked.items()} == dict.fromkeys(asked, 403)


async def test_an_unknown_station_is_not_found(quick: Whole) -> None:
    assert (await quick.ask("cpo", "NLVOLT0009", "reset")).status_code == 404


async def test_a_command_is_shown_to_its_caller_and_the_operator_only(quick: Whole) -> None:
    link = (await quick.ask("anna", "NLVOLT0001", "start", id_token=CARD)).headers["Location"]
    assert [(await quick.get(who, link)).status_code for who in ("anna", "cpo", "bert", "other-cpo", "emsp")] == [
        200,
        200,
        404,
        404,
        404,
    ]


async def test_only_an_engineer_reads_frames(quick: Whole) -> None:
    async with quick.station("NLVOLT0001", "ocpp1.6") as ws:
        await ws.send('[2,"m1","Heartbeat",{}]')
        await ws.recv()

    async def kept() -> Any:
        shown = (await quick.get("engineer", "/v1/stations/NLVOLT0001/frames")).json()["frames"]
        return shown if len(shown) == 2 else None

    inbound, outbound = await eventually(kept)
    assert (inbound["text"], inbound["from_station"]) == ('[2,"m1","Heartbeat",{}]', True)
    assert outbound["text"].startswith('[3,"m1",{"currentTime"')
    assert (await quick.get("engineer", "/v1/stations/NLVOLT0002/frames")).json()["frames"] == []
    assert (await quick.get("cpo", "/v1/stations/NLVOLT0001/frames")).status_code == 403
    assert (await quick.get("engineer", "/v1/stations/NLVOLT0001/frames?limit=9999")).status_code == 422


async def test_every_route_declares_an_act(quick: Whole) -> None:
    edge, _files = (part for part in quick.service.parts if isinstance(part, HttpEdge))
    assert undeclared_routes(edge.app) == []
