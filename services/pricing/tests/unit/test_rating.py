"""A price is exact until its one rounding, and its lines sum to its totals."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from priced import ENERGY, FACTS, FLAT, PARKING, PLACE, component, facts, version

from ev_contracts.common import Money, PriceComponent, Rating, Relation, RelationKind, SessionFacts, TariffComponentType
from pricing.domain.money import decimal_of, minor_of, shares_of
from pricing.domain.rating import rate

TO_PROVIDER = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt", buyer_party_id="NL-EMO"
)


def rated(*components: PriceComponent, session: SessionFacts = FACTS, currency: str = "EUR") -> Rating:
    tariff = version(*components, currency=currency)
    return rate(rating_id="r-1", relation=TO_PROVIDER, tariff=tariff, facts=session, time_zone=PLACE.time_zone)


def test_a_session_with_energy_parking_and_a_start_fee() -> None:
    rating = rated(ENERGY, PARKING, FLAT)
    # 11 kWh at 0.35; 7 parked minutes are 10 by steps of 5, at 1.20 an hour; 0.25 once.
    assert [(line.type.value, line.quantity, line.excl_vat.rounded_minor) for line in rating.lines] == [
        ("ENERGY", Decimal("11.00000000"), 385),
        ("PARKING_TIME", Decimal("0.16666667"), 20),
        ("FLAT", Decimal("1.00000000"), 25),
    ]
    assert rating.total_excl_vat == Money(amount=Decimal("4.30000000"), rounded_minor=430, currency="EUR")
    assert rating.total_vat == Money(amount=Decimal("0.90300000"), rounded_minor=90, currency="EUR")
    assert rating.total_incl_vat == Money(amount=Decimal("5.20300000"), rounded_minor=520, currency="EUR")


def test_a_hundred_seconds_at_two_an_hour_has_no_finite_decimal_and_is_still_right() -> None:
    rating = rated(component("TIME", "2.00", vat_permille=None), session=facts((100 / 60, True, 0)))
    assert rating.total_excl_vat.amount == Decimal("0.05555556")
    assert rating.total_excl_vat.rounded_minor == 6


def test_no_vat_is_not_zero_percent() -> None:
    nothing, zero = rated(component("FLAT", "1", vat_permille=None)), rated(component("FLAT", "1", vat_permille=0))
    assert (nothing.lines[0].vat_permille, zero.lines[0].vat_permille) == (None, 0)
    assert nothing.total_incl_vat == zero.total_incl_vat


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 385), ("JPY", 4), ("KWD", 3_850)])
def test_a_currency_has_its_own_minor_unit(currency: str, minor: int) -> None:
    assert rated(ENERGY, currency=currency).total_excl_vat.rounded_minor == minor


def test_the_step_is_that_of_the_kind_of_time_that_ran_last() -> None:
    time = component("TIME", "3", step_size=600)
    charged_last = rated(time, PARKING, session=facts((7, False, 0), (21, True, 0)))
    parked_last = rated(time, PARKING, session=facts((21, True, 0), (7, False, 0)))
    assert [line.quantity for line in charged_last.lines] == [Decimal("0.50000000"), Decimal("0.11666667")]
    assert [line.quantity for line in parked_last.lines] == [Decimal("0.35000000"), Decimal("0.16666667")]


def test_into_free_parking_the_last_paid_time_is_stepped() -> None:
    rating = rated(component("TIME", "3", step_size=600), session=facts((21, True, 0), (7, False, 0)))
    assert [line.quantity for line in rating.lines] == [Decimal("0.50000000")]


def test_what_was_not_used_gives_no_line() -> None:
    assert [line.type for line in rated(ENERGY, PARKING, FLAT, session=facts((0, True, 0))).lines] == [
        TariffComponentType.FLAT
    ]


@pytest.mark.parametrize(("exact", "minor"), [("0.125", 12), ("0.135", 14), ("0.1250000001", 13), ("2.675", 268)])
def test_ties_go_to_the_even_cent(exact: str, minor: int) -> None:
    assert minor_of(Fraction(exact), "EUR") == minor


def test_eight_decimals_are_half_even_too() -> None:
    assert decimal_of(Fraction("0.000000005")) == Decimal("0.00000000")
    assert decimal_of(Fraction("0.000000015")) == Decimal("0.00000002")


AMOUNTS = st.lists(st.fractions(min_value=0, max_value=1_000, max_denominator=10_000), min_size=1, max_size=8)


@given(AMOUNTS, st.sampled_from([0, 1]))
def test_shares_sum_to_the_total_and_none_is_negative(parts: list[Fraction], less: int) -> None:
    total = max(0, minor_of(sum(parts, Fraction()), "EUR") - less)
    shares = shares_of(total, parts, "EUR")
    assert sum(shares) == total
    assert all(share >= 0 for share in shares)
    assert all(abs(share - part * 100) < 2 for share, part in zip(shares, parts, strict=True))


def test_vat_is_what_lies_between_two_rounded_totals() -> None:
    # 1.5 ct net goes to the even 2, 2.5 ct gross to the even 2: the line's cent of VAT is taken back.
    rating = rated(component("FLAT", "0.010", vat_permille=1_000), component("TIME", "0.005", vat_permille=None))
    totals = (rating.total_excl_vat, rating.total_vat, rating.total_incl_vat)
    assert [each.amount for each in totals] == [Decimal("0.015"), Decimal("0.010"), Decimal("0.025")]
    assert [each.rounded_minor for each in totals] == [2, 0, 2]
    assert [line.vat.rounded_minor for line in rating.lines] == [0, 0]


@given(
    st.lists(st.tuples(st.integers(0, 600), st.booleans(), st.integers(0, 80_000)), min_size=1, max_size=6),
    st.integers(1, 3_600),
)
def test_lines_sum_to_totals_for_any_session(periods: list[tuple[int, bool, int]], step: int) -> None:
    components = (
        ENERGY,
        component("TIME", "0.07", step_size=step),
        component("PARKING_TIME", "0.013", vat_permille=90),
    )
    rating = rated(*components, FLAT, session=facts(*periods))
    assert sum(line.excl_vat.rounded_minor for line in rating.lines) == rating.total_excl_vat.rounded_minor
    assert sum(line.vat.rounded_minor for line in rating.lines) == rating.total_vat.rounded_minor
    assert rating.total_excl_vat.rounded_minor + rating.total_vat.rounded_minor == rating.total_incl_vat.rounded_minor
