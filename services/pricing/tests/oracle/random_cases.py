"""Random sessions under random tariffs, and which of OCPI's rules each of them puts to the test."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from calculator import BOUNDS, BY_THE_CLOCK, Range, price
from random_sessions import RandomSession, throw_session
from random_tariffs import Json, throw_elements

RESTRICTIONS = sorted({*BY_THE_CLOCK, *(name for pair in BOUNDS.values() for name in pair)})
RULES = (
    *RESTRICTIONS,
    "RESERVATION",
    "RESERVATION_EXPIRES",
    "step_size of ENERGY",
    "step_size of TIME",
    "step_size of PARKING_TIME",
    "min_price",
    "max_price",
    "reservation used",
    "reservation expired",
    "clock moved",
    "over midnight",
    "tax_included",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A tariff as OCPI writes it, and a session under it."""

    tariff: Json
    session: RandomSession

    @property
    def price(self) -> Range:
        """What the second calculator says."""
        return price(self.tariff, self.session.zone, self.session.segments, self.session.reservation)


def throw(dice: Random) -> Case:
    session = throw_session(dice)
    tariff: Json = {"currency": "EUR", "elements": throw_elements(dice, session)}
    if dice.random() < 0.1:
        tariff["tax_included"] = dice.choice(("YES", "YES", "N/A"))
    limits = [name for name in ("min_price", "max_price") if dice.random() < 0.15]
    if limits:
        around = Case(tariff=tariff, session=session).price
        tariff |= {name: _limit(dice, around) for name in limits}
    if len(limits) > 1:
        _put_in_order(tariff["min_price"], tariff["max_price"])
    return Case(tariff=tariff, session=session)


def _limit(dice: Random, around: Range) -> dict[str, str]:
    """Near the price; each view of VAT on its own, so that either may be reached alone, and one may be left open."""
    excl, incl = sorted(round(float(each) * dice.choice((0.5, 0.9, 1.0, 1.1, 2.0)), 2) for each in around)
    both = {"excl_vat": f"{excl:.2f}", "incl_vat": f"{incl:.2f}"}
    return both if dice.random() < 0.8 else {"excl_vat": both["excl_vat"]}


def _put_in_order(least: dict[str, str], most: dict[str, str]) -> None:
    for view in least.keys() & most.keys():
        least[view], most[view] = sorted((least[view], most[view]), key=Fraction)


def rules_of(case: Case) -> set[str]:
    """Which rules this case needs."""
    return {*_of_tariff(case.tariff), *_of_session(case.session)}


def _of_tariff(tariff: Json) -> Iterator[str]:
    yield from tariff.keys() & {"min_price", "max_price", "tax_included"}
    for element in tariff["elements"]:
        restrictions = element.get("restrictions", {})
        yield from restrictions.keys() & set(RESTRICTIONS)
        yield from {restrictions["reservation"]} if "reservation" in restrictions else ()
        for component in element["price_components"]:
            if component["step_size"] > 1:
                yield f"step_size of {component['type']}"


def _of_session(session: RandomSession) -> Iterator[str]:
    if session.reservation is not None:
        yield "reservation expired" if session.reservation.expired else "reservation used"
    if session.segments:
        begins, ends = session.segments[0].start, session.segments[-1].end
        hours = [begins + timedelta(hours=number) for number in range((ends - begins) // timedelta(hours=1) + 1)] + [
            ends
        ]
        locals_ = [each.astimezone(ZoneInfo(session.zone)) for each in hours]
        if any(left.utcoffset() != right.utcoffset() for left, right in pairwise(locals_)):
            yield "clock moved"
        if locals_[0].date() != locals_[-1].date():
            yield "over midnight"
