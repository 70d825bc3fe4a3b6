"""What a reservation would cost, with a session or without: as it is rated once it has happened."""

from typing import Any

from priced import FACTS, PLACE, RESALE, at, closed
from test_pricing import KEY, RATINGS, SESSIONS, SITE, STATION, assignment, of_kind, tariff

from chassis.testing import eventually
from ev_contracts.common import ReservationFacts
from ev_contracts.pricing import SessionRated
from ev_contracts.sessions import NoShowFound

RESERVATIONS = "sessions.reservation.event.v1"
TIME = {"type": "TIME", "price": "2.40", "vat_permille": 210}
ELEMENTS = [
    {"components": [TIME, {"type": "FLAT", "price": "0.50", "vat_permille": 210}],
     "restrictions": {"reservation": "RESERVATION"}},
    {"components": [{**TIME, "price": "6.00"}], "restrictions": {"reservation": "RESERVATION_EXPIRES"}},
    {"components": [{"type": "ENERGY", "price": "0.35", "vat_permille": 210}]},
]  # fmt: skip
SALE = {"sale": {"station_id": PLACE.station_id, "relation": "CPO_TO_EMSP", "emsp_party_id": "NL-EMO"}}
BY_NAME = {"tariff_id": "day", "time_zone": PLACE.time_zone}
STARTS_AT = at(-45)
VISIT = {"energy_wh": 11_000, "charging_s": 3_600, "parking_s": 420, "at": at(0).isoformat()}
RESERVED = {"starts_at": STARTS_AT.isoformat(), "expires_at": at(15).isoformat()}
UNUSED = {**RESERVED, "unused": True}
PARTNER = RESALE.model_copy(update={"driver_ref": None})


def held(until_minutes: int, *, expired: bool) -> ReservationFacts:
    return ReservationFacts(reservation_id="r1", started_at=STARTS_AT, ended_at=at(until_minutes), expired=expired)


async def quotable(stage: Any) -> None:
    """A connector whose sales are priced by elements of which two are a reservation's."""
    await stage.say("assets.site.snapshot.v1", f"volt/{PLACE.site_id}", SITE)
    await stage.say("assets.station.snapshot.v1", KEY, STATION)
    published = await stage.post("carla", "/v1/tariffs", tariff(components=[], elements=ELEMENTS))
    assert published.status_code == 201, published.text
    await stage.post("carla", "/v1/tariffs/day/assignments", assignment("CPO_TO_EMSP"))

    async def known() -> bool:
        return bool((await stage.post("carla", "/v1/quotes", {**SALE, **VISIT})).status_code == 200)

    await eventually(known, deadline_s=20, what="the station at pricing's edge")


async def quotes(stage: Any, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """For the sale, and for the tariff by its name."""
    answers = [await stage.post("carla", "/v1/quotes", {**by, **asked}) for by in (SALE, BY_NAME)]
    assert [each.status_code for each in answers] == [200, 200], answers[0].text
    return [each.json() for each in answers]


def is_quoted(quote: dict[str, Any], rated: SessionRated) -> bool:
    """Line by line, in each total, and by the same version."""
    final = rated.rating.model_dump(mode="json")
    named = ("tariff_hash", "lines", "total_excl_vat", "total_vat", "total_incl_vat")
    return {name: quote[name] for name in named} == {name: final[name] for name in named}


def scopes(quote: dict[str, Any]) -> list[tuple[str, str, int]]:
    return sorted((each["scope"], each["type"], each["excl_vat"]["rounded_minor"]) for each in quote["lines"])


async def test_a_session_after_its_reservation_is_quoted_as_it_is_rated(pricing: Any) -> None:
    async with pricing.run() as stage:
        await quotable(stage)
        told = await quotes(stage, {**VISIT, "reservation": RESERVED})
        reserved = FACTS.model_copy(update={"reservation": held(0, expired=False)})
        await stage.say(SESSIONS, KEY, closed(reserved, PARTNER))
        (rated,) = await of_kind(stage, RATINGS, SessionRated, 1)
    assert all(is_quoted(each, rated) for each in told)
    assert scopes(told[0]) == [("RESERVATION", "FLAT", 50), ("RESERVATION", "TIME", 180), ("SESSION", "ENERGY", 385)]


async def test_a_reservation_that_nobody_uses_is_quoted_as_a_no_show_is_rated(pricing: Any) -> None:
    no_show = NoShowFound(
        reservation_id="r1", site_id=PLACE.site_id, token_ref="token-7", facts=held(15, expired=True), place=PLACE,
        parties=PARTNER, found_at=at(60),
    )  # fmt: skip
    async with pricing.run() as stage:
        await quotable(stage)
        told = await quotes(stage, {"energy_wh": 0, "reservation": UNUSED})
        await stage.say(RESERVATIONS, f"volt/{PLACE.site_id}", no_show)
        (rated,) = await of_kind(stage, RATINGS, SessionRated, 1)
    assert all(is_quoted(each, rated) for each in told)
    assert ("RESERVATION", "TIME", 600) in scopes(told[0])
    assert told[0]["expected"] == {"charging_s": 0.0, "ended_at": at(15).isoformat()}


async def test_a_reservation_that_no_session_can_have_had_is_no_question(pricing: Any) -> None:
    begin, after = STARTS_AT.isoformat(), at(-60).isoformat()
    async with pricing.run() as stage:
        await quotable(stage)
        for bad in (
            {**VISIT, "reservation": UNUSED},
            {"energy_wh": 0, "reservation": {"starts_at": begin, "unused": True}},
            {"energy_wh": 0, "reservation": {"starts_at": begin, "expires_at": after, "unused": True}},
            {**VISIT, "reservation": {"starts_at": at(1).isoformat()}},
            {**VISIT, "reservation": {"starts_at": begin, "expires_at": at(-1).isoformat()}},
            {**VISIT, "reservation": {"starts_at": at(-600_000).isoformat()}},
            {**VISIT, "reservation": {"starts_at": "2026-11-20T11:00:00"}},
        ):
            for by in (SALE, BY_NAME):
                assert (await stage.post("carla", "/v1/quotes", {**by, **bad})).status_code == 422, bad
