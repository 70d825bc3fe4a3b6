"""The command API of the accounts and the doors of their vault, with the whole service in memory behind them."""

import sqlite3
from typing import Any

import httpx2
import pytest

from accounts.app import build
from accounts.settings import Settings
from chassis.auth import declared_acts, undeclared_routes
from chassis.log import MemoryLog
from chassis.runner import HttpEdge
from ev_contracts.authority import ACTS

shared = pytest.mark.asyncio(loop_scope="module")
"""One service for the whole module: tests are told apart by the uids they issue."""

ANNA = {"emsp_party_id": "NL-EMO", "name": "Anna de Vries", "email": "anna@example.nl"}


def by(caller: str, key: str = "") -> dict[str, str]:
    known = {"Authorization": f"Bearer {caller}"} if caller else {}
    return known | ({"Idempotency-Key": key} if key else {})


async def told(world: Any, path: str, body: Any, *, caller: str = "emo", key: str = "") -> Any:
    answer = await world.http.post(path, json=body, headers=by(caller, key))
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def refused(world: Any, path: str, body: Any, *, caller: str = "emo", key: str = "") -> tuple[int, str]:
    answer = await world.http.post(path, json=body, headers=by(caller, key))
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["title"]


@shared
async def test_every_route_names_its_act_and_lets_no_other_role_through(world: Any) -> None:
    (app,) = (part.app for part in build(world.settings, log=MemoryLog()).parts if isinstance(part, HttpEdge))
    assert undeclared_routes(app) == []
    acts = declared_acts(app)
    assert len(acts) == 25
    roles = {row.role for rows in ACTS.values() for row in rows}
    for method, path, act in acts:
        place = path.replace("{", "").replace("}", "")
        answers = {role: await world.http.request(method, place, headers=by(f"only-{role}")) for role in roles}
        refused = {role for role, answer in answers.items() if answer.status_code == 403}
        assert refused == roles - {row.role for row in ACTS[act]}, f"{method} {path}"


@shared
async def test_a_person_stands_in_the_vault_and_on_no_topic(world: Any) -> None:
    driver = await told(world, "/v1/drivers", ANNA)
    token = await told(world, "/v1/tokens", {"uid": "04a2b3c4d5e680", "driver_ref": driver["driver_ref"]})
    assert "uid" not in token
    raw = [record for topic in TOPICS for record in await world.topic(topic)]
    assert len(raw) >= len(TOPICS)
    said = " ".join(repr(each) for each in raw).lower()
    assert not [word for word in ("anna", "vries", "04a2b3c4d5e680") if word in said]


TOPICS = (
    "accounts.driver.command.v1",
    "accounts.driver.event.v1",
    "accounts.token.command.v1",
    "accounts.token.event.v1",
    "accounts.token.snapshot.v1",
)


@shared
async def test_a_retry_with_its_key_means_the_same_driver(world: Any) -> None:
    first = await told(world, "/v1/drivers", ANNA, key="d1")
    assert await told(world, "/v1/drivers", ANNA, key="d1") == first
    assert (await told(world, "/v1/drivers", ANNA, key="d2"))["driver_ref"] != first["driver_ref"]
    other = {**ANNA, "name": "Bram"}
    assert await refused(world, "/v1/drivers", other, key="d1") == (422, "idempotency-key-reused")
    kept = await world.http.get(f"/v1/vault/drivers/{first['driver_ref']}", headers=by("emo"))
    assert kept.json()["name"] == "Anna de Vries"


@shared
async def test_a_driver_belongs_to_a_provider_of_the_tenant(world: Any) -> None:
    for party in ("NL-ZON", "NL-VLT", "NL-ZZZ"):
        wrong = {**ANNA, "emsp_party_id": party}
        assert await refused(world, "/v1/drivers", wrong) == (422, "invalid-request")


