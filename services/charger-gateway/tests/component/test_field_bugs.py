"""What open systems got wrong about stopping a session: each thread with the request it speaks of."""

from .stations import STATION, willing_station  # noqa: TID252 - tests are no package of the installation
from .whole import Whole  # noqa: TID252 - as above


async def test_the_stop_that_the_api_describes_is_served_and_reaches_the_station(whole: Whole) -> None:
    """steve#2054: the stop as the API's own description had it was a 404; steve#235: no message went to the station."""
    described = (await whole.get("cpo", "/openapi.json")).json()["paths"]
    (path,) = [each for each, verbs in described.items() if each.endswith("/commands/stop") and "post" in verbs]
    station_id = STATION["1.6"]
    async with willing_station(whole, "1.6") as station:
        response = await whole.http.post(
            path.format(station_id=station_id),
            json={"transaction_id": "33818", "reason": "the driver has left"},
            headers={"Authorization": "Bearer cpo"},
        )
        assert (response.status_code, response.json()["status"]) == (200, "succeeded")
        assert station.heard["RemoteStopTransaction"] == {"transaction_id": 33818}


async def test_a_transaction_that_the_station_does_not_know_is_still_asked_of_it(whole: Whole) -> None:
    """steve#2042 and #816: what the system itself held of a session kept the operator from stopping it."""
    async with willing_station(whole, "1.6") as station:
        response = await whole.ask("cpo", STATION["1.6"], "stop", transaction_id="4711", reason="it charges on")
        assert response.status_code == 200
        assert station.heard["RemoteStopTransaction"] == {"transaction_id": 4711}
