"""A station's film is replayed: the same answers again, a difference where one is, and the same failures."""

import copy
from typing import Any

from chassis.testing import eventually
from conformance.replay import replayed
from conformance.seeding import UNKNOWN
from conformance.stand import Stand
from conformance.v16.point import Point


async def _filmed(stand: Stand) -> Any:
    """The film of a station that booted, charged, was commanded, and said something that nobody can read."""
    point = Point(stand)
    await point.connect()
    await point.boots()
    number = await point.charges()
    await point.obeys("reset", {"hard": False}, "Reset")
    assert await point.is_refused("BootNotification", {"chargePointVendor": 7})
    await point.authorize(UNKNOWN)
    await point.stops(number)
    await point.disconnect()
    return await _film_of(stand, point.station_id, 20)


async def _film_of(stand: Stand, station_id: str, frames: int) -> Any:
    async def kept() -> Any:
        film = (await stand.http.get(f"/v1/stations/{station_id}/film")).json()
        return film if sum(one["kind"] == "frame" for one in film["film"]) >= frames else None

    return await eventually(kept, what="the film")


async def test_a_film_is_answered_as_it_was(stand: Stand) -> None:
    film = await _filmed(stand)
    report = await replayed(film, url=stand.url(film["station_id"]), secret=Point(stand).secret)
    assert report.differences == []
    assert report.said == report.same > 8
    assert report.not_repeated == 1


async def test_an_answer_that_differs_is_told(stand: Stand) -> None:
    film = await _filmed(stand)
    changed = copy.deepcopy(film)
    for one in changed["film"]:
        if one["kind"] == "frame":
            one["body"]["text"] = one["body"]["text"].replace('"status":"Invalid"', '"status":"Accepted"')
    report = await replayed(changed, url=stand.url(film["station_id"]), secret=Point(stand).secret)
    assert len(report.differences) == 1
    assert "Authorize" in report.differences[0]
    assert "1 differ" in next(report.lines())
