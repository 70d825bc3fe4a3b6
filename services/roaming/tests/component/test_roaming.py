"""The handshake, the locations and the CDRs with a real partner over real HTTP."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from samples import FACTS, RATED, SESSION_RATED, SESSION_RERATED, SITE
from stage import CARLA, INVITATION, Stage, on_stage, partner_app, port_of, serving

from chassis.auth import undeclared_routes
from chassis.log import MemoryLog
from chassis.runner import HttpEdge
from chassis.testing import eventually
from ev_actors.partner import authorization
from ev_contracts.roaming import CdrRejected, CdrSendRequested, CdrSent

CDRS = "roaming.cdr.event.v1"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(MemoryLog(), tmp_path) as it:
        await it.know_the_network()
        yield it


async def until(stage: Stage, kind: type) -> list[object]:
    async def found() -> list[object]:
        return [each.record for each in await stage.seen(CDRS) if isinstance(each.record, kind)]

    answer: list[object] = await eventually(found, deadline_s=20, what=kind.__name__)
    return answer


async def rate(stage: Stage) -> None:
    await stage.say("pricing.rating.event.v1", "volt/rating-1", SESSION_RATED)


async def test_a_partner_registers_with_its_token_a_which_is_dead_afterwards(stage: Stage) -> None:
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        token_a = await stage.invite()
        ours = await stage.partner.register(stage.http, f"{stage.url}/ocpi/versions", token_a)

        assert ours["roles"] == [
            {"role": "CPO", "party_id": "VLT", "country_code": "NL", "business_details": {"name": "Volt Charging B.V."}}
        ]
        assert ours["url"] == f"{stage.url}/ocpi/versions"
        versions = f"{stage.url}/ocpi/versions"
        assert (await stage.http.get(versions, headers=authorization(token_a))).status_code == 401
        assert (await stage.http.get(versions, headers=authorization(stage.partner.token_c))).status_code == 200
        raw = {"Authorization": f"Token {stage.partner.token_c}"}
        assert (await stage.http.get(versions, headers=raw)).status_code == 200
        seen = (await stage.http.get(f"{stage.url}/v1/partners/NL-VLT-NL-EMO", headers=CARLA)).json()
        assert (seen["status"], seen["ocpi_party_id"]) == ("registered", "EMO")
        assert not {name for name in seen if name.startswith("token") and seen[name] and name != "token_a_expires_at"}


async def test_credentials_are_replaced_read_and_deleted_and_misuse_is_405(stage: Stage) -> None:
    credentials = f"{stage.url}/ocpi/2.2.1/credentials"
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        token_a = authorization(await stage.invite())
        body = stage.partner.credentials()
        assert (await stage.http.put(credentials, headers=token_a, json=body)).status_code == 405
        assert (await stage.http.delete(credentials, headers=token_a)).status_code == 405
        first = (await stage.http.post(credentials, headers=token_a, json=body)).json()["data"]["token"]
        with_first = authorization(first)
        assert (await stage.http.post(credentials, headers=with_first, json=body)).status_code == 405
        assert (await stage.http.get(credentials, headers=with_first)).json()["data"]["token"] == first
        stage.partner.token_b = "another-token-b"
        replaced = await stage.http.put(credentials, headers=with_first, json=stage.partner.credentials())
        second = replaced.json()["data"]["token"]
        assert (await stage.http.get(credentials, headers=with_first)).status_code == 401
        ended = await stage.http.delete(credentials, headers=authorization(second))
        assert (ended.status_code, ended.json()["status_code"]) == (200, 1000)
        assert (await stage.http.get(credentials, headers=authorization(second))).status_code == 401


async def test_a_handshake_that_fails_changes_nothing(stage: Stage) -> None:
    credentials = f"{stage.url}/ocpi/2.2.1/credentials"
    token_a = authorization(await stage.invite())
    good = stage.partner.credentials()

    async def status_of(body: object) -> tuple[int, int]:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        answer = await stage.http.post(credentials, headers=token_a, content=content)
        return answer.status_code, answer.json()["status_code"]

    assert await status_of(b'{"token": ') == (400, 2000)
    assert await status_of(b'{"token": NaN}') == (400, 2000)
    assert await status_of({**good, "roles": []}) == (200, 2001)
    assert await status_of({"token": "b"}) == (200, 2001)
    stranger = [{**good["roles"][0], "party_id": "XYZ"}]
    assert await status_of({**good, "roles": stranger}) == (200, 2001)
    # Nobody listens there yet, then somewhere we must not call.
    assert await status_of(good) == (200, 3001)
    assert await status_of({**good, "url": "http://10.0.0.1/versions"}) == (200, 3001)
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        assert await status_of(good) == (200, 1000)


async def test_nobody_gets_in_without_a_token_in_force(stage: Stage) -> None:
    for header in ({}, {"Authorization": "Token"}, {"Authorization": "Bearer x"}, authorization("guess")):
        answer = await stage.http.get(f"{stage.url}/ocpi/versions", headers=header)
        assert (answer.status_code, answer.json()["status_code"]) == (401, 2000)
    token_a = await stage.invite()
    locations = f"{stage.url}/ocpi/2.2.1/locations"
    assert (await stage.http.get(locations, headers=authorization(token_a))).status_code == 401
    stage.clock.advance(timedelta(days=8))
    assert (await stage.http.get(f"{stage.url}/ocpi/versions", headers=authorization(token_a))).status_code == 401


async def test_a_new_invitation_kills_the_one_before(stage: Stage) -> None:
    first, second = await stage.invite(), await stage.invite()
    versions = f"{stage.url}/ocpi/versions"

    async def dead() -> bool:
        return (await stage.http.get(versions, headers=authorization(first))).status_code == 401

    await eventually(dead)
    assert (await stage.http.get(versions, headers=authorization(second))).status_code == 200


async def test_ids_are_echoed_and_the_specs_own_sample_token_form_is_taken(stage: Stage) -> None:
    token_a = await stage.invite()
    with_newline = base64.b64encode(f"{token_a}\n".encode()).decode()
    ids = {"X-Request-ID": "request-1", "X-Correlation-ID": "correlation-1"}
    headers = {**ids, "Authorization": f"Token {with_newline}"}
    answer = await stage.http.get(f"{stage.url}/ocpi/versions", headers=headers)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in ids} == ids
    assert answer.json()["data"] == [{"version": "2.2.1", "url": f"{stage.url}/ocpi/2.2.1"}]
    assert answer.json()["timestamp"].endswith("Z")
    unknown = await stage.http.get(f"{stage.url}/ocpi/2.1.1", headers=headers)
    assert (unknown.status_code, unknown.json()["status_code"]) == (404, 2000)


async def test_a_partner_reads_our_locations_page_by_page(stage: Stage) -> None:
    second = SITE.model_copy(update={"site_id": "utrecht-2", "opened_at": SITE.opened_at + timedelta(days=1)})
    foreign = SITE.model_copy(update={"site_id": "elsewhere", "cpo_party_id": "NL-XYZ"})
    await stage.say("assets.site.snapshot.v1", "volt/utrecht-2", second)
    await stage.say("assets.site.snapshot.v1", "xyz/elsewhere", foreign)
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.register()
    locations = f"{stage.url}/ocpi/2.2.1/locations"
    headers = authorization(stage.partner.token_c)

    async def both_known() -> bool:
        return (await stage.http.get(locations, headers=headers)).headers["X-Total-Count"] == "2"

    await eventually(both_known)
    page = await stage.http.get(locations, headers=headers, params={"limit": 1, "date_from": "2025-01-01T00:00:00Z"})
    assert [each["id"] for each in page.json()["data"]] == ["utrecht-1"]
    assert page.headers["X-Limit"] == "100"
    link = page.headers["Link"]
    assert link.endswith('; rel="next"')
    rest = await stage.http.get(link[1 : link.index(">")], headers=headers)
    assert [each["id"] for each in rest.json()["data"]] == ["utrecht-2"]
    assert "Link" not in rest.headers
    assert (rest.headers["OCPI-from-party-id"], rest.headers["OCPI-to-party-id"]) == ("VLT", "EMO")
    for path, expected in (
        ("/utrecht-1", "id"), ("/utrecht-1/VLT-0001-1", "uid"), ("/utrecht-1/VLT-0001-1/1", "standard"),
    ):  # fmt: skip
        assert expected in (await stage.http.get(locations + path, headers=headers)).json()["data"]
    for path in ("/nowhere", "/elsewhere", "/utrecht-1/VLT-0001-9", "/utrecht-1/VLT-0001-1/7"):
        missing = await stage.http.get(locations + path, headers=headers)
        assert (missing.status_code, missing.json()["status_code"]) == (404, 2003)
    for bad in ({"limit": "0"}, {"offset": "-1"}, {"date_from": "yesterday"}, {"date_to": "2026-01-01T00:00:00+01:00"}):
        wrong = await stage.http.get(locations, headers=headers, params=bad)
        assert (wrong.status_code, wrong.json()["status_code"]) == (200, 2001), bad
    misled = await stage.http.get(
        locations, headers={**headers, "OCPI-to-party-id": "XYZ", "OCPI-to-country-code": "NL"}
    )
    assert misled.json()["status_code"] == 2001


async def test_a_rated_session_reaches_the_partner_as_one_cdr(stage: Stage) -> None:
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.register()
        await rate(stage)
        (sent,) = await until(stage, CdrSent)
    (cdr,) = stage.partner.cdrs.values()
    assert isinstance(sent, CdrSent)
    assert (sent.cdr_id, sent.session_id, sent.sent_at) == (cdr["id"], FACTS.session_id, stage.clock.now())
    assert sent.location_url == f"{stage.partner.url}/ocpi/2.2.1/cdrs/{cdr['id']}"
    assert cdr["cdr_token"]["uid"] == "04A1B2C3"
    assert cdr["total_cost"] == {"excl_vat": 4.36, "incl_vat": 5.07}
    assert (cdr["total_energy"], cdr["last_updated"]) == (8.4, RATED.strftime("%Y-%m-%dT%H:%M:%SZ"))
    # The uid left us in the CDR and stands on no topic of ours.
    for topic in (CDRS, "roaming.cdr.command.v1"):
        assert "04A1B2C3" not in repr(await stage.seen(topic))


async def test_a_partner_that_was_away_gets_its_cdr_once_it_is_back(stage: Stage) -> None:
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.register()
    await rate(stage)
    await until(stage, CdrSendRequested)
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await until(stage, CdrSent)
    assert len(stage.partner.posts) == 1


async def test_a_corrected_session_is_credited_and_told_anew_and_the_partner_owes_the_difference(stage: Stage) -> None:
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.register()
        await rate(stage)
        await until(stage, CdrSent)
        for _ in range(2):
            await stage.say("pricing.rating.event.v1", "volt/rating-1", SESSION_RERATED)

        async def three_taken() -> bool:
            return len(await until(stage, CdrSent)) == 3

        await eventually(three_taken, deadline_s=20)
    first, credit, new = (stage.partner.cdrs[each] for each in stage.partner.posts)
    assert (credit["id"], credit["credit"], credit["credit_reference_id"]) == (f"{first['id']}-C", True, first["id"])
    differs = {name for name in credit if credit[name] != first.get(name)}
    assert differs == {"id", "credit", "credit_reference_id", "total_cost", "last_updated"}
    costs = [each["total_cost"]["incl_vat"] for each in (first, credit, new)]
    assert costs == [5.07, -5.07, 3.86]
    assert "credit" not in new


async def test_a_partners_no_is_final(stage: Stage) -> None:
    stage.partner.refuse_with = 2001
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.register()
        await rate(stage)
        (rejected,) = await until(stage, CdrRejected)
    assert isinstance(rejected, CdrRejected)
    assert (rejected.status_code, rejected.status_message) == (2001, "refused by the partner")
    assert len(stage.partner.posts) == 1


async def test_people_invite_only_in_their_own_name(stage: Stage) -> None:
    partners = f"{stage.url}/v1/partners"

    async def status_of(caller: str, **changes: object) -> int:
        headers = {"Authorization": f"Bearer {caller}"}
        return (await stage.http.post(partners, json={**INVITATION, **changes}, headers=headers)).status_code

    assert await status_of("nobody") == 401
    assert await status_of("mila") == 403
    assert (await stage.http.post(f"{partners}?tenant=emo", json=INVITATION, headers=CARLA)).status_code == 404
    # Another tenant must not connect partners in our name: they would get our CDRs.
    assert await status_of("other") == 422
    assert await status_of("carla", allowed_hosts=[]) == 422
    assert await status_of("carla", allowed_hosts=["http://x/"]) == 422
    assert await status_of("carla", party_id="emo") == 422
    assert (await stage.http.get(f"{partners}/NL-VLT-NL-EMO", headers=CARLA)).status_code == 404


async def test_people_end_a_partnership_at_once(stage: Stage) -> None:
    partner = f"{stage.url}/v1/partners/NL-VLT-NL-EMO"
    assert (await stage.http.delete(partner, headers=CARLA)).status_code == 404
    async with serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.register()
    assert (await stage.http.delete(partner, headers={"Authorization": "Bearer other"})).status_code == 404
    ended = await stage.http.delete(partner, headers=CARLA)
    assert (ended.status_code, ended.json()["happened"]) == (201, ["ev.roaming.PartnershipEnded"])
    versions = f"{stage.url}/ocpi/versions"
    assert (await stage.http.get(versions, headers=authorization(stage.partner.token_c))).status_code == 401
    assert (await stage.http.delete(partner, headers=CARLA)).status_code == 200


async def test_a_retry_with_the_same_key_is_told_the_same_token(stage: Stage) -> None:
    keyed = {**CARLA, "Idempotency-Key": "k1"}
    answers = [await stage.http.post(f"{stage.url}/v1/partners", json=INVITATION, headers=keyed) for _ in range(2)]
    assert answers[0].json()["token_a"] == answers[1].json()["token_a"]
    other = {**INVITATION, "allowed_hosts": ["elsewhere.example"]}
    assert (await stage.http.post(f"{stage.url}/v1/partners", json=other, headers=keyed)).status_code == 422


async def test_every_route_for_people_names_its_act(stage: Stage) -> None:
    for part in stage.service.parts:
        if isinstance(part, HttpEdge):
            assert undeclared_routes(part.app) == []
