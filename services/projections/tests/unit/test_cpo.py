"""What the operator sees of one session, of his stations, and of nobody else's."""

from chassis.testing import eventually
from projections.settings import RoleName
from projections.testing.model import Running
from projections.testing.samples import BOUGHT, INVOICE, SESSION, STATION, Told
from projections.testing.story import DISCONNECTED

CPO = {"Authorization": "Bearer cpo"}
AMPERE = {"Authorization": "Bearer ampere"}


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


async def test_a_station_whose_connection_ended_is_not_connected(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        key = f"volt/{STATION}"
        await model.tell((Told(topic="gateway.connection.event.v1", key=key, record=DISCONNECTED),))

        async def found() -> list[object]:
            answer = await model.http.get("/v1/stations", params={"connected": "false"}, headers=CPO)
            return list(answer.json()["items"])

        assert await eventually(found)


async def test_the_session_shows_energy_cost_invoice_cdr_readings_and_timeline(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        body = (await model.http.get(f"/v1/sessions/{SESSION}", headers=CPO)).json()
    session = body["session"]
    expected = {
        "status": "closed",
        "energy_wh": 8_400,
        "running_incl_minor": 254,
        "net_minor": 420,
        "gross_minor": 508,
        "invoice_number": INVOICE,
        "cdr_status": "sent",
        "emsp_party_id": "NL-EMO",
    }
    assert {name: session[name] for name in expected} == expected
    assert [each["energy_wh"] for each in body["readings"]] == [2_100, 4_200, 6_300]
    assert [each["type"] for each in body["timeline"]][-1] == "SessionStarted"


async def test_lists_filter_and_page(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        closed = (await model.http.get("/v1/sessions", params={"status": "closed"}, headers=CPO)).json()
        charging = (await model.http.get("/v1/sessions", params={"status": "charging"}, headers=CPO)).json()
        first = (await model.http.get("/v1/sessions", params={"limit": 1}, headers=CPO)).json()
        second = (await model.http.get("/v1/sessions", params={"limit": 1, "page": first["next"]}, headers=CPO)).json()
        forged = await model.http.get("/v1/sessions", params={"page": "forged"}, headers=CPO)
        foreign = await model.http.get("/v1/invoices", params={"page": first["next"]}, headers=CPO)
    assert [each["session_id"] for each in closed["items"]] == [SESSION]
    assert charging["items"] == []
    assert (len(first["items"]), second["items"], second["next"]) == (1, [], None)
    assert (forged.status_code, foreign.status_code) == (422, 422)


async def test_the_invoice_is_shown_whole_and_only_the_operators_own(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        listed = (await model.http.get("/v1/invoices", headers=CPO)).json()["items"]
        invoice = (await model.http.get(f"/v1/invoices/{INVOICE}", headers=CPO)).json()["invoice"]
        other = await model.http.get(f"/v1/invoices/{BOUGHT}", headers=CPO)
    assert [(each["invoice_number"], each["gross_minor"]) for each in listed] == [(INVOICE, 508)]
    assert (invoice["gross_minor"], invoice["lines"][0]["unit"]) == (508, "kWh")
    assert other.status_code == 404


async def test_another_operator_sees_nothing_of_it(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model:
        lists = [
            (await model.http.get(path, headers=AMPERE)).json()["items"]
            for path in ("/v1/stations", "/v1/sessions", "/v1/invoices", "/v1/sites")
        ]
        foreign = [
            (await model.http.get(path, headers=AMPERE)).status_code
            for path in (f"/v1/stations/{STATION}", f"/v1/sessions/{SESSION}", f"/v1/invoices/{INVOICE}")
        ]
        asked_for = await model.http.get("/v1/stations", params={"tenant": "volt"}, headers=AMPERE)
        nobody = await model.http.get("/v1/stations")
        driver = await model.http.get("/v1/stations", headers={"Authorization": "Bearer driver"})
    assert lists == [[], [], [], []]
    assert foreign == [404, 404, 404]
    assert (asked_for.status_code, nobody.status_code, driver.status_code) == (404, 401, 403)


async def test_a_change_is_told_to_an_open_stream_of_the_same_tenant(read_model: Running) -> None:
    async with read_model(RoleName.CPO) as model, model.http.stream("GET", "/v1/stream/network", headers=CPO) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: ping"
        key = f"volt/{STATION}"
        await model.tell((Told(topic="gateway.connection.event.v1", key=key, record=DISCONNECTED),))
        async for line in lines:
            if line == "event: stations":
                break
        assert await anext(lines) == f'data: {{"id":"{STATION}"}}'
