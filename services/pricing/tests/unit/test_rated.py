"""A session is rated once per relation; without a tariff it is held and tried again, without a buyer it waits."""

from datetime import timedelta
from typing import Any

from priced import ENERGY, FACTS, NOON, PLACE, RESALE, SESSION, UNKNOWN_TOKEN, assign, at, closed, component, version

from chassis.decider import Deadline, EventContext, To
from chassis.testing import Scenario
from ev_contracts.common import Parties, Relation, RelationKind, TariffVersion
from ev_contracts.pricing import (
    AssignmentSnapshot,
    RateSession,
    RatingDeadlinePassed,
    RatingWanted,
    SessionRated,
    SessionUnratable,
    TariffSnapshot,
)
from ev_contracts.sessions import SessionEnded
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.rated import rating
from pricing.domain.rating import rate
from pricing.policies import on_rating, on_session, rating_id_of, relations_of

TO_PROVIDER = relations_of(RESALE, "volt")[0]
RATING_ID = rating_id_of(SESSION, RelationKind.CPO_TO_EMSP)
CONTEXT = EventContext(
    topic="sessions.session.event.v1", key="volt/NLVOLT0001", tenant="volt", event_id="e", stream_version=9, time=NOON
)


def asked(**changes: Any) -> RateSession:
    fields: dict[str, Any] = {
        "at": at(70),
        "rating_id": RATING_ID,
        "relation": TO_PROVIDER,
        "facts": FACTS,
        "place": PLACE,
        "parties": RESALE,
        "tariff": version(ENERGY),
    }
    return RateSession(**{**fields, **changes})


def unratable(reason: str, relation: Relation = TO_PROVIDER, parties: Parties = RESALE) -> SessionUnratable:
    return SessionUnratable(
        rating_id=RATING_ID,
        relation=relation,
        session_id=SESSION,
        reason=reason,
        at=at(70),
        facts=FACTS,
        place=PLACE,
        parties=parties,
    )


RATED = SessionRated(
    rating=rate(
        rating_id=RATING_ID, relation=TO_PROVIDER, tariff=version(ENERGY), facts=FACTS, time_zone=PLACE.time_zone
    ),
    facts=FACTS,
    place=PLACE,
    parties=RESALE,
    rated_at=at(70),
)


def test_a_session_is_rated_once() -> None:
    scenario = Scenario(rating).given().when(asked()).then(RATED)
    scenario.when(asked(tariff=version(ENERGY, number=2))).then_nothing()


def test_without_a_tariff_it_is_held_and_tried_again_ever_more_rarely() -> None:
    scenario = Scenario(rating).given().when(asked(tariff=None)).then(unratable("no-tariff"))
    scenario.when(asked(tariff=None)).then_nothing()
    assert rating.deadlines(scenario.state) == [Deadline(name="try-again", due_at=at(71))]
    passed = RatingDeadlinePassed(at=at(71), name="try-again", due_at=at(71))
    wanted = RatingWanted(
        rating_id=RATING_ID, relation=TO_PROVIDER, facts=FACTS, place=PLACE, parties=RESALE, attempt=1, at=at(71)
    )
    scenario = scenario.when(passed).then(wanted)
    assert rating.deadlines(scenario.state) == [Deadline(name="try-again", due_at=at(73))]
    many = Scenario(rating).given(unratable("no-tariff"), wanted.model_copy(update={"attempt": 99}))
    assert rating.deadlines(many.state)[0].due_at - at(71) == timedelta(hours=1)
    scenario.when(asked()).then(RATED)


def test_without_a_buyer_it_waits_for_a_person() -> None:
    nobody = Relation(kind=RelationKind.CPO_TO_DRIVER, seller_party_id="NL-VLT", seller_tenant="volt")
    scenario = Scenario(rating).given().when(asked(relation=nobody)).then(unratable("no-buyer", nobody))
    assert rating.deadlines(scenario.state) == []


def tariffs() -> SnapshotTariffs:
    book = SnapshotTariffs()
    book.versions.put("volt/wholesale@1", TariffSnapshot(tariff=version(ENERGY), name="Wholesale"))
    book.assignments.put("volt/wholesale#all", AssignmentSnapshot(**assign().model_dump(exclude={"at"})))
    return book


def test_resale_sells_twice_and_direct_once() -> None:
    assert [each.kind.value for each in relations_of(RESALE, "volt")] == ["CPO_TO_EMSP", "EMSP_TO_DRIVER"]
    assert [each.seller_tenant for each in relations_of(RESALE, "volt")] == ["volt", "emo"]
    partner = RESALE.model_copy(update={"driver_ref": None})
    assert [each.kind.value for each in relations_of(partner, "volt")] == ["CPO_TO_EMSP"]
    assert [each.kind.value for each in relations_of(UNKNOWN_TOKEN, "volt")] == ["CPO_TO_DRIVER"]


def test_only_the_close_asks_for_ratings() -> None:
    to_provider, to_driver = on_session(closed(), CONTEXT, tariffs())
    assert to_provider == To(key=f"volt/{RATING_ID}", command=asked())
    assert (to_driver.command.tariff, to_driver.command.no_tariff_because) == (None, "no-tariff")
    assert to_driver.key.startswith("emo/")
    ended = SessionEnded(
        session_id=SESSION,
        station_id="NLVOLT0001",
        evse_number=1,
        connector_number=1,
        ended_at=at(67),
        energy_wh=11_000,
        reason="Local",
        offline=False,
    )
    assert on_session(ended, CONTEXT, tariffs()) == []


