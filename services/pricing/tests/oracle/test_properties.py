"""What holds of every price, whatever the tariff and the session: hypothesis throws the dice, and prints what it found.

`EV_LONG=1` runs more examples.
"""

import os
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from calculator import Segment
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from ours import ENGINE, Asked, facts_of, version_of
from random_cases import Case, throw
from random_sessions import throw_session

from ev_contracts.common import ChargingPeriod, MeterPoint, Relation, RelationKind, SessionFacts
from pricing.domain.rating import rate

pytestmark = pytest.mark.timeout(3_600)
MANY = settings(max_examples=3_000 if os.environ.get("EV_LONG") == "1" else 200, deadline=None, print_blob=True)
TO_PROVIDER = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt", buyer_party_id="NL-EMO"
)
MS = timedelta(milliseconds=1)
SEEDS = st.integers(min_value=0, max_value=2**32)


def case_of(seed: int) -> Case:
    note(f"the case of seed {seed}")
    return throw(Random(seed))


@MANY
@given(SEEDS, st.floats(min_value=0, max_value=1))
def test_where_a_session_is_split_changes_no_price(seed: int, where: float) -> None:
    case = case_of(seed)
    assume(case.session.segments)
    asked = Asked.of(case)
    assert ENGINE.price(Asked(version=asked.version, facts=split(asked.facts, where), zone=asked.zone)) == ENGINE.price(
        asked
    )


