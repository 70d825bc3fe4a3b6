"""Where OCPI's text leaves room and two calculators could part: what we hold it to mean, each ruling as a test."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from calculator import Reservation, Segment
from ours import ENGINE, Asked
from random_cases import Case
from random_sessions import RandomSession

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOT_USED = Reservation(NOON, NOON + HOUR, expired=True)
USED = Reservation(NOON, NOON + HOUR, expired=False)


def part(kind: str, price: str, step: int = 1, **vat: str) -> dict[str, Any]:
    return {"type": kind, "price": price, "step_size": step, **vat}


def element(*parts: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(parts)} | ({"restrictions": restrictions} if restrictions else {})


def costs(*elements: dict[str, Any], runs: str = "", reservation: Reservation | None = None, **limits: Any) -> Fraction:
    """Without VAT, in both calculators. A letter is half an hour: of charging a kWh (c), of parking (p)."""
    segments = [
        Segment(
            start=NOON + HOUR + place * HOUR / 2,
            end=NOON + HOUR + (place + 1) * HOUR / 2,
            runs="TIME" if kind == "c" else "PARKING_TIME",
            energy_wh=Fraction(1_000 if kind == "c" else 0),
            power_kw=(Fraction(2 if kind == "c" else 0),) * 2,
        )
        for place, kind in enumerate(runs)
    ]
    session = RandomSession(zone="Europe/Amsterdam", segments=segments, reservation=reservation, is_measured=True)
    case = Case(tariff={"currency": "EUR", "elements": list(elements), **limits}, session=session)
    assert ENGINE.price(Asked.of(case)) == case.price, json.dumps(case.tariff)
    return case.price[0]


FEE = element(part("FLAT", "4"), reservation="RESERVATION_EXPIRES")
HELD = element(part("TIME", "2"), part("FLAT", "1"), reservation="RESERVATION")


def test_a_reservation_that_ran_out_unused_is_no_charging_session_and_has_no_limits() -> None:
    # min_price: "a Charging Session with this tariff will at least cost this amount". The two parted here once.
    assert costs(HELD, reservation=NOT_USED, min_price={"excl_vat": "5"}) == 3
    assert costs(HELD, reservation=NOT_USED, max_price={"excl_vat": "1"}) == 3


def test_a_session_s_limits_hold_for_its_reservation_as_well() -> None:
    assert costs(HELD, element(part("ENERGY", "1")), runs="c", reservation=USED, max_price={"excl_vat": "3"}) == 3
    assert costs(HELD, element(part("ENERGY", "1")), runs="c", reservation=USED, min_price={"excl_vat": "9"}) == 9


def test_the_fee_of_one_that_expired_takes_the_place_of_a_reservation_s_fee_wherever_it_stands() -> None:
    # OCPI says so of TIME; of FLAT it says nothing, and an author who names both hardly means list order.
    assert costs(HELD, FEE, reservation=NOT_USED) == costs(FEE, HELD, reservation=NOT_USED) == 2 + 4


def test_the_time_of_one_that_expired_is_priced_once() -> None:
    late = element(part("TIME", "6"), reservation="RESERVATION_EXPIRES")
    assert costs(HELD, late, reservation=NOT_USED) == 6 + 1


def test_where_the_price_of_one_that_expired_does_not_hold_that_of_a_reservation_does() -> None:
    late = element(part("TIME", "6"), reservation="RESERVATION_EXPIRES", end_time="13:30")  # noon in UTC is 13:00 there
    assert costs(late, element(part("TIME", "2"), reservation="RESERVATION"), reservation=NOT_USED) == 3 + 1


def test_a_reservation_is_stepped_by_itself_and_takes_no_step_from_the_session() -> None:
    held = element(part("TIME", "2", 5_400), reservation="RESERVATION")
    assert costs(held, element(part("TIME", "2", 2_700)), runs="c", reservation=USED) == 3 + Fraction(3, 2)


def test_a_start_fee_is_that_of_the_first_element_that_holds_at_any_moment_and_is_paid_once() -> None:
    early = element(part("FLAT", "1"), max_duration=1_800)
    late = element(part("FLAT", "2"), min_duration=1_800)
    assert costs(late, early, runs="cc") == 1
    assert costs(late, runs="cc") == 2
    assert costs(late, runs="c") == 0


def test_parking_between_two_charges_leaves_the_step_to_the_charging_that_ran_last() -> None:
    stepped = element(part("TIME", "2", 5_400), part("PARKING_TIME", "4", 5_400))
    assert costs(stepped, runs="cpc") == 3 + 2
    assert costs(stepped, runs="ccp") == 2 + 6


def test_into_a_free_stretch_the_last_paid_price_is_stepped_over_what_was_paid() -> None:
    # OCPI's third example of switching, as corrected (#546): 8 minutes of paid parking are 15, whatever is free after.
    assert costs(element(part("PARKING_TIME", "2", 2_700), max_duration=1_800), runs="pp") == Fraction(3, 2)
    assert costs(element(part("ENERGY", "1", 1_500), max_kwh="1"), runs="cc") == Fraction(3, 2)


def test_a_price_of_nothing_is_a_price_and_its_step_counts() -> None:
    assert costs(element(part("TIME", "2", 2_700), max_duration=1_800), element(part("TIME", "0")), runs="cc") == 1


def test_a_parked_vehicle_draws_less_than_any_power() -> None:
    assert costs(element(part("PARKING_TIME", "2"), max_power="1"), runs="p") == 1
    assert costs(element(part("PARKING_TIME", "2"), min_power="1"), runs="p") == 0


def test_what_nobody_measured_is_within_no_bound() -> None:
    assert costs(element(part("ENERGY", "1"), max_current="32"), element(part("ENERGY", "2")), runs="c") == 2


def test_two_limits_that_contradict_each_other_leave_the_most() -> None:
    least, most = {"excl_vat": "5"}, {"excl_vat": "3"}
    assert costs(element(part("ENERGY", "1")), runs="c", min_price=least, max_price=most) == 3


def test_a_limit_without_its_view_of_vat_keeps_the_share_of_vat() -> None:
    taxed = element(part("ENERGY", "1", vat="20"), part("TIME", "2", vat="10"))
    case = Case(
        tariff={"currency": "EUR", "elements": [taxed], "min_price": {"excl_vat": "4"}},
        session=RandomSession(
            zone="UTC",
            segments=[Segment(start=NOON, end=NOON + HOUR / 2, runs="TIME", energy_wh=Fraction(1_000))],
            reservation=None,
            is_measured=False,
        ),
    )
    # 1.00 with 20 % and 1.00 with 10 % are 2.30; twice as much without VAT is twice as much with it.
    assert ENGINE.price(Asked.of(case)) == case.price == (Fraction(4), Fraction("4.6"))


def test_without_any_price_for_it_a_thing_is_free() -> None:
    assert costs(element(part("PARKING_TIME", "9")), runs="c") == 0