@shared
async def test_a_uid_is_one_token_in_either_case(world: Any) -> None:
    first = await told(world, "/v1/tokens", {"uid": "04AB01", "emsp_party_id": "NL-EMO"})
    again = await told(world, "/v1/tokens", {"uid": "04ab01", "emsp_party_id": "NL-EMO"})
    assert (again["token_ref"], again["happened"]) == (first["token_ref"], [])


@shared
async def test_a_uid_belongs_to_one_provider(world: Any) -> None:
    await told(world, "/v1/tokens", {"uid": "04AB02", "emsp_party_id": "NL-EMO"})
    other = {"uid": "04AB02", "emsp_party_id": "NL-ZON"}
    assert await refused(world, "/v1/tokens", other, caller="zon") == (409, "token-taken")


@shared
async def test_a_token_that_is_over_is_not_kept(world: Any) -> None:
    over = {"uid": "04AB03", "emsp_party_id": "NL-EMO", "valid_until": "2020-01-01T00:00:00Z"}
    assert await refused(world, "/v1/tokens", over) == (409, "token-expired")
    # Nothing of the first try is left that could stand in the way of another provider.
    await told(world, "/v1/tokens", {"uid": "04AB03", "emsp_party_id": "NL-ZON"}, caller="zon")


@shared
async def test_a_token_is_read_and_blocked_by_its_own(world: Any) -> None:
    token = await told(world, "/v1/tokens", {"uid": "04AB04", "emsp_party_id": "NL-EMO"})
    place = f"/v1/tokens/{token['token_ref']}"
    assert (await world.http.get(place, headers=by("zon"))).status_code == 404
    assert (await refused(world, f"{place}/block", {"reason": "lost"}, caller="zon"))[0] == 404
    assert (await told(world, f"{place}/block", {"reason": "lost"}))["happened"] == ["ev.accounts.TokenBlocked"]
    assert (await told(world, f"{place}/block", {"reason": "lost"}))["happened"] == []
    read = (await world.http.get(place, headers=by("emo"))).json()
    assert (read["status"], "uid" in read, "uid_hmac" in read) == ("BLOCKED", False, False)
    issued = {"uid": "04AB04", "emsp_party_id": "NL-EMO"}
    assert await refused(world, "/v1/tokens", issued) == (409, "token-blocked")


@shared
async def test_a_token_joins_and_leaves_a_group_of_its_own_tenant(world: Any) -> None:
    token = await told(world, "/v1/tokens", {"uid": "04AB06", "emsp_party_id": "NL-EMO"})
    group = await told(world, "/v1/groups", None, key="fleet")
    assert await told(world, "/v1/groups", None, key="fleet") == group
    place, member = f"/v1/groups/{group['group_id']}", {"token_ref": token["token_ref"]}
    assert (await told(world, f"{place}/tokens", member))["happened"] == ["ev.accounts.TokenJoinedGroup"]
    read = await world.http.get(f"/v1/tokens/{token['token_ref']}", headers=by("emo"))
    assert (read.json()["group_id"], read.json()["is_master_pass"]) == (group["group_id"], False)
    assert len(group["group_id"]) == 20
    assert (await told(world, f"{place}/limit", {"sessions_at_once": 12}))["happened"] == ["ev.accounts.GroupLimited"]
    assert (await world.http.get(place, headers=by("emo"))).json()["sessions_at_once"] == 12
    left = await told(world, f"{place}/tokens/{token['token_ref']}/removal", None)
    assert left["happened"] == ["ev.accounts.TokenLeftGroup"]
    foreign = await told(world, "/v1/tokens", {"uid": "04AB07", "emsp_party_id": "NL-ZON"}, caller="zon")
    wrong = {"token_ref": foreign["token_ref"]}
    assert await refused(world, f"{place}/tokens", wrong) == (404, "not-found")
    assert await refused(world, f"{place}/tokens", wrong, caller="zon") == (404, "not-found")


