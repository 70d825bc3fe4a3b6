"""Pricing as a black box: tariffs by HTTP, closed sessions in, ratings out; restarted, and told everything twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from priced import FACTS, PLACE, RESALE, SESSION, UNKNOWN_TOKEN, at, closed

from chassis.auth import undeclared_routes
from chassis.runner import HttpEdge
from chassis.testing import eventually
from ev_contracts.accounts import SubscriptionSnapshot, TokenSnapshot, TokenStatus
from ev_contracts.assets import Connector, Evse, SiteSnapshot, StationSnapshot
from ev_contracts.common import Parties, RelationKind
from ev_contracts.pricing import (
    AllowanceDrawn,
    RatingWanted,
    RunningCostComputed,
    SessionRated,
    SessionRerated,
    SessionUnratable,
)
from ev_contracts.sessions import EnergyDelivered, SessionCorrected, SessionStarted, SuspensionStarted

SESSIONS = "sessions.session.event.v1"
RATINGS = "pricing.rating.event.v1"
COSTS = "pricing.running-cost.sample.v1"
KEY = f"volt/{PLACE.station_id}"
CONNECTOR = Connector(
    connector_number=1, standard="IEC_62196_T2", max_power_w=11_000, max_voltage_v=400, max_amperage_a=16, dc=False
)
STATION = StationSnapshot(
    station_id=PLACE.station_id, site_id=PLACE.site_id, cpo_party_id="NL-VLT", vendor="v", model="m", retired=False,
    evses=(Evse(evse_number=1, evse_id=PLACE.evse_id, connectors=(CONNECTOR,)),), version=1,
)  # fmt: skip
SITE = SiteSnapshot(
    site_id=PLACE.site_id, cpo_party_id="NL-VLT", name="Oosterdok", address="Oosterdokskade 1", city="Amsterdam",
    postal_code="1011", country="NL", latitude="52.37", longitude="4.90", time_zone=PLACE.time_zone,
    feeder_id=PLACE.feeder_id, connection_id=PLACE.connection_id, opened_at=at(-9_000), version=1,
)  # fmt: skip
TOKEN = TokenSnapshot(
    uid_hmac="ab", token_ref="token-7", token_type="RFID", emsp_party_id="NL-EMO", tenant="emo", driver_ref="driver-7",
    status=TokenStatus.VALID, version=1,
)  # fmt: skip


def tariff(seller: str = "NL-VLT", price: str = "0.35", **changes: Any) -> dict[str, Any]:
    components = [{"type": "ENERGY", "price": price, "vat_permille": 210, "step_size": 1}]
    return {
        "tariff_id": "day",
        "issuer_party_id": seller,
        "name": "Day",
        "currency": "EUR",
        "components": components,
        "valid_from": "2026-01-01T00:00:00Z",
        **changes,
    }


def assignment(relation: str, seller: str = "NL-VLT") -> dict[str, Any]:
    return {
        "assignment_id": f"all-{relation.lower().replace('_', '-')}",
        "seller_party_id": seller,
        "relation": relation,
        "valid_from": "2026-01-01T00:00:00Z",
    }


async def priced(stage: Any, caller: str, seller: str, relation: str, price: str) -> None:
    assert (await stage.post(caller, "/v1/tariffs", tariff(seller, price))).status_code in {200, 201}
    answer = await stage.post(caller, "/v1/tariffs/day/assignments", assignment(relation, seller))
    assert answer.status_code in {200, 201}, answer.text


async def of_kind(stage: Any, topic: str, kind: type, count: int, *, deadline_s: float = 30) -> list[Any]:
    """The records of a kind, once there are so many."""

    async def enough() -> list[Any]:
        found = [each.record for each in await stage.seen(topic) if isinstance(each.record, kind)]
        return found if len(found) >= count else []

    found: list[Any] = await eventually(enough, deadline_s=deadline_s, what=f"{count} {kind.__name__}")
    return found


async def test_a_session_is_rated_once_per_relation_though_told_twice_and_pricing_restarts(pricing: Any) -> None:
    later = FACTS.model_copy(update={"session_id": "another"})
    async with pricing.run() as stage:
        await priced(stage, "carla", "NL-VLT", "CPO_TO_EMSP", "0.35")
        await priced(stage, "mila", "NL-EMO", "EMSP_TO_DRIVER", "0.49")
        await stage.say(SESSIONS, KEY, closed())
        await of_kind(stage, RATINGS, SessionRated, 2)
    async with pricing.run() as stage:
        await stage.say(SESSIONS, KEY, closed(), closed(later))
        await of_kind(stage, RATINGS, SessionRated, 4)
        rated = await of_kind(stage, RATINGS, SessionRated, 4)
        contexts = [each.context for each in await stage.seen(RATINGS)]
    told = {
        (each.facts.session_id, each.rating.relation.kind, each.rating.total_incl_vat.rounded_minor) for each in rated
    }
    assert len(rated) == 4
    assert told == {
        (SESSION, RelationKind.CPO_TO_EMSP, 466),  # 11 kWh x 0.35 = 3.85, and 0.81 (0.8085) of VAT
        (SESSION, RelationKind.EMSP_TO_DRIVER, 652),  # 11 kWh x 0.49 = 5.39, and 1.13 (1.1319) of VAT
        ("another", RelationKind.CPO_TO_EMSP, 466),
        ("another", RelationKind.EMSP_TO_DRIVER, 652),
    }
    assert {each.tenant for each in contexts} == {"volt", "emo"}


async def test_a_tariff_that_comes_later_rates_what_was_held(pricing: Any) -> None:
    async with pricing.run() as stage:
        await stage.say(SESSIONS, KEY, closed(parties=RESALE.model_copy(update={"driver_ref": None})))
        (held,) = await of_kind(stage, RATINGS, SessionUnratable, 1)
        assert held.reason == "no-tariff"
        stage.clock.advance(timedelta(minutes=2))
        await of_kind(stage, RATINGS, RatingWanted, 1)
        await priced(stage, "carla", "NL-VLT", "CPO_TO_EMSP", "0.35")
        stage.clock.advance(timedelta(minutes=10))
        (rated,) = await of_kind(stage, RATINGS, SessionRated, 1)
    assert rated.rating.rating_id == held.rating_id
    assert rated.rating.total_excl_vat.rounded_minor == 385


async def test_a_session_of_nobody_is_held_visibly(pricing: Any) -> None:
    async with pricing.run() as stage:
        await priced(stage, "carla", "NL-VLT", "CPO_TO_DRIVER", "0.35")
        await stage.say(SESSIONS, KEY, closed(parties=UNKNOWN_TOKEN))
        (held,) = await of_kind(stage, RATINGS, SessionUnratable, 1)
    assert held.reason == "no-buyer"


def delivered(minutes: float, parties: Parties) -> EnergyDelivered:
    """5 kWh by then."""
    return EnergyDelivered(
        session_id=SESSION,
        station_id=PLACE.station_id,
        evse_number=1,
        connector_number=1,
        measured_at=at(minutes),
        register_wh=6_000,
        energy_wh=5_000,
        started_at=at(0),
        charging_s=1_800,
        parking_s=0,
        place=PLACE,
        parties=parties,
    )


async def test_a_running_session_costs_so_much_so_far(pricing: Any) -> None:
    async with pricing.run() as stage:
        await priced(stage, "carla", "NL-VLT", "CPO_TO_EMSP", "0.35")
        await stage.say(SESSIONS, KEY, delivered(30, RESALE))
        (cost,) = await of_kind(stage, COSTS, RunningCostComputed, 1)
    assert (cost.energy_wh, cost.total_excl_vat.rounded_minor, cost.relation.kind) == (5_000, 175, "CPO_TO_EMSP")


async def test_a_restart_does_not_change_what_a_running_session_costs(pricing: Any) -> None:
    by_day = [
        {"components": [{"type": "TIME", "price": "6", "vat_permille": 210}], "restrictions": {"max_duration_s": 900}},
        {"components": [{"type": "PARKING_TIME", "price": "12", "vat_permille": 210}]},
    ]
    started = SessionStarted(
        session_id=SESSION, station_id=PLACE.station_id, transaction_id="t", ocpp_version="2.0.1", evse_number=1,
        connector_number=1, started_at=at(0), token_status="Accepted", offline=False, charging=True,
    )  # fmt: skip
    parked = SuspensionStarted(session_id=SESSION, station_id=PLACE.station_id, suspended_by="EV", at=at(10))
    partner = RESALE.model_copy(update={"driver_ref": None})
    async with pricing.run() as stage:
        body = tariff(components=[], elements=by_day)
        assert (await stage.post("carla", "/v1/tariffs", body)).status_code == 201
        await stage.post("carla", "/v1/tariffs/day/assignments", assignment("CPO_TO_EMSP"))
        await stage.say(SESSIONS, KEY, started, delivered(5, partner), parked)
        await of_kind(stage, COSTS, RunningCostComputed, 1)
    async with pricing.run() as stage:
        await stage.say(SESSIONS, KEY, delivered(30, partner))
        costs = await of_kind(stage, COSTS, RunningCostComputed, 2)
    # 5 minutes, then 10 of charging at 6 an hour and 20 parked at 12 an hour; the issuer is named too.
    assert [each.total_excl_vat.rounded_minor for each in costs] == [50, 500]
    assert {each.tariff_issuer_party_id for each in costs} == {"NL-VLT"}


async def test_a_quote_for_a_connector_is_what_a_session_there_is_rated_by(pricing: Any) -> None:
    sale = {"station_id": PLACE.station_id, "relation": "CPO_TO_EMSP", "emsp_party_id": "NL-EMO"}
    asked = {"sale": sale, "energy_wh": 11_000, "power_w": 50_000, "at": "2026-11-20T12:00:00Z"}
    async with pricing.run() as stage:
        await stage.say("assets.site.snapshot.v1", f"volt/{PLACE.site_id}", SITE)
        await stage.say("assets.station.snapshot.v1", KEY, STATION)
        await stage.say("accounts.token.snapshot.v1", "_/ab", TOKEN)
        await priced(stage, "carla", "NL-VLT", "CPO_TO_EMSP", "0.35")
        await priced(stage, "mila", "NL-EMO", "EMSP_TO_DRIVER", "0.49")

        async def known() -> Any:
            answer = await stage.post("carla", "/v1/quotes", asked)
            return answer.json() if answer.status_code == 200 else None

        wholesale = await eventually(known, deadline_s=20, what="the station at pricing's edge")
        mine = {"station_id": PLACE.station_id, "relation": "EMSP_TO_DRIVER", "token_ref": "token-7"}
        retail = (await stage.post("mila", "/v1/quotes", {**asked, "sale": mine})).json()
        await stage.say(SESSIONS, KEY, closed())
        rated = {each.rating.relation.kind: each.rating for each in await of_kind(stage, RATINGS, SessionRated, 2)}
        for bad, status in (
            ({**asked, "sale": {**sale, "connector_number": 2}}, 422),
            ({**asked, "sale": {**sale, "relation": "UNKNOWN"}}, 422),
            ({**asked, "sale": {**sale, "relation": "CPO_TO_DRIVER"}}, 404),
            ({**asked, "sale": {**mine, "token_ref": "nobody"}}, 422),
            ({**asked, "tariff_id": "day"}, 422),
        ):
            assert (await stage.post("carla", "/v1/quotes", bad)).status_code == status, bad
        assert (await stage.post("mila", "/v1/quotes", asked)).status_code == 404
    assert wholesale["expected"]["charging_s"] == 3_600  # 11 kWh at the connector's 11 kW, whatever the vehicle takes
    for told, kind in ((wholesale, RelationKind.CPO_TO_EMSP), (retail, RelationKind.EMSP_TO_DRIVER)):
        final = rated[kind].model_dump(mode="json")
        named = ("relation", "tariff_id", "tariff_version", "tariff_issuer_party_id", "tariff_hash", "total_incl_vat")
        assert {name: told[name] for name in named} == {name: final[name] for name in named}


async def test_two_sessions_share_a_months_allowance_and_a_correction_gives_back(pricing: Any) -> None:
    plan = {
        "plan_id": "commuter", "seller_party_id": "NL-EMO", "name": "Commuter", "currency": "EUR",
        "time_zone": "Europe/Amsterdam", "discounts": [{"percent": "10"}],
        "allowances": [{"kind": "ENERGY", "quantity": 16_000}], "valid_from": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    subscribed = SubscriptionSnapshot(
        subscription_id="s-1", driver_ref="driver-7", seller_party_id="NL-EMO", plan_id="commuter",
        valid_from=at(-9_000), version=1,
    )  # fmt: skip
    other = FACTS.model_copy(update={"session_id": "another"})
    shorter = FACTS.model_copy(
        update={"energy_wh": 4_000, "periods": (), "meter_stop_wh": FACTS.meter_start_wh + 4_000}
    )
    sale = {"station_id": PLACE.station_id, "relation": "EMSP_TO_DRIVER", "token_ref": "token-7"}
    asked = {"sale": sale, "energy_wh": 11_000, "charging_s": 3_600, "at": "2026-11-20T12:00:00Z"}
    async with pricing.run() as stage:
        await stage.say("accounts.subscription.snapshot.v1", "emo/driver-7#s-1", subscribed)
        await stage.say("assets.site.snapshot.v1", f"volt/{PLACE.site_id}", SITE)
        await stage.say("assets.station.snapshot.v1", KEY, STATION)
        await stage.say("accounts.token.snapshot.v1", "_/ab", TOKEN)
        await priced(stage, "mila", "NL-EMO", "EMSP_TO_DRIVER", "0.50")
        assert (await stage.post("mila", "/v1/plans", plan)).status_code == 201
        assert (await stage.post("carla", "/v1/plans", plan)).status_code == 404
        await stage.say(SESSIONS, KEY, closed())
        await stage.say(SESSIONS, f"{KEY}-2", closed(other))
        both = await of_kind(stage, RATINGS, SessionRated, 2)

        async def spent() -> Any:
            quote = (await stage.post("mila", "/v1/quotes", asked)).json()
            return quote if quote.get("plan", {}).get("draws", [{"left": 1}])[0]["left"] == 0 else None

        quote = await eventually(spent, deadline_s=20, what="the month's snapshot at the edge")
    # 22 kWh against 16: together 6 kWh are paid, at 0.50 less a tenth, by whoever asked last.
    late, early = sorted(both, key=lambda each: each.rating.plan.draws[0].drawn)
    assert [each.rating.total_excl_vat.amount for each in (late, early)] == [Decimal("2.7"), Decimal(0)]
    assert [each.rating.plan.draws[0].drawn for each in (late, early)] == [5_000, 11_000]
    assert quote["total_excl_vat"]["rounded_minor"] == 495  # nothing is left, the tenth is
    corrected = SessionCorrected(
        session_id=late.facts.session_id, station_id=PLACE.station_id, cause="by-person", corrected_at=at(90),
        facts=shorter.model_copy(update={"session_id": late.facts.session_id}), place=PLACE, parties=RESALE,
    )  # fmt: skip
    async with pricing.run() as stage:
        await stage.say(SESSIONS, KEY, corrected)
        (rerated,) = await of_kind(stage, RATINGS, SessionRerated, 1)
        drawn = await of_kind(stage, "pricing.allowance.event.v1", AllowanceDrawn, 3)
    assert rerated.difference_excl_vat.amount == Decimal("-2.7")
    assert rerated.rating.plan.draws == drawn[-1].draws
    assert (drawn[-1].draws[0].drawn, drawn[-1].draws[0].left) == (4_000, 1_000)


async def test_a_tariff_with_elements_is_published_quoted_and_retired(pricing: Any) -> None:
    energy = [{"type": "ENERGY", "price": "0.20", "vat_permille": 210}]
    dear = [{"type": "ENERGY", "price": "0.50", "vat_permille": 210}]
    elements = [{"components": energy, "restrictions": {"end_time": "17:00"}}, {"components": dear}]
    idle = {"price": "6.00", "grace_s": 900, "free_from": "22:00", "free_until": "07:00", "at_most": "10.00"}
    body = tariff(components=[], elements=elements, idle_fee=idle, max_price={"incl_vat": "50"})
    asked = {
        "tariff_id": "day", "energy_wh": 10_000, "power_w": 10_000, "parking_s": 2_700,
        "at": "2026-11-20T15:30:00Z", "time_zone": "Europe/Amsterdam",
    }  # fmt: skip
    async with pricing.run() as stage:
        published = await stage.post("carla", "/v1/tariffs", body)
        assert published.status_code == 201, published.text
        quote = (await stage.post("carla", "/v1/quotes", asked)).json()
        assert quote["expected"] == {"charging_s": 3_600.0, "ended_at": "2026-11-20T17:15:00+00:00"}
        told = {(each["element"], each["excl_vat"]["rounded_minor"]) for each in quote["lines"]}
        assert told == {(0, 100), (1, 250), (-1, 300)}
        bad = tariff(components=[], elements=[{"components": energy, "restrictions": {"end_time": "25:00"}}])
        refused = await stage.post("carla", "/v1/tariffs", bad)
        assert (refused.status_code, "/elements/0/restrictions/end_time" in refused.text) == (409, True)
        retirement = {"seller_party_id": "NL-VLT", "retires_at": "2026-12-01T00:00:00Z"}
        assert (await stage.post("carla", "/v1/tariffs/day/retirement", retirement)).status_code == 201
        assert (await stage.post("carla", "/v1/quotes", {**asked, "at": "2026-12-02T00:00:00Z"})).status_code == 404


async def test_a_tariff_follows_a_feed(pricing: Any) -> None:
    by = {"feed_id": "spot", "markup_percent": "10", "fallback": "0.50", "vat_permille": 210}
    hour = {"starts_at": "2026-11-20T15:00:00Z", "ends_at": "2026-11-20T16:00:00Z", "price": "0.10"}
    told = {"issuer_party_id": "NL-VLT", "currency": "EUR", "points": [hour]}
    asked = {"tariff_id": "day", "energy_wh": 10_000, "charging_s": 7_200, "at": "2026-11-20T15:00:00Z"}
    async with pricing.run() as stage:
        assert (await stage.post("carla", "/v1/tariffs", tariff(components=[], feed_price=by))).status_code == 201
        assert (await stage.post("carla", "/v1/price-feeds/spot/points", told)).status_code == 201
        past = {**told, "points": [{**hour, "starts_at": "2026-11-20T09:00:00Z", "ends_at": "2026-11-20T10:00:00Z"}]}
        assert (await stage.post("carla", "/v1/price-feeds/spot/points", past)).status_code == 409

        async def priced_by_feed() -> bool:
            quote = (await stage.post("carla", "/v1/quotes", asked)).json()
            return [each["excl_vat"]["rounded_minor"] for each in quote["lines"]] == [55, 250]

        await eventually(priced_by_feed, deadline_s=20, what="the feed's price in the quote")


async def test_the_edge_says_no_to_what_makes_no_sense_and_to_whom_it_does_not_concern(pricing: Any) -> None:
    async with pricing.run() as stage:
        published = await stage.post("carla", "/v1/tariffs", tariff(), **{"Idempotency-Key": "k1"})
        assert (published.status_code, published.json()["version"]) == (201, 1)
        again = await stage.post("carla", "/v1/tariffs", tariff())
        assert again.status_code == 200
        for caller, body, status in (
            ("carla", tariff(price="-1"), 409),
            ("carla", tariff(currency="EUX"), 409),
            ("carla", tariff(currency="euro"), 422),
            ("carla", tariff(price="NaN"), 422),
            ("carla", tariff(surprise=1), 422),
            ("carla", tariff(seller="NL-EMO"), 404),
            ("otto", tariff(), 403),
        ):
            assert (await stage.post(caller, "/v1/tariffs", body)).status_code == status, body
        assert (await stage.http.post("/v1/tariffs", json=tariff())).status_code == 401
        unknown = await stage.post("carla", "/v1/tariffs/night/assignments", assignment("CPO_TO_EMSP"))
        assert unknown.status_code == 404
        read = await stage.http.get("/v1/tariffs/day", headers={"Authorization": "Bearer carla"})
        assert [each["version"] for each in read.json()["versions"]] == [1]
        other = await stage.http.get("/v1/tariffs/day", headers={"Authorization": "Bearer mila"})
        assert other.status_code == 404
        quote = await stage.post("carla", "/v1/quotes", {"tariff_id": "day", "energy_wh": 11_000})
        assert quote.json()["total_incl_vat"]["rounded_minor"] == 466
        ask = "/v1/coverage?seller_party_id=NL-VLT&relation=CPO_TO_EMSP"
        bare = await stage.http.get(ask, headers={"Authorization": "Bearer carla"})
        assert (bare.json()["total"], bare.json()["gaps"][0]["rule"]) == (False, "sale-without-tariff")
        await stage.post("carla", "/v1/tariffs/day/assignments", assignment("CPO_TO_EMSP"))
        total = (await stage.http.get(ask, headers={"Authorization": "Bearer carla"})).json()
        assert (total["total"], [each["tariff_id"] for each in total["tried_in_this_order"]]) == (True, ["day"])
        for part in stage.service.parts:
            assert not isinstance(part, HttpEdge) or undeclared_routes(part.app) == []
