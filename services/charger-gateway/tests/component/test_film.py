"""A station's film: what was on the wire, what became true, what was asked and decided, in one order."""

from typing import Any

import orjson

from chassis.testing import eventually

from .seeding import CARD  # noqa: TID252 - tests are no package of the installation
from .whole import Whole  # noqa: TID252 - as above

AT = "2026-11-20T12:00:00Z"
FILM = "/v1/stations/NLVOLT0001/film"


async def _charged(whole: Whole) -> str:
    """A session, and a reset that the station takes."""
    async with whole.station("NLVOLT0001", "ocpp1.6") as ws:
        start = {"connectorId": 1, "idTag": CARD, "meterStart": 0, "timestamp": AT}
        await ws.send(orjson.dumps([2, "m1", "StartTransaction", start]).decode())
        number = orjson.loads(await ws.recv())[2]["transactionId"]
        await whole.ask("cpo", "NLVOLT0001", "reset")
        command = orjson.loads(await ws.recv())
        await ws.send(orjson.dumps([3, command[1], {"status": "Accepted"}]).decode())
        await whole.outcomes(3)
        stop = {"transactionId": number, "meterStop": 8_400, "timestamp": AT}
        await ws.send(orjson.dumps([2, "m2", "StopTransaction", stop]).decode())
        await ws.recv()
    return str(number)


async def _film(whole: Whole, path: str, frames: int) -> list[dict[str, Any]]:
    async def kept() -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = (await whole.get("engineer", path)).json()["film"]
        return shown if sum(one["kind"] == "frame" for one in shown) >= frames else []

    found: list[dict[str, Any]] = await eventually(kept, what=f"{frames} frames")
    return found


async def test_the_film_shows_frames_events_commands_and_decisions_in_order(quick: Whole) -> None:
    await _charged(quick)
    film = await _film(quick, FILM, 6)
    assert [one["at"] for one in film] == sorted(one["at"] for one in film)
    told = [(one["kind"], one["name"]) for one in film if one["kind"] != "frame"]
    assert {kind for kind, _ in told} == {"event", "command", "decision"}
    names = [name for _, name in told]
    for earlier, later in (
        ("StationConnected", "TransactionStarted"),
        ("ResetStation", "CommandRequested"),
        ("CommandSent", "CommandSucceeded"),
        ("TransactionStarted", "TransactionEnded"),
    ):
        assert names.index(earlier) < names.index(later)
    frames = [one["body"] for one in film if one["kind"] == "frame"]
    assert [frame["from_station"] for frame in frames] == [True, False, False, True, True, False]
    assert CARD not in str([one for one in film if one["kind"] != "frame"])


async def test_a_transactions_film_leaves_other_transactions_out(quick: Whole) -> None:
    first = await _charged(quick)
    film = await _film(quick, f"{FILM}?transaction_id={first}", 6)
    of = {one["body"].get("transaction_id") for one in film if one["kind"] == "event"}
    assert of == {first, None}
    assert (await quick.get("engineer", f"{FILM}?transaction_id=4711")).json()["film"] == []


async def test_only_an_engineer_of_the_stations_tenant_sees_it(quick: Whole) -> None:
    statuses = {who: (await quick.get(who, FILM)).status_code for who in ("engineer", "cpo", "anna", "stranger")}
    assert statuses == {"engineer": 200, "cpo": 403, "anna": 403, "stranger": 401}
    assert (await quick.get("engineer", "/v1/stations/NLVOLT0009/film")).status_code == 404