@shared
async def test_a_token_is_limited_to_so_many_sessions_and_let_go_again(world: Any) -> None:
    token = await told(world, "/v1/tokens", {"uid": "04AB09", "emsp_party_id": "NL-EMO"})
    place = f"/v1/tokens/{token['token_ref']}"
    for at_once in (1, None):
        limited = await told(world, f"{place}/limit", {"sessions_at_once": at_once})
        assert limited["happened"] == ["ev.accounts.TokenLimited"]
        assert (await world.http.get(place, headers=by("emo"))).json()["sessions_at_once"] == at_once
    assert (await refused(world, f"{place}/limit", {"sessions_at_once": 0}))[0] == 422


@shared
async def test_a_token_tells_the_language_of_its_holder(world: Any) -> None:
    told_of = {"uid": "04AB11", "emsp_party_id": "NL-EMO", "language": "nl"}
    token = await told(world, "/v1/tokens", told_of)
    read = await world.http.get(f"/v1/tokens/{token['token_ref']}", headers=by("emo"))
    assert read.json()["language"] == "nl"
    assert (await refused(world, "/v1/tokens", {**told_of, "language": "Dutch"}))[0] == 422


@shared
async def test_a_token_and_its_group_are_restricted_to_places_and_let_go_again(world: Any) -> None:
    token = await told(world, "/v1/tokens", {"uid": "04AB10", "emsp_party_id": "NL-EMO"})
    group = await told(world, "/v1/groups", None)
    depot = {"site_ids": ["S-AMS-1"], "evse_ids": [], "allows_ac": True, "allows_dc": False}
    for place, happened in (
        (f"/v1/tokens/{token['token_ref']}", "ev.accounts.TokenRestricted"),
        (f"/v1/groups/{group['group_id']}", "ev.accounts.GroupRestricted"),
    ):
        for body, kept in (({"site_ids": ["S-AMS-1"], "allows_dc": False}, depot), ({}, None)):
            assert (await told(world, f"{place}/places", body))["happened"] == [happened]
            assert (await world.http.get(place, headers=by("emo"))).json()["places"] == kept
        nowhere = {"allows_ac": False, "allows_dc": False}
        assert (await refused(world, f"{place}/places", nowhere))[0] == 422
        assert (await refused(world, f"{place}/places", {"site_ids": ["S"] * 201}))[0] == 422


@shared
async def test_only_the_operator_issues_master_passes(world: Any) -> None:
    assert (await refused(world, "/v1/master-pass-groups", None))[0] == 403
    group = await told(world, "/v1/master-pass-groups", None, caller="volt")
    token = await told(world, "/v1/tokens", {"uid": "04AB08", "emsp_party_id": "NL-EMO"}, caller="volt")
    place, member = f"master-pass-groups/{group['group_id']}/tokens", {"token_ref": token["token_ref"]}
    assert await refused(world, f"/v1/groups/{group['group_id']}/tokens", member, caller="volt") == (404, "not-found")
    assert (await told(world, f"/v1/{place}", member, caller="volt"))["happened"] == ["ev.accounts.TokenJoinedGroup"]
    read = await world.http.get(f"/v1/tokens/{token['token_ref']}", headers=by("volt"))
    assert (read.json()["group_id"], read.json()["is_master_pass"]) == (group["group_id"], True)


@shared
async def test_the_vault_opens_to_its_own_and_audits_everybody(world: Any) -> None:
    driver_ref = (await told(world, "/v1/drivers", ANNA))["driver_ref"]
    token_ref = (await told(world, "/v1/tokens", {"uid": "04AB05", "driver_ref": driver_ref}))["token_ref"]
    world.callers.is_driver(driver_ref)
    statuses = {
        caller: (await world.http.get(f"/v1/vault/drivers/{driver_ref}", headers=by(caller))).status_code
        for caller in ("emo", "service", "driver", "zon", "volt", "owner", "")
    }
    assert statuses == {"emo": 200, "service": 200, "driver": 200, "zon": 404, "volt": 403, "owner": 403, "": 401}
    token = (await world.http.get(f"/v1/vault/tokens/{token_ref}", headers=by("service"))).json()
    assert token == {
        "token_ref": token_ref,
        "tenant": "emo",
        "emsp_party_id": "NL-EMO",
        "token_type": "RFID",
        "driver_ref": driver_ref,
        "uid": "04AB05",
    }
    assert (await world.http.get("/v1/vault/tokens/none", headers=by("service"))).status_code == 404
    assert await _audited(world, driver_ref) == [
        ("ella", "kept"),
        ("ella", "read"),
        ("roaming", "read"),
        ("anna", "read"),
        ("zeno", "refused"),
    ]


