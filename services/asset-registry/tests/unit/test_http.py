"""The registry's command API, with the whole service in memory behind it."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from registry_samples import CSV_HEADER, FITTING, METER, MUSEUM, PARTIES, SWAP, VOLT, csv_line
from registry_samples import station as station_named

from asset_registry.app import build
from asset_registry.settings import Settings
from chassis.auth import declared_acts, undeclared_routes
from chassis.log import MemoryLog
from chassis.runner import HttpEdge, Service
from ev_contracts.authority import ACTS

shared = pytest.mark.asyncio(loop_scope="module")
"""One service for the whole module: tests are told apart by the stations they register."""

OWNERSHIP: dict[str, Any] = {
    "contract_id": "OWN-1",
    "cpo_party_id": "NL-VLT",
    "owner_party_id": "NL-OWN",
    "site_ids": ["AMS-MUSEUM"],
    "share_permille": 300,
    "valid_from": "2026-01-01T00:00:00Z",
}
COMMERCIAL: dict[str, Any] = {
    "contract_id": "COM-1",
    "cpo_party_id": "NL-VLT",
    "emsp_party_id": "NL-EMO",
    "model": "RESALE",
    "valid_from": "2026-01-01T00:00:00Z",
}


def by(caller: str, key: str = "") -> dict[str, str]:
    known = {"Authorization": f"Bearer {caller}"} if caller else {}
    return known | ({"Idempotency-Key": key} if key else {})


def numbered(number: int) -> dict[str, Any]:
    return station_named(f"NLVOLT{number:04d}")


async def told(http: httpx2.AsyncClient, path: str, body: Any, *, caller: str = "volt", key: str = "") -> Any:
    answer = await http.post(path, json=body, headers=by(caller, key))
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def founded(http: httpx2.AsyncClient) -> None:
    for party in PARTIES:
        await told(http, "/v1/parties", party, caller="platform")
    await told(http, "/v1/sites", MUSEUM)


def app_of(service: Service) -> FastAPI:
    (app,) = (part.app for part in service.parts if isinstance(part, HttpEdge))
    assert isinstance(app, FastAPI)
    return app


def test_every_route_names_its_act(settings: Settings) -> None:
    assert undeclared_routes(app_of(build(settings, log=MemoryLog()))) == []


@shared
async def test_a_role_that_the_table_does_not_name_gets_no_further(
    http: httpx2.AsyncClient, settings: Settings
) -> None:
    roles = {row.role for rows in ACTS.values() for row in rows}
    acts = declared_acts(app_of(build(settings, log=MemoryLog())))
    assert len(acts) == 27
    for method, path, act in acts:
        place = path.replace("{party_id}", "NL-VLT").replace("{", "").replace("}", "")
        answers = {role: await http.request(method, place, headers=by(f"only-{role}")) for role in roles}
        refused = {role for role, answer in answers.items() if answer.status_code == 403}
        assert refused == roles - {row.role for row in ACTS[act]}, f"{method} {path}"


@shared
async def test_what_was_written_is_read_at_once(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(10)
    made = await told(http, "/v1/stations", station)
    assert (made["tenant"], made["station_id"], len(made["secret"])) == ("volt", "NLVOLT0010", 40)
    station = (await http.get("/v1/stations/NLVOLT0010", headers=by("volt"))).json()
    assert (station["model"], station["retired"]) == ("Eve Single", False)
    assert (await http.get("/v1/sites/AMS-MUSEUM", headers=by("volt"))).json()["feeder_id"] == "F-AMS-1"
    assert (await http.get("/v1/parties/NL-VLT", headers=by("volt"))).json()["roles"] == ["CPO"]
    assert "secret" not in station


@shared
async def test_a_retry_with_its_key_gets_the_same_secret_and_without_none(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(11)
    first = await told(http, "/v1/stations", station, key="k1")
    assert await told(http, "/v1/stations", station, key="k1") == first
    again = await told(http, "/v1/stations", station)
    assert again == {"tenant": "volt", "station_id": "NLVOLT0011", "happened": []}
    assert (await told(http, "/v1/stations", station, key="k2")).get("secret") is None


@shared
async def test_a_key_used_with_another_body_is_refused(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(12)
    await told(http, "/v1/stations", station, key="k1")
    other = await http.post("/v1/stations", json={**station, "model": "Eve Double"}, headers=by("volt", "k1"))
    assert (other.status_code, other.json()["title"]) == (422, "idempotency-key-reused")


@shared
async def test_an_identity_belongs_to_one_tenant(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(13)
    await told(http, "/v1/sites", {**MUSEUM, "cpo_party_id": "NL-AMP"}, caller="ampere")
    await told(http, "/v1/stations", station)
    taken = await http.post("/v1/stations", json={**station, "cpo_party_id": "NL-AMP"}, headers=by("ampere"))
    assert (taken.status_code, taken.json()["title"]) == (409, "identity-taken")
    assert (await http.get("/v1/stations/NLVOLT0013", headers=by("ampere"))).status_code == 404
    for path in ("credential", "retirement"):
        foreign = await http.post(
            f"/v1/stations/NLVOLT0013/{path}",
            json={"reason": "mine"} if path == "retirement" else {},
            headers=by("ampere"),
        )
        assert foreign.status_code == 404


@shared
async def test_a_credential_rotates_and_a_retry_tells_the_same(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(14)
    first = await told(http, "/v1/stations", station)
    rotated = await told(http, "/v1/stations/NLVOLT0014/credential", {}, key="r1")
    assert rotated["secret"] != first["secret"]
    assert await told(http, "/v1/stations/NLVOLT0014/credential", {}, key="r1") == rotated
    own = await told(http, "/v1/stations/NLVOLT0014/credential", {"secret": "moved-here-with-it"})
    assert "secret" not in own


@shared
async def test_a_credential_is_taken_back_and_another_one_opens_again(http: httpx2.AsyncClient) -> None:
    await founded(http)
    path = "/v1/stations/NLVOLT0019/credential"
    await told(http, "/v1/stations", numbered(19))
    assert (await http.delete(path, headers=by("ampere"))).status_code == 404
    taken = [(await http.delete(path, headers=by("volt"))).json()["happened"] for _ in range(2)]
    assert taken == [["ev.assets.CredentialRevoked"], []]
    assert (await told(http, path, {}))["happened"] == ["ev.assets.CredentialRotated"]


@shared
async def test_a_station_that_moves_here_keeps_its_secret(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(15)
    moved = {**station, "secret": "0123456789abcdef0123456789abcdef01234567"}
    assert "secret" not in await told(http, "/v1/stations", moved)
    assert (await told(http, "/v1/stations", moved))["happened"] == []
    other = await http.post("/v1/stations", json={**moved, "secret": "another-secret-0"}, headers=by("volt"))
    assert (other.status_code, other.json()["title"]) == (409, "identity-claimed-before")


@shared
async def test_a_retired_station_has_no_credential_and_does_not_come_back(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(16)
    await told(http, "/v1/stations", station)
    await told(http, "/v1/stations/NLVOLT0016/retirement", {"reason": "site closed"})
    assert (await http.get("/v1/stations/NLVOLT0016", headers=by("volt"))).json()["retired"] is True
    back = await http.post("/v1/stations", json=station, headers=by("volt"))
    assert (back.status_code, back.json()["title"]) == (409, "station-retired")


@shared
async def test_a_batch_answers_row_by_row(http: httpx2.AsyncClient) -> None:
    await founded(http)
    station = numbered(17)
    second = {**station, "station_id": "NLVOLT0017B"}
    lost = {**station, "station_id": "NLVOLT0017C", "site_id": "NOWHERE"}
    answer = await told(http, "/v1/stations:batch", [station, second, lost, {"station_id": "X"}, 7])
    assert answer["counts"] == {"registered": 2, "unchanged": 0, "pending": 0, "refused": 0, "invalid": 3}
    by_row = {each["row"]: each for each in answer["results"]}
    assert {len(by_row[row]["secret"]) for row in (1, 2)} == {40}
    assert by_row[3]["errors"] == [{"field": "site_id", "problem": "no such site in this tenant"}]
    assert (await told(http, "/v1/stations:batch", [station, second]))["counts"]["unchanged"] == 2


@shared
async def test_a_csv_names_its_broken_row(http: httpx2.AsyncClient) -> None:
    await founded(http)
    good = csv_line("NLVOLT0007")
    bad = good.replace("0007", "0008").replace("11000", "much")
    answer = await http.post(
        "/v1/stations:batch",
        content=f"{CSV_HEADER}\n{good}\n{bad}",
        headers={**by("volt"), "Content-Type": "text/csv; charset=utf-8"},
    )
    results = answer.json()["results"]
    assert [(each["row"], each["status"]) for each in results] == [(2, "registered"), (3, "invalid")]
    assert results[1]["errors"][0]["field"] == "evses.0.connectors.0.max_power_w"


@shared
async def test_a_meter_is_fitted_swapped_and_read_with_its_time(http: httpx2.AsyncClient) -> None:
    await founded(http)
    await told(http, "/v1/stations", numbered(18))
    station = "/v1/stations/NLVOLT0018"
    place = f"{station}/components"
    fitted = await told(http, place, FITTING)
    assert (fitted["fitting_number"], fitted["happened"]) == (1, ["ev.assets.ComponentFitted"])
    swapped = await told(http, f"{station}/component-swaps", SWAP)
    assert (swapped["fitting_number"], swapped["happened"]) == (2, ["ev.assets.ComponentSwapped"])
    assert (await told(http, f"{station}/component-swaps", SWAP))["happened"] == []
    read = (await http.get(place, headers=by("volt"))).json()["components"]
    assert [(each["component"]["serial_number"], each["fitted_at"], each["removed_at"]) for each in read] == [
        ("EMH-0012345678", "2026-02-11T11:20:00Z", "2026-03-03T08:10:00Z"),
        ("EMH-0099887766", "2026-03-03T08:10:00Z", None),
    ]
    removal = {
        "fitting_number": 2,
        "removed_at": "2026-04-01T09:00:00Z",
        "reason": "station rebuilt",
        "register_wh": 9_000,
    }
    assert (await told(http, f"{station}/component-removals", removal))["happened"] == ["ev.assets.ComponentRemoved"]
    again = await http.post(f"{station}/component-removals", json={**removal, "register_wh": 1}, headers=by("volt"))
    assert (again.status_code, again.json()["title"]) == (409, "component-removed-before")
    assert (await http.get(place, headers=by("ampere"))).status_code == 404
    assert (await http.post(place, json=FITTING, headers=by("ampere"))).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"component": {**METER, "public_key": "not a key"}}, "component.public_key"),
        ({"component": {**METER, "kind": "UNKNOWN"}}, "component.kind"),
        ({"component": {**METER, "owner_party_id": "NL-ZZZ"}}, "component.owner_party_id"),
        ({"register_wh": -1}, "register_wh"),
        ({"register_wh": 10**12}, "register_wh"),
        ({"fitted_at": "2026-02-11T11:20:00"}, "fitted_at"),
    ],
)
@shared
async def test_a_wrong_field_of_a_component_is_named(
    http: httpx2.AsyncClient, change: dict[str, Any], field: str
) -> None:
    await founded(http)
    await told(http, "/v1/stations", numbered(19))
    answer = await http.post("/v1/stations/NLVOLT0019/components", json={**FITTING, **change}, headers=by("volt"))
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, [field])


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 422),
        ("{}", "application/json", 422),
        ("[]", "application/json", 422),
        ("no,such,column", "text/csv", 422),
        ("\udcff".encode("utf-8", "surrogateescape"), "text/csv", 422),
        ("<stations/>", "application/xml", 415),
    ],
)
@shared
async def test_a_batch_that_cannot_be_read_is_refused_whole(
    http: httpx2.AsyncClient, content: str | bytes, kind: str, status: int
) -> None:
    answer = await http.post("/v1/stations:batch", content=content, headers={**by("volt"), "Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@shared
async def test_grants_open_and_close(http: httpx2.AsyncClient) -> None:
    await founded(http)
    feeder = {"scope": "FEEDER", "scope_id": "F-AMS-1"}
    grant = await told(http, "/v1/parties/NL-GRD/grants", feeder)
    assert (await told(http, "/v1/parties/NL-GRD/grants", feeder))["happened"] == []
    place = f"/v1/parties/NL-GRD/grants/{grant['grant_id']}"
    assert len((await http.get("/v1/parties/NL-GRD", headers=by("dso"))).json()["grants"]) == 1
    assert (await http.get("/v1/parties/NL-GRD", headers=by("ampere"))).json()["grants"] == []
    assert (await http.delete(place, headers=by("ampere"))).status_code == 404
    assert (await http.delete(place, headers=by("volt"))).status_code == 201
    assert (await http.get("/v1/parties/NL-GRD", headers=by("volt"))).json()["grants"] == []
    assert (await http.delete(place, headers=by("volt"))).status_code == 200


@shared
async def test_contracts_are_agreed_between_parties_that_are_there(http: httpx2.AsyncClient) -> None:
    await founded(http)
    assert (await told(http, "/v1/contracts/ownership", OWNERSHIP))["happened"] == ["ev.assets.OwnershipAgreed"]
    assert (await told(http, "/v1/contracts/commercial", COMMERCIAL))["happened"] == ["ev.assets.CommercialModelAgreed"]
    later = {**OWNERSHIP, "share_permille": 350, "valid_from": "2026-07-01T00:00:00Z"}
    await told(http, "/v1/contracts/ownership", later)
    read = (await http.get("/v1/contracts/OWN-1", headers=by("volt"))).json()["versions"]
    assert [(each["contract_version"], each["share_permille"]) for each in read] == [(1, 300), (2, 350)]
    assert (await http.get("/v1/contracts/OWN-1", headers=by("ampere"))).status_code == 404
    wrong = {**OWNERSHIP, "owner_party_id": "NL-EMO", "site_ids": ["AMS-MUSEUM", "NOWHERE"], "cpo_party_id": "NL-AMP"}
    answer = await http.post("/v1/contracts/ownership", json=wrong, headers=by("volt"))
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {"owner_party_id", "site_ids.1", "cpo_party_id"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"latitude": "52,3"}, "latitude"),
        ({"country": "NLD"}, "country"),
        ({"colour": "blue"}, "colour"),
        ({"grid_limit_w": -1}, "grid_limit_w"),
        ({"dso_party_id": "NL-VLT"}, "dso_party_id"),
        ({"cpo_party_id": "NL-ZZZ"}, "cpo_party_id"),
    ],
)
@shared
async def test_a_wrong_field_is_named(http: httpx2.AsyncClient, change: dict[str, Any], field: str) -> None:
    await founded(http)
    answer = await http.post("/v1/sites", json={**MUSEUM, "site_id": "OTHER", **change}, headers=by("volt"))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [each["field"] for each in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("caller", "path", "status"),
    [
        ("", "/v1/sites", 401),
        ("stranger", "/v1/sites", 401),
        ("driver", "/v1/sites", 403),
        ("dso", "/v1/stations", 403),
        ("volt", "/v1/parties", 403),
        ("volt", "/v1/sites?tenant=ampere", 404),
        ("platform", "/v1/sites", 422),
    ],
)
@shared
async def test_only_who_may_writes(http: httpx2.AsyncClient, caller: str, path: str, status: int) -> None:
    bodies = {"/v1/parties": VOLT, "/v1/stations": numbered(1)}
    body = bodies.get(path, MUSEUM)
    assert (await http.post(path, json=body, headers=by(caller))).status_code == status


@shared
async def test_what_is_not_there_is_not_found(http: httpx2.AsyncClient) -> None:
    for path in ("/v1/stations/NONE", "/v1/sites/NONE", "/v1/parties/NL-ZZZ"):
        assert (await http.get(path, headers=by("volt"))).status_code == 404
    rotated = await http.post("/v1/stations/NONE/credential", json={}, headers=by("volt"))
    assert rotated.status_code == 404


def test_a_missing_secret_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="page-token-key"):
        build(Settings(secrets_dir=tmp_path), log=MemoryLog())


@shared
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b'{"grid_limit_w": NaN}', 422),
        (b"[" * 50_000 + b"]" * 50_000, 400),
        (b"null", 422),
        (b'"' + b"x" * 5_000_000 + b'"', 413),
    ],
)
async def test_bytes_that_are_no_site_are_refused(http: httpx2.AsyncClient, content: bytes, status: int) -> None:
    headers = {**by("volt"), "Content-Type": "application/json"}
    answer = await http.post("/v1/sites", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@shared
async def test_a_station_is_suspended_and_accepted_again(http: httpx2.AsyncClient) -> None:
    await founded(http)
    await told(http, "/v1/stations", numbered(77))
    path = "/v1/stations/NLVOLT0077/registration"
    for state in ("suspended", "accepted"):
        assert (await told(http, path, {"state": state, "reason": "recall"}))["happened"] != []
        read = (await http.get("/v1/stations/NLVOLT0077", headers=by("volt"))).json()
        assert read["registration"] == state.upper()
    unknown = await http.post(
        "/v1/stations/NOBODY/registration", json={"state": "accepted", "reason": "x"}, headers=by("volt")
    )
    assert unknown.status_code == 404
