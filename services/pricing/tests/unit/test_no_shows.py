"""Who reserves and does not come pays for the reservation alone."""

from decimal import Decimal

from priced import ENERGY, FLAT, NOON, PLACE, RESALE, assign, at, component, version

from chassis.decider import EventContext, Refused
from ev_contracts.common import ReservationFacts, ReservationRestriction, TariffElement, TariffRestrictions
from ev_contracts.pricing import AssignmentSnapshot, SessionRated, TariffSnapshot
from ev_contracts.sessions import NoShowFound, ReservationExpired
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.rated import rating
from pricing.no_shows import on_reservation

CONTEXT = EventContext(
    topic="sessions.reservation.event.v1",
    key="volt/oosterdok",
    tenant="volt",
    event_id="e",
    stream_version=2,
    time=NOON,
)
HELD = ReservationFacts(reservation_id="r1", started_at=at(0), ended_at=at(30), expired=True)
NO_SHOW = NoShowFound(
    reservation_id="r1",
    site_id="oosterdok",
    token_ref="token-7",
    facts=HELD,
    place=PLACE,
    parties=RESALE,
    found_at=at(30 + 48 * 60),
)


def tariffs() -> SnapshotTariffs:
    """Energy, a start fee, and 6.00 an hour of a reservation that nobody used."""
    unused = TariffElement(
        components=(component("TIME", "6.00"),),
        restrictions=TariffRestrictions(reservation=ReservationRestriction.RESERVATION_EXPIRES),
    )
    plain = version(ENERGY, FLAT)
    tariff = plain.model_copy(update={"elements": (unused, *plain.elements)})
    book = SnapshotTariffs()
    book.versions.put("volt/wholesale@1", TariffSnapshot(tariff=tariff, name="Wholesale"))
    book.assignments.put("volt/wholesale#all", AssignmentSnapshot(**assign().model_dump(exclude={"at"})))
    return book


def test_a_no_show_is_rated_for_its_reservation_and_for_nothing_else() -> None:
    to_provider, _to_driver = on_reservation(NO_SHOW, CONTEXT, tariffs())
    decided = rating.decide(to_provider.command, rating.initial)
    assert not isinstance(decided, Refused)
    (rated,) = decided
    assert isinstance(rated, SessionRated)
    assert [(line.type.value, line.quantity) for line in rated.rating.lines] == [("TIME", Decimal("0.50000000"))]
    assert (rated.rating.total_excl_vat.rounded_minor, rated.facts.session_id) == (300, "r1")


def test_one_that_says_no_payer_and_one_that_may_still_be_used_ask_for_nothing() -> None:
    unknown = NO_SHOW.model_copy(update={"parties": None})
    expired = ReservationExpired(
        reservation_id="r1", site_id="oosterdok", token_ref="token-7", facts=HELD, expired_at=at(30)
    )
    assert [on_reservation(each, CONTEXT, tariffs()) for each in (unknown, expired)] == [[], []]