async def _audited(world: Any, subject: str) -> list[tuple[str, str]]:
    file = sqlite3.connect(world.settings.data_dir / "vault.sqlite")
    lines = file.execute("SELECT caller, outcome FROM access WHERE subject = ? ORDER BY number", (subject,)).fetchall()
    file.close()
    return lines


@shared
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/drivers", {**ANNA, "email": "no at"}, "email"),
        ("/v1/drivers", {**ANNA, "name": " "}, "name"),
        ("/v1/tokens", {"uid": "x" * 37, "emsp_party_id": "NL-EMO"}, "uid"),
        ("/v1/tokens", {"uid": "04", "emsp_party_id": "NL-EMO", "driver_ref": "D"}, ""),
        ("/v1/tokens", {"uid": "04", "driver_ref": "nobody"}, "driver_ref"),
        ("/v1/tokens", {"uid": "04", "emsp_party_id": "NL-VLT"}, "emsp_party_id"),
    ],
)
async def test_a_wrong_field_is_named_and_its_value_not_told(world: Any, path: str, body: Any, field: str) -> None:
    answer = await world.http.post(path, json=body, headers=by("emo"))
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert "no at" not in answer.text


@shared
@pytest.mark.parametrize(
    ("caller", "path", "status"),
    [
        ("", "/v1/drivers", 401),
        ("volt", "/v1/drivers", 403),
        ("owner", "/v1/tokens", 403),
        ("zon", "/v1/drivers?tenant=emo", 404),
    ],
)
async def test_only_who_may_writes(world: Any, caller: str, path: str, status: int) -> None:
    body = {"uid": "04", "emsp_party_id": "NL-EMO"} if "tokens" in path else ANNA
    answer: httpx2.Response = await world.http.post(path, json=body, headers=by(caller))
    assert answer.status_code == status


def test_a_missing_secret_stops_the_start(tmp_path: Any) -> None:
    with pytest.raises(RuntimeError, match="page-token-key"):
        build(Settings(secrets_dir=tmp_path), log=MemoryLog())


@shared
async def test_a_driver_subscribes_to_a_plan_of_his_provider_and_ends_it(world: Any) -> None:
    driver_ref = (await told(world, "/v1/drivers", ANNA))["driver_ref"]
    path = f"/v1/drivers/{driver_ref}/subscriptions"
    commuter = {"subscription_id": "s-1", "plan_id": "commuter"}
    first = await told(world, path, commuter, key="sub")
    assert await told(world, path, commuter, key="sub") == first
    assert await refused(world, path, {**commuter, "subscription_id": "s-2"}) == (409, "subscription-overlaps")
    assert await refused(world, path, {**commuter, "plan_id": "a/b"}) == (422, "invalid-request")
    assert await refused(world, path, commuter, caller="zon") == (404, "not-found")
    assert await refused(world, f"{path}/end", {"subscription_id": "s-9"}) == (404, "not-found")
    await told(world, f"{path}/end", {"subscription_id": "s-1"})
    held = (await world.http.get(path, headers=by("emo"))).json()["subscriptions"]
    assert [(each["seller_party_id"], each["plan_id"], each["version"]) for each in held] == [("NL-EMO", "commuter", 2)]
    assert held[0]["ends_at"] > held[0]["valid_from"]
