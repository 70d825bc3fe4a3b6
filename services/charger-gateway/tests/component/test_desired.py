"""Drift of a station's variables, found and repaired at its next contact, in both worlds."""

from pathlib import Path
from typing import Any

import pytest

from charger_gateway.adapters import tails
from chassis.clock import LabClock, wall_now
from chassis.testing import eventually
from ev_contracts.gateway import CommandRequested, DriftFound, DriftRemains, DriftRepaired

from .stations import STATION, willing_station  # noqa: TID252 - tests are no package of the installation
from .whole import Whole, running_whole  # noqa: TID252 - as above

WANTED = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "600"}


async def put(whole: Whole, who: str, version: str, *variables: dict[str, Any]) -> Any:
    path = f"/v1/stations/{STATION[version]}/desired-variables"
    body = {"variables": list(variables), "reason": "winter settings"}
    return await whole.http.put(path, json=body, headers={"Authorization": f"Bearer {who}"})


async def standing(whole: Whole, version: str, state: str) -> dict[str, Any]:
    async def there() -> Any:
        shown = (await whole.get("cpo", f"/v1/stations/{STATION[version]}/desired-variables")).json()
        return shown if shown.get("state") == state else None

    return dict(await eventually(there, deadline_s=30, what=f"variables that are {state}"))


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_drift_is_found_told_and_repaired(whole: Whole, version: str) -> None:
    async with willing_station(whole, version) as station:
        assert (await put(whole, "cpo", version, WANTED)).status_code == 202
        shown = await standing(whole, version, "repaired")
        heard = station.heard["ChangeConfiguration" if version == "1.6" else "SetVariables"]
    (drift,) = shown["drifts"]
    assert (drift["desired"], drift["reported"], shown["reason"]) == ("600", "300", "winter settings")
    assert "600" in repr(heard)
    kinds = [type(event) for event in await whole.desk()]
    assert (kinds.count(DriftFound), kinds.count(DriftRepaired)) == (1, 1)


async def test_a_station_that_was_away_is_asked_at_its_next_contact(whole: Whole) -> None:
    await put(whole, "cpo", "1.6", WANTED | {"value": "300"})
    async with willing_station(whole, "1.6"):
        await standing(whole, "1.6", "held")
    asked = [event for event in await whole.desk() if isinstance(event, CommandRequested)]
    assert {event.requested_by for event in asked} == {"desired-state"}


async def test_a_document_is_shown_however_much_was_said_since(quick: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "MOST_DESK_RECORDS", 1)
    await put(quick, "cpo", "1.6", WANTED)
    for _ in range(5):
        await quick.ask("cpo", STATION["1.6"], "clear-cache")
    await quick.outcomes(7)
    shown = await standing(quick, "1.6", "unchecked")
    assert [one["value"] for one in shown["variables"]] == ["600"]
    absent = await quick.get("cpo", f"/v1/stations/{STATION['2.0.1']}/desired-variables")
    assert absent.status_code == 404


async def test_who_may_desire_what(whole: Whole) -> None:
    answers = {who: (await put(whole, who, "1.6", WANTED)).status_code for who in ("other-cpo", "emsp", "anna")}
    assert answers == {"other-cpo": 404, "emsp": 403, "anna": 403}
    secret = {"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": "x"}
    assert (await put(whole, "cpo", "1.6", secret)).status_code == 422
    assert (await put(whole, "cpo", "1.6", {"variable": "x"})).status_code == 422
    assert (await whole.get("cpo", f"/v1/stations/{STATION['1.6']}/desired-variables")).status_code == 404


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_what_a_station_refuses_remains_and_its_next_contact_tries_again(tmp_path: Path, version: str) -> None:
    action = "ChangeConfiguration" if version == "1.6" else "SetVariables"
    clock = LabClock(start=wall_now(), rate=60)
    async with running_whole(tmp_path / "secrets", wait_s=5.0, clock=clock) as whole:
        async with willing_station(whole, version) as station:
            station.refuses.add(action)
            await put(whole, "cpo", version, WANTED)
            assert (await standing(whole, version, "remaining"))["why"] == "Rejected"
        async with willing_station(whole, version):
            await standing(whole, version, "repaired")
        kinds = [type(event) for event in await whole.desk()]
    assert (kinds.count(DriftFound), kinds.count(DriftRemains), kinds.count(DriftRepaired)) == (2, 1, 1)


async def test_a_station_that_drifts_later_is_found_and_repaired(tmp_path: Path) -> None:
    clock = LabClock(start=wall_now(), rate=60)
    async with running_whole(tmp_path / "secrets", wait_s=5.0, clock=clock) as whole:
        async with willing_station(whole, "1.6"):
            await put(whole, "cpo", "1.6", WANTED | {"value": "300"})
            await standing(whole, "1.6", "held")
        async with willing_station(whole, "1.6") as station:
            station.says["GetConfiguration"] = {
                "configuration_key": [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}]
            }
            shown = await standing(whole, "1.6", "repaired")
    assert [(one["desired"], one["reported"]) for one in shown["drifts"]] == [("300", "60")]
