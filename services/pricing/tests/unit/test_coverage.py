"""A sale is total only where its list of assignments ends with one for everybody, and each tariff prices everything."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from priced import ENERGY, LONG_AGO, NOON, PLACE, assign, at, component, version
from test_audience import TO_DRIVER
from test_engine import AMSTERDAM, Step, element, session, tariff

from ev_contracts.common import ProfileType, RelationKind, TariffVersion
from ev_contracts.pricing import AssignmentSnapshot, TariffSnapshot
from pricing.adapters.tariff_book import SnapshotTariffs, Versions
from pricing.domain.audience import ANYBODY, Buyer
from pricing.domain.coverage import gaps
from pricing.domain.rating import priced_session

PLAIN = version(ENERGY)
BY_DAY = tariff(element(ENERGY, start_time="08:00", end_time="20:00"))
FREE = version(component("FLAT", "0"))


def listed(**changes: Any) -> AssignmentSnapshot:
    return AssignmentSnapshot(**assign(**changes).model_dump(exclude={"at"}))


def rules(*assignments: AssignmentSnapshot, by: TariffVersion | None = PLAIN) -> list[str]:
    def in_force(_tariff_id: str, _at: datetime) -> TariffVersion | None:
        return by

    return [each.rule for each in gaps(assignments, NOON, in_force, lambda _tariff_id: ())]


@pytest.mark.parametrize("by", [PLAIN, FREE])
def test_one_for_everybody_is_total_and_so_is_one_that_says_free(by: TariffVersion) -> None:
    assert rules(listed(site_id="oosterdok"), listed(), by=by) == []


@pytest.mark.parametrize(
    "narrow", [{"site_id": "oosterdok"}, {"buyer_party_id": "NL-EMO"}, {"station_id": "s", "connector_number": 1}]
)
def test_whatever_is_named_there_is_another_one(narrow: dict[str, Any]) -> None:
    assert rules(listed(**narrow)) == ["sale-without-tariff"]


def test_nothing_assigned_is_a_gap_and_so_is_a_tariff_without_a_version() -> None:
    assert rules() == ["sale-without-tariff"]
    assert rules(listed(), by=None) == ["sale-without-tariff"]


def test_a_tariff_that_prices_by_day_alone_lets_the_night_fall_through() -> None:
    assert rules(listed(), by=BY_DAY) == ["session-without-price"]


def published(*versions: TariffVersion, retires_at: datetime | None = None) -> Versions:
    found = Versions()
    for number, each in enumerate(versions, start=1):
        told = TariffSnapshot(tariff=each.model_copy(update={"version": number}), name="t", retires_at=retires_at)
        found.put(f"volt/wholesale@{number}", told)
    return found


def gaps_of(found: Versions) -> list[str]:
    return [
        each.message for each in gaps([listed()], NOON, partial(found.in_force, "volt"), partial(found.changes, "volt"))
    ]


def valid(minutes: float | None, until: float | None = None, by: TariffVersion = PLAIN) -> TariffVersion:
    begins, ends = LONG_AGO if minutes is None else at(minutes), None if until is None else at(until)
    return by.model_copy(update={"valid_from": begins, "valid_until": ends})


ENDS = "wholesale ends at 2026-11-20T13:00:00+00:00, and nothing follows"


def test_a_tariff_that_ends_is_a_gap_to_come_unless_a_version_follows() -> None:
    assert gaps_of(published(valid(None))) == []
    assert gaps_of(published(valid(None, 60))) == [ENDS]
    assert gaps_of(published(valid(None, 60), valid(60))) == []
    assert gaps_of(published(valid(None, 60), valid(61))) == [ENDS]
    assert gaps_of(published(valid(None), valid(30, 60))) == [ENDS]


def test_a_retirement_is_an_end() -> None:
    assert gaps_of(published(valid(None), retires_at=at(60))) == [ENDS]


def test_a_version_to_come_must_price_everything_too() -> None:
    (gap,) = gaps_of(published(valid(None), valid(60, by=BY_DAY)))
    assert gap.startswith("wholesale: nothing is priced from 00:00 to 08:00")


def test_the_gap_names_an_example() -> None:
    (gap,) = gaps([listed(site_id="oosterdok")], NOON, lambda _tariff_id, _at: PLAIN, lambda _tariff_id: ())
    assert gap.message == "nothing is assigned to any buyer and place but site oosterdok"
    assert component("FLAT", "0").price == Decimal(0)


AFTER_A_MINUTE = element(component("TIME", "1"), min_duration_s=60)
NIGHTS = tariff(element(ENERGY, start_time="20:00", end_time="08:00"), AFTER_A_MINUTE)
CHEAP = FREE.model_copy(update={"tariff_type": "PROFILE_CHEAP"})
TARIFFS = {"plain": PLAIN, "free": FREE, "by-day": BY_DAY, "nights": NIGHTS, "cheap": CHEAP}
AUDIENCES = [{}, {"plan_id": "commuter"}, {"group_id": "fleet-9"}, {"ad_hoc": True}]
PLACES = [
    {},
    {"site_id": PLACE.site_id},
    {"site_id": "elsewhere"},
    {"station_id": PLACE.station_id},
    {"station_id": PLACE.station_id, "connector_number": 1},
]
PREFERS_CHEAP = Buyer(profile_type=ProfileType.CHEAP)
BUYERS = [ANYBODY, Buyer(plan_id="commuter"), Buyer(group_id="fleet-9"), Buyer(is_ad_hoc=True), PREFERS_CHEAP]
ASSIGNED = st.tuples(
    st.sampled_from(["plain", "free", "by-day", "cheap"]), st.sampled_from(AUDIENCES), st.sampled_from(PLACES)
)
ANY: dict[str, Any] = {}
LAST = st.tuples(st.sampled_from(["plain", "free", "nights", "cheap"]), st.just(ANY), st.just(ANY))
LISTS = st.tuples(st.lists(ASSIGNED, max_size=2), st.lists(LAST, max_size=1)).map(lambda both: both[0] + both[1])


@given(LISTS, st.sampled_from(BUYERS), st.integers(0, 23), st.integers(1, 90))
def test_where_no_gap_is_found_no_session_falls_through(
    assigned: list[tuple[str, dict[str, Any], dict[str, Any]]], buyer: Buyer, hour: int, minutes: int
) -> None:
    found = SnapshotTariffs()
    for name, by in TARIFFS.items():
        named = by.model_copy(update={"tariff_id": name})
        found.versions.put(f"volt/{name}@1", TariffSnapshot(tariff=named, name=name))
    for number, (name, audience, place) in enumerate(assigned):
        told = listed(assignment_id=str(number), tariff_id=name, relation="CPO_TO_DRIVER", **audience, **place)
        found.assignments.put(f"volt/{name}#{number}", told)
    of_sale = found.assignments.listed("volt", "NL-VLT", RelationKind.CPO_TO_DRIVER, NOON)
    lookups = partial(found.versions.in_force, "volt"), partial(found.versions.changes, "volt")
    is_total = not list(gaps(of_sale, NOON, *lookups))
    by_hour = found.in_force(TO_DRIVER, place=PLACE, at=NOON, buyer=buyer)
    event(f"total: {is_total}, a tariff: {by_hour is not None}")
    if is_total:
        assert by_hour is not None
        facts = session(NOON + timedelta(hours=hour), Step(minutes, 1_000 * minutes))
        assert priced_session(facts, by_hour, AMSTERDAM).lines
