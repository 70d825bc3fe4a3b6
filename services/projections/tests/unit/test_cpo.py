"""What the operator sees of one session, of his stations, and of nobody else's."""

from projections.settings import RoleName
from projections.testing.model import Running
from projections.testing.story import STATION

CPO = {"Authorization": "Bearer cpo"}


async def test_the_station_stands_with_its_connection_connectors_faults_and_commands(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        body = (await model.http.get(f"/v1/stations/{STATION}", headers=CPO)).json()
    station = body["station"]
    assert (station["connected"], station["site"]["name"], station["firmware_version"]) == (True, "Parkhuis", "1.2")
    assert station["connectors"][0]["state"] == "CHARGING"
    assert station["connectors"][0]["fault_code"] == "GroundFailure"
    assert [(each["action"], each["outcome"]) for each in body["commands"]] == [("ResetStation", "succeeded")]
    assert {each["type"] for each in body["timeline"]} >= {"StationBooted", "StationConnected", "FaultReported"}
    assert body["as_of"]["token"]
