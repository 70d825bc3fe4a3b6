"""A past month under a corrected tariff: only what differs is said, and only once; under a draft nothing is."""

import json
import os
import time
from datetime import timedelta
from typing import Any

import pytest
from priced import FACTS, NOON, PLACE, RESALE, closed
from test_pricing import KEY, RATINGS, SESSIONS, of_kind, priced, tariff

from chassis.runner import wire
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.pricing import SessionRated, SessionRerated
from ev_contracts.record import Record
from pricing.domain.what_if import Asked
from pricing.history import draft_of, rerate, what_if

SESSIONS_TOLD = 10_000 if os.environ.get("EV_LONG") else 300
WAIT_S = SESSIONS_TOLD / 30 + 30
"""Reading ten thousand records again and again takes its time too."""
OCTOBER = Asked(tariff_id="day", start=NOON - timedelta(days=30), end=NOON + timedelta(days=30))
BY_NIGHT = [
    {"components": [{"type": "ENERGY", "price": "0.10", "vat_permille": 210}], "restrictions": {"end_time": "12:00"}},
    {"components": [{"type": "ENERGY", "price": "0.35", "vat_permille": 210}]},
]


def sessions() -> list[Record]:
    """Each an hour after the other, from 13:00 on by the site's clock; so of 24 eleven begin before noon."""
    parties = RESALE.model_copy(update={"driver_ref": None})
    told: list[Record] = []
    for number in range(SESSIONS_TOLD):
        moved = timedelta(hours=number % 24)
        session = FACTS.model_copy(
            update={
                "session_id": f"s-{number}",
                "started_at": FACTS.started_at + moved,
                "ended_at": FACTS.ended_at + moved,
                "periods": tuple(
                    each.model_copy(update={"started_at": each.started_at + moved, "ended_at": each.ended_at + moved})
                    for each in FACTS.periods
                ),
            }
        )
        told.append(closed(session, parties))
    return told


@pytest.mark.timeout(3 * WAIT_S + 120)
async def test_a_corrected_tariff_reaches_only_the_sessions_that_it_changes(pricing: Any) -> None:
    corrected = draft_of(json.dumps(tariff(components=[], elements=BY_NIGHT)).encode(), number=2, at=NOON)
    async with pricing.run() as stage:
        await priced(stage, "carla", "NL-VLT", "CPO_TO_EMSP", "0.35")
        await stage.say(SESSIONS, KEY, *sessions())
        await of_kind(stage, RATINGS, SessionRated, SESSIONS_TOLD, deadline_s=WAIT_S)
        wiring = wire("pricing", pricing.settings, records=RECORDS, topics=TOPICS, clock=stage.clock, log=stage.log)
        report = await what_if(wiring, "volt", OCTOBER, corrected)
        assert await what_if(wiring, "volt", OCTOBER, corrected) == report
        affected = json.loads(report)["total"]["changed"]
        assert 0 < affected < SESSIONS_TOLD
        began = time.perf_counter()
        assert await rerate(wiring, "volt", OCTOBER, corrected, "october") == SESSIONS_TOLD
        changed = await of_kind(stage, RATINGS, SessionRerated, affected, deadline_s=WAIT_S)
        took = time.perf_counter() - began
        print(f"{SESSIONS_TOLD} sessions rerated in {took:.1f} s, {SESSIONS_TOLD / took:.0f} a second")
        # What is asked for last comes out last: once it is there, the second round has been decided.
        await rerate(wiring, "volt", OCTOBER, corrected, "october")
        await stage.say(SESSIONS, KEY, closed(FACTS.model_copy(update={"session_id": "last"})))
        await of_kind(stage, RATINGS, SessionRated, SESSIONS_TOLD + 1, deadline_s=WAIT_S)
        again = [each.record for each in await stage.seen(RATINGS) if isinstance(each.record, SessionRerated)]
    assert len(changed) == len(again) == affected
    total = sum(each.difference_incl_vat.rounded_minor for each in changed)
    assert total == json.loads(report)["total"]["difference"]["gross_minor"]
    assert {each.previous_tariff_version for each in changed} == {1}
    assert PLACE.site_id in json.loads(report)["sites"]


async def test_a_draft_that_follows_a_feed_is_judged_by_what_the_feed_said(pricing: Any) -> None:
    by = {"feed_id": "spot", "fallback": "0.90", "vat_permille": 210}
    draft = draft_of(json.dumps(tariff(components=[], feed_price=by)).encode(), number=0, at=NOON)
    hours = [
        {"starts_at": f"2026-11-20T{hour}:00:00Z", "ends_at": f"2026-11-20T{hour + 1}:00:00Z", "price": "0.50"}
        for hour in (12, 13)
    ]
    told = {"issuer_party_id": "NL-VLT", "currency": "EUR", "points": hours}
    async with pricing.run() as stage:
        await priced(stage, "carla", "NL-VLT", "CPO_TO_EMSP", "0.35")
        wiring = wire("pricing", pricing.settings, records=RECORDS, topics=TOPICS, clock=stage.clock, log=stage.log)
        with pytest.raises(ValueError, match="feed-unknown: /feed_price/feed_id: spot"):
            await what_if(wiring, "volt", OCTOBER, draft)
        stage.clock.advance(timedelta(days=-1))
        assert (await stage.post("carla", "/v1/price-feeds/spot/points", told)).status_code == 201
        await stage.say(SESSIONS, KEY, closed(FACTS, RESALE.model_copy(update={"driver_ref": None})))
        await of_kind(stage, RATINGS, SessionRated, 1)
        report = json.loads(await what_if(wiring, "volt", OCTOBER, draft))
    assert report["total"]["after"]["net_minor"] == 550  # 11 kWh at the feed's 0.50, not the fallback's 0.90
