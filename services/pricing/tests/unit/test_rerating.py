"""What corrects a session or a tariff changes what is paid by the difference, and once; a draft changes nothing."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from priced import ENERGY, FACTS, LONG_AGO, NOON, PLACE, RESALE, SESSION, at, component, facts, version
from test_rated import CONTEXT, RATED, RATING_ID, TO_PROVIDER, asked, tariffs, unratable

from chassis.decider import To
from chassis.testing import Scenario
from ev_contracts.common import (
    ChargingPeriod,
    FeedPrice,
    MeterPoint,
    Money,
    Place,
    PricePoint,
    RerateCause,
    ReservationFacts,
    SessionFacts,
)
from ev_contracts.pricing import RerateSession, RerateWanted, SessionRated, SessionRerated
from ev_contracts.sessions import SessionCorrected
from pricing.domain.feed import resolved
from pricing.domain.rated import rating
from pricing.domain.rating import rate
from pricing.domain.what_if import Asked, Draft, past_of, report_of, rerate_commands
from pricing.policies import on_rating, on_session

MORE = facts((60, True, 12_000), (7, False, 0))
DEARER = version(component("ENERGY", "0.40"), number=2)


def rerate(**changes: Any) -> RerateSession:
    fields: dict[str, Any] = {
        "at": at(90),
        "rating_id": RATING_ID,
        "relation": TO_PROVIDER,
        "cause": RerateCause.SESSION_CORRECTED,
        "correction_id": "e-1",
        "facts": MORE,
        "place": PLACE,
        "parties": RESALE,
        "tariff": version(ENERGY),
    }
    return RerateSession(**{**fields, **changes})


def euros(amount: str, minor: int) -> Money:
    return Money(amount=Decimal(amount), rounded_minor=minor, currency="EUR")


RERATED = SessionRerated(
    rating=rate(
        rating_id=RATING_ID, relation=TO_PROVIDER, tariff=version(ENERGY), facts=MORE, time_zone=PLACE.time_zone
    ),
    revision=1,
    cause=RerateCause.SESSION_CORRECTED,
    correction_id="e-1",
    previous_tariff_version=1,
    difference_excl_vat=euros("0.35000000", 35),
    difference_vat=euros("0.07350000", 7),
    difference_incl_vat=euros("0.42350000", 42),
    facts=MORE,
    place=PLACE,
    parties=RESALE,
    rerated_at=at(90),
)


def test_a_corrected_session_is_rerated_by_the_difference_and_once() -> None:
    scenario = Scenario(rating).given(RATED).when(rerate()).then(RERATED)
    scenario.when(rerate(correction_id="told-again")).then_nothing()


def test_back_and_forth_ends_where_it_began() -> None:
    back = Scenario(rating).given(RATED, RERATED).state
    events = rating.decide(rerate(facts=FACTS, correction_id="e-2"), back)
    assert isinstance(events, list)
    (event,) = events
    assert isinstance(event, SessionRerated)
    assert (event.revision, event.difference_incl_vat.rounded_minor) == (2, -42)


def test_what_moves_no_price_is_no_event() -> None:
    later = facts((60, True, 11_000), (70, False, 0))
    Scenario(rating).given(RATED).when(rerate(facts=later)).then_nothing()


def test_a_session_that_was_never_rated_is_not_rerated() -> None:
    Scenario(rating).given().when(rerate()).then_nothing()


def test_what_is_held_is_held_with_the_facts_of_now() -> None:
    held = unratable("no-tariff")
    again = held.model_copy(update={"facts": MORE, "at": at(90)})
    scenario = Scenario(rating).given(held).when(rerate(tariff=None)).then(again)
    scenario.when(rerate(tariff=None)).then_nothing()


WANTED = RerateWanted(
    rating_id=RATING_ID, relation=TO_PROVIDER, tariff_id="wholesale", tariff_version=1,
    cause=RerateCause.SESSION_CORRECTED, correction_id="e-1", facts=MORE, place=PLACE, parties=RESALE, at=at(90),
)  # fmt: skip


def test_a_corrected_session_keeps_the_version_by_which_it_was_rated() -> None:
    scenario = Scenario(rating).given(RATED).when(rerate(tariff=None)).then(WANTED)
    assert isinstance(scenario.state, type(Scenario(rating).given(RATED).state))
    assert on_rating(WANTED, CONTEXT, tariffs()) == [To(key="volt/NLVOLT0001", command=rerate())]
    other = WANTED.model_copy(update={"tariff_version": 9})
    assert on_rating(other, CONTEXT, tariffs()) == []


def test_a_correction_asks_for_each_relation_anew() -> None:
    corrected = SessionCorrected(
        session_id=SESSION, station_id=PLACE.station_id, cause="late-reading", corrected_at=at(90), facts=MORE,
        place=PLACE, parties=RESALE,
    )  # fmt: skip
    to_provider, to_driver = on_session(corrected, CONTEXT, tariffs())
    assert to_provider == To(key=f"volt/{RATING_ID}", command=rerate(tariff=None, correction_id="e"))
    assert to_driver.key.startswith("emo/")


def odd(**changes: Any) -> SessionFacts:
    return FACTS.model_copy(update=changes)


PERIOD = ChargingPeriod(started_at=at(5), ended_at=at(0), charging=True, energy_wh=0)
FALLING = (MeterPoint(at=at(0), energy_wh=5), MeterPoint(at=at(1), energy_wh=4))
BACKWARDS = ReservationFacts(reservation_id="r", started_at=at(5), ended_at=at(0), expired=False)


@pytest.mark.parametrize(
    ("session", "place", "reason"),
    [
        (odd(ended_at=at(-1)), PLACE, "ends-before-it-starts"),
        (odd(energy_wh=-1), PLACE, "energy-negative"),
        (odd(periods=(PERIOD,)), PLACE, "periods-out-of-order"),
        (odd(curve=FALLING), PLACE, "curve-out-of-order"),
        (odd(reservation=BACKWARDS), PLACE, "reservation-out-of-order"),
        (FACTS, PLACE.model_copy(update={"time_zone": "Mars/Olympus"}), "time-zone-unknown"),
    ],
)
def test_a_session_that_makes_no_sense_is_held_for_a_person(session: SessionFacts, place: Place, reason: str) -> None:
    held = unratable(reason).model_copy(update={"facts": session, "place": place})
    scenario = Scenario(rating).given().when(asked(facts=session, place=place)).then(held)
    assert rating.deadlines(scenario.state) == []
    Scenario(rating).given(RATED).when(rerate(facts=session, place=place)).then_nothing()


OCTOBER = Asked(tariff_id="wholesale", start=LONG_AGO, end=NOON + timedelta(days=1))


def history() -> list[SessionRated]:
    """Three sessions: of this tariff, of another, and one that began too late."""
    told = []
    for number, (tariff_id, days) in enumerate((("wholesale", 0), ("other", 0), ("wholesale", 2))):
        moved = timedelta(days=days)
        session = FACTS.model_copy(
            update={"session_id": f"s-{number}", "started_at": NOON + moved, "ended_at": FACTS.ended_at + moved}
        )
        rated = RATED.rating.model_copy(update={"rating_id": f"r-{number}", "tariff_id": tariff_id})
        told.append(RATED.model_copy(update={"rating": rated, "facts": session}))
    return told


def test_the_past_under_a_draft_is_the_same_report_byte_by_byte() -> None:
    first, second = history(), list(reversed(history()))
    reports = {report_of(past_of(each, OCTOBER), Draft(version=DEARER), OCTOBER) for each in (first, second, first)}
    (report,) = reports
    assert b'"sessions": 1' in report
    assert b'"after_gross_minor": 532' in report  # 11 kWh x 0.40 and 21 %
    assert report_of(past_of(first, OCTOBER), Draft(version=version(ENERGY)), OCTOBER).count(b"after_gross_minor") == 0


def test_a_correction_of_a_tariff_asks_for_its_sessions_alone() -> None:
    commands = list(rerate_commands(past_of(history(), OCTOBER), Draft(version=DEARER), correction_id="c-1", at=at(90)))
    assert [(key, each.facts.session_id, each.tariff) for key, each in commands] == [("volt/r-0", "s-0", DEARER)]


def test_the_last_word_on_a_rating_is_its_past() -> None:
    past = past_of([RATED, RERATED], Asked(tariff_id="wholesale", start=LONG_AGO, end=at(1)))
    assert [each.facts for each in past] == [MORE]


def test_a_draft_that_follows_a_feed_prices_each_session_by_the_feeds_prices_of_its_hours() -> None:
    by = FeedPrice(feed_id="spot", fallback=Decimal("0.90"), markup_percent=Decimal(10), addition=Decimal(0))
    follows = version().model_copy(update={"feed_price": by})
    told = ((-60, 60, "0.90"), (-15, 15, "0.80"), (0, 60, "0.10"), (60, 60, "0.20"), (120, 60, "0.70"))
    points = tuple(
        PricePoint(starts_at=at(start), ends_at=at(start + lasts), price=Decimal(price)) for start, lasts, price in told
    )
    fed = Draft(version=follows, points=points).of(FACTS)
    assert fed == resolved(follows, points[2:4])  # FACTS run from noon for 67 minutes
    past = past_of(history(), OCTOBER)[:1]
    commands = rerate_commands(past, Draft(version=follows, points=points), correction_id="c", at=at(90))
    ((_, command),) = commands
    assert command.tariff is not None
    assert command.tariff.feed_price is None