def split(facts: SessionFacts, where: float) -> SessionFacts:
    """The same session, told in one more period, and by one more point of its curve where that is a whole Wh."""
    at = facts.started_at + int((facts.ended_at - facts.started_at) / MS * where) * MS
    periods: list[ChargingPeriod] = []
    for each in facts.periods:
        cut = min(max(at, each.started_at), each.ended_at)
        first = each.energy_wh * ((cut - each.started_at) // MS) // ((each.ended_at - each.started_at) // MS)
        told = (
            each.model_copy(update={"ended_at": cut, "energy_wh": first}),
            each.model_copy(update={"started_at": cut, "energy_wh": each.energy_wh - first}),
        )
        periods += [part for part in told if part.started_at < part.ended_at]
    return facts.model_copy(update={"periods": tuple(periods), "curve": tuple(one_more(facts.curve, at))})


def one_more(curve: tuple[MeterPoint, ...], at: Any) -> list[MeterPoint]:
    after = next((place for place, point in enumerate(curve) if point.at > at), len(curve))
    if not 0 < after < len(curve) or curve[after - 1].at == at:
        return list(curve)
    left, right = curve[after - 1], curve[after]
    energy = left.energy_wh + Fraction(
        (right.energy_wh - left.energy_wh) * ((at - left.at) // MS), (right.at - left.at) // MS
    )
    if energy.denominator > 1:
        return list(curve)
    between = left.model_copy(update={"at": at, "energy_wh": int(energy)})
    return [*curve[:after], between, *curve[after:]]


@MANY
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_in_which_readings_are_told_changes_no_price(seed: int, dice: Random) -> None:
    asked = Asked.of(case_of(seed))
    shuffled = {
        name: dice.sample(told, len(told))
        for name, told in (("periods", asked.facts.periods), ("curve", asked.facts.curve))
    }
    facts = asked.facts.model_copy(update={name: tuple(told) for name, told in shuffled.items()})
    assert ENGINE.price(Asked(version=asked.version, facts=facts, zone=asked.zone)) == ENGINE.price(asked)


@MANY
@given(
    SEEDS,
    st.lists(st.integers(min_value=1, max_value=40_000), max_size=3),
    st.lists(st.integers(0, 30_000), min_size=6, max_size=6),
)
def test_more_energy_is_never_cheaper_where_energy_alone_is_tiered(
    seed: int, tiers: list[int], more: list[int]
) -> None:
    dice = Random(seed)
    session = throw_session(dice)
    assume(session.segments)
    tariff = {"currency": "EUR", "elements": [tier(dice, wh) for wh in sorted(tiers)] + [tier(dice, None)]}
    greedy = [replace(each, energy_wh=each.energy_wh + wh) for each, wh in zip(session.segments, more, strict=False)]
    less = ENGINE.price(Asked.of(Case(tariff=tariff, session=session)))
    greater = ENGINE.price(Asked.of(Case(tariff=tariff, session=replace(session, segments=greedy))))
    assert all(mine <= theirs for mine, theirs in zip(less, greater, strict=True))


def tier(dice: Random, below_wh: int | None) -> dict[str, Any]:
    parts = [
        {"type": "ENERGY", "price": dice.choice(("0", "0.25", "0.8")), "step_size": 1, "vat": dice.choice(("0", "21"))}
    ]
    if below_wh is not None:
        return {"price_components": parts, "restrictions": {"max_kwh": Fraction(below_wh, 1_000)}}
    return {
        "price_components": [
            *parts,
            {"type": "TIME", "price": "1", "step_size": 900},
            {"type": "FLAT", "price": "1", "step_size": 1},
        ]
    }


@MANY
@given(SEEDS)
def test_a_session_costs_at_least_its_least_and_at_most_its_most(seed: int) -> None:
    case = case_of(seed)
    assume(case.session.segments)
    for price, view in zip(ENGINE.price(Asked.of(case)), ("excl_vat", "incl_vat"), strict=True):
        least, most = case.tariff.get("min_price", {}).get(view), case.tariff.get("max_price", {}).get(view)
        assert most is None or price <= Fraction(most)
        # The most in one view may take the other below its least: then the most counts.
        if least is not None and "max_price" not in case.tariff:
            assert price >= Fraction(least)


@MANY
@given(SEEDS, st.sampled_from(["0", "5.5", "21"]), st.sampled_from(["NO", "YES", "N/A"]))
def test_with_one_rate_of_vat_the_two_views_differ_by_just_that(seed: int, vat: str, tax_included: str) -> None:
    case = case_of(seed)
    elements = [
        {**element, "price_components": [{**part, "vat": vat} for part in element["price_components"]]}
        for element in case.tariff["elements"]
    ]
    excl, incl = ENGINE.price(
        Asked.of(replace(case, tariff={"currency": "EUR", "elements": elements, "tax_included": tax_included}))
    )
    assert incl == excl * (1 if tax_included == "N/A" else 1 + Fraction(vat) / 100)


@MANY
@given(SEEDS)
def test_whether_taxes_are_included_moves_the_view_and_not_the_stated_sum(seed: int) -> None:
    case = case_of(seed)
    bare = {"currency": "EUR", "elements": case.tariff["elements"]}
    without, _ = ENGINE.price(Asked.of(replace(case, tariff=bare | {"tax_included": "NO"})))
    _, within = ENGINE.price(Asked.of(replace(case, tariff=bare | {"tax_included": "YES"})))
    assert without == within


@MANY
@given(SEEDS)
def test_the_rounded_lines_of_a_rating_sum_to_its_rounded_totals(seed: int) -> None:
    case = case_of(seed)
    facts, version = facts_of(case.session), version_of(case.tariff)
    rating = rate(rating_id="r", relation=TO_PROVIDER, tariff=version, facts=facts, time_zone=case.session.zone)
    excl, vat, incl = rating.total_excl_vat, rating.total_vat, rating.total_incl_vat
    assert sum(line.excl_vat.rounded_minor for line in rating.lines) == excl.rounded_minor
    assert sum(line.vat.rounded_minor for line in rating.lines) == vat.rounded_minor
    assert excl.rounded_minor + vat.rounded_minor == incl.rounded_minor
    exact_excl, exact_incl = case.price
    assert abs(exact_excl * 100 - excl.rounded_minor) <= Fraction(1, 2)
    assert abs(exact_incl * 100 - incl.rounded_minor) <= Fraction(1, 2)


@MANY
@given(SEEDS)
def test_an_element_behind_all_others_that_holds_always_leaves_nothing_free(seed: int) -> None:
    case = case_of(seed)
    every = [{"type": kind, "price": "1", "step_size": 1} for kind in ("FLAT", "ENERGY", "TIME", "PARKING_TIME")]
    priced = [
        {
            **element,
            "price_components": [{**part, "price": "1", "step_size": 1} for part in element["price_components"]],
        }
        for element in case.tariff["elements"]
        if "reservation" not in element.get("restrictions", {})
    ]
    session = replace(case.session, reservation=None)
    assume(session.segments)
    tariff = {"currency": "EUR", "elements": [*priced, {"price_components": every}]}
    excl, _ = ENGINE.price(Asked.of(Case(tariff=tariff, session=session)))
    assert excl == 1 + whole_of(session.segments)


def whole_of(segments: list[Segment] | Any) -> Fraction:
    """Of a kWh, an hour and a start at 1.00 each; what ran last is rounded up to whole seconds."""
    energy = sum((each.energy_wh for each in segments), Fraction()) / 1_000
    lasted = {
        kind: sum(((each.end - each.start) // MS for each in segments if each.runs == kind), 0)
        for kind in ("TIME", "PARKING_TIME")
    }
    last = segments[-1].runs
    seconds = Fraction(lasted["TIME"] + lasted["PARKING_TIME"], 1_000) + Fraction(-lasted[last] % 1_000, 1_000)
    return energy + seconds / 3_600