def test_a_held_rating_is_asked_for_only_when_there_is_a_tariff() -> None:
    wanted = RatingWanted(
        rating_id=RATING_ID, relation=TO_PROVIDER, facts=FACTS, place=PLACE, parties=RESALE, attempt=1, at=at(70)
    )
    assert on_rating(wanted, CONTEXT, SnapshotTariffs()) == []
    assert on_rating(wanted, CONTEXT, tariffs()) == [To(key="volt/NLVOLT0001", command=asked())]
    assert on_rating(RATED, CONTEXT, tariffs()) == []


def test_the_most_specific_assignment_wins_and_then_the_latest() -> None:
    def assignment(name: str, **changes: object) -> tuple[str, AssignmentSnapshot]:
        return f"volt/{name}#{name}", AssignmentSnapshot(
            **assign(assignment_id=name, tariff_id=name, **changes).model_dump(exclude={"at"})
        )

    book = SnapshotTariffs()
    for key, each in (
        assignment("general"),
        assignment("newer", valid_from=at(-60)),
        assignment("buyer", buyer_party_id="NL-EMO"),
        assignment("site", site_id="oosterdok"),
        assignment("both", site_id="oosterdok", buyer_party_id="NL-EMO"),
        assignment("station", station_id=PLACE.station_id),
        assignment("connector", station_id=PLACE.station_id, connector_number=1),
        assignment("another-connector", station_id=PLACE.station_id, connector_number=2),
        assignment("elsewhere", site_id="sloterdijk", buyer_party_id="NL-EMO"),
        assignment("tomorrow", site_id="oosterdok", buyer_party_id="NL-EMO", valid_from=at(60)),
    ):
        book.assignments.put(key, each)
    order = [each.assignment_id for each in book.assignments.of(TO_PROVIDER, place=PLACE, at=NOON)]
    assert order == ["connector", "station", "both", "site", "buyer", "newer", "general"]
    assert book.in_force(TO_PROVIDER, place=PLACE, at=NOON) is None
    cheap = version(ENERGY).model_copy(update={"tariff_id": "general"})
    book.versions.put("volt/general@1", TariffSnapshot(tariff=cheap, name="General"))
    assert book.in_force(TO_PROVIDER, place=PLACE, at=NOON) == cheap


def test_of_two_versions_the_one_in_force_at_the_start_counts() -> None:
    book = tariffs()
    later = version(ENERGY, number=2).model_copy(update={"valid_from": at(1)})
    book.versions.put("volt/wholesale@2", TariffSnapshot(tariff=later, name="Wholesale"))
    assert book.in_force(TO_PROVIDER, place=PLACE, at=NOON) == version(ENERGY)
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(1)) == later


def told_at(minutes: float, by: TariffVersion) -> TariffSnapshot:
    return TariffSnapshot(tariff=by, name="Wholesale", published_at=at(minutes))


def test_a_version_or_assignment_that_is_made_later_changes_no_price_that_has_begun() -> None:
    book = tariffs()
    dearer = version(component("ENERGY", "0.99"), number=2)
    book.versions.put("volt/wholesale@2", told_at(10, dearer))
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(5)) == version(ENERGY)
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(10)) == dearer
    narrow = assign(assignment_id="n", tariff_id="narrow", station_id=PLACE.station_id).model_dump(exclude={"at"})
    book.assignments.put("volt/narrow#n", AssignmentSnapshot(**narrow, assigned_at=at(20)))
    here = version(ENERGY).model_copy(update={"tariff_id": "narrow"})
    book.versions.put("volt/narrow@1", told_at(1, here))
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(15)) == dearer
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(20)) == here


def test_where_nothing_was_in_force_what_is_made_later_gives_a_price() -> None:
    book = SnapshotTariffs()
    late = AssignmentSnapshot(**assign().model_dump(exclude={"at"}), assigned_at=at(10))
    book.assignments.put("volt/wholesale#a", late)
    book.versions.put("volt/wholesale@1", told_at(10, version(ENERGY)))
    assert book.in_force(TO_PROVIDER, place=PLACE, at=NOON) == version(ENERGY)
    over = version(ENERGY, number=2).model_copy(update={"valid_until": at(-5)})
    book.versions.put("volt/wholesale@1", told_at(-60, over))
    book.versions.put("volt/wholesale@3", told_at(10, version(ENERGY, number=3)))
    assert book.in_force(TO_PROVIDER, place=PLACE, at=NOON) == version(ENERGY, number=3)


def test_a_tariff_that_has_ended_or_is_retired_gives_way_to_the_next() -> None:
    book = tariffs()
    general = version(ENERGY).model_copy(update={"tariff_id": "general"})
    book.versions.put("volt/general@1", TariffSnapshot(tariff=general, name="General"))
    book.assignments.put(
        "volt/general#g",
        AssignmentSnapshot(**assign(assignment_id="g", tariff_id="general").model_dump(exclude={"at"})),
    )
    narrow = assign(assignment_id="narrow", site_id="oosterdok").model_dump(exclude={"at"})
    book.assignments.put("volt/wholesale#narrow", AssignmentSnapshot(**narrow))
    retired = TariffSnapshot(tariff=version(ENERGY), name="Wholesale", retires_at=at(5))
    book.versions.put("volt/wholesale@1", retired)
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(4)) == version(ENERGY)
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(5)) == general
    ended = TariffSnapshot(tariff=version(ENERGY).model_copy(update={"valid_until": at(3)}), name="Wholesale")
    book.versions.put("volt/wholesale@1", ended)
    assert book.in_force(TO_PROVIDER, place=PLACE, at=at(3)) == general
