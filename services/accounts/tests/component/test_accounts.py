"""The accounts as a black box: HTTP in, topics out, on the real log."""

import asyncio
from typing import Any

from ev_contracts.accounts import TokenStatus

ANNA = {"emsp_party_id": "NL-EMO", "name": "Anneliese Westerveld", "email": "anneliese@example.nl"}
UID = "04D5E6F7A8B9C0"


async def test_persons_and_uids_stay_off_the_log_and_survive_a_kill(world: Any) -> None:
    headers = {**world.bearer("emsp"), "Idempotency-Key": "anna"}
    async with world.client() as http:
        answers = await asyncio.gather(*(http.post("/v1/drivers", json=ANNA, headers=headers) for _ in range(5)))
        assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
        driver_ref = answers[0].json()["driver_ref"]
        other = await http.post("/v1/drivers", json={**ANNA, "name": "Somebody Else"}, headers=headers)
        assert (other.status_code, other.json()["title"]) == (422, "idempotency-key-reused")
        card = {"uid": UID, "driver_ref": driver_ref}
        issued = await asyncio.gather(*(http.post("/v1/tokens", json=card, headers=headers) for _ in range(5)))
        (token_ref,) = {answer.raise_for_status().json()["token_ref"] for answer in issued}
    await asyncio.to_thread(world.kill)
    async with world.client() as http:
        service = world.bearer("service")
        person = (await http.get(f"/v1/vault/drivers/{driver_ref}", headers=service)).raise_for_status().json()
        uid = (await http.get(f"/v1/vault/tokens/{token_ref}", headers=service)).raise_for_status().json()["uid"]
        assert (person["name"], person["email"], uid) == (ANNA["name"], ANNA["email"], UID)
        again = await http.post("/v1/drivers", json=ANNA, headers=headers)
        assert (again.status_code, again.text) == (201, answers[0].text)
    drivers = await world.topic("accounts.driver.event.v1")
    assert [(seen.context.key, seen.record.driver_ref) for seen in drivers] == [(f"emo/{driver_ref}", driver_ref)]
    tokens = [seen for seen in await world.topic("accounts.token.event.v1") if seen.record.token_ref == token_ref]
    assert len(tokens) == 1
    said = (await world.bytes_said()).lower()
    assert said
    words = (b"anneliese", b"westerveld", UID.lower().encode())
    assert [word for word in words if word in said] == []


async def test_a_group_and_a_block_are_told_to_those_who_authorise(world: Any) -> None:
    headers = world.bearer("emsp")
    async with world.client() as http:
        card = {"uid": "04FFFF01", "emsp_party_id": "NL-EMO"}
        token_ref = (await http.post("/v1/tokens", json=card, headers=headers)).raise_for_status().json()["token_ref"]
        group_id = (await http.post("/v1/groups", headers=headers)).raise_for_status().json()["group_id"]
        member = {"token_ref": token_ref}
        joined = await http.post(f"/v1/groups/{group_id}/tokens", json=member, headers=headers)
        assert joined.status_code == 201
        blocked = await http.post(f"/v1/tokens/{token_ref}/block", json={"reason": "lost"}, headers=headers)
        assert blocked.status_code == 201
    snapshots = [seen.record for seen in await world.topic("accounts.token.snapshot.v1")]
    told = [(each.status, each.group_id, each.version) for each in snapshots if each.token_ref == token_ref]
    assert told == [(TokenStatus.VALID, None, 1), (TokenStatus.VALID, group_id, 2), (TokenStatus.BLOCKED, group_id, 3)]


async def test_a_subscription_is_told_by_its_dates_and_survives_a_kill(world: Any) -> None:
    headers = world.bearer("emsp")
    async with world.client() as http:
        driver = (await http.post("/v1/drivers", json=ANNA, headers=headers)).raise_for_status().json()
        path = f"/v1/drivers/{driver['driver_ref']}/subscriptions"
        commuter = {"subscription_id": "s-1", "plan_id": "commuter"}
        (await http.post(path, json=commuter, headers=headers)).raise_for_status()
    await asyncio.to_thread(world.kill)
    async with world.client() as http:
        taken = await http.post(path, json={**commuter, "subscription_id": "s-2"}, headers=headers)
        assert (taken.status_code, taken.json()["title"]) == (409, "subscription-overlaps")
        (await http.post(f"{path}/end", json={"subscription_id": "s-1"}, headers=headers)).raise_for_status()
    told = await world.topic("accounts.subscription.snapshot.v1")
    assert {seen.context.key for seen in told} == {f"emo/{driver['driver_ref']}#s-1"}
    assert [(each.record.version, each.record.ends_at is None) for each in told] == [(1, True), (2, False)]
