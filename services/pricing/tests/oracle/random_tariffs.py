"""Random tariffs, thrown around a session so that their limits lie where it passes."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from calculator import DAYS
from random_sessions import CURRENTS_A, POWERS_KW, RandomSession

STEPS = {"ENERGY": (10, 100, 250, 500, 1_000), "TIME": (7, 60, 300, 900, 1_800), "PARKING_TIME": (60, 300, 900, 3_600)}
VATS = (None, "0", "5.5", "9", "20", "21", "25")
PRICES = {
    "ENERGY": ("0", "0.2", "0.25", "0.39", "0.1234", "1"),
    "FLAT": ("0", "0.5", "1", "2.35"),
    "TIME": ("0", "0.9", "1.2", "2.4", "3", "7.05"),
    "PARKING_TIME": ("0", "0.9", "1", "5", "6.001"),
}

TWICE = {"Europe/Amsterdam": "02:30", "America/New_York": "01:30", "Australia/Lord_Howe": "01:45"}
"""What a clock there shows twice when it is put back."""

Json: TypeAlias = dict[str, Any]
Restrict: TypeAlias = Callable[[Random, RandomSession], Json]


def throw_elements(dice: Random, session: RandomSession) -> list[Json]:
    elements = [_element(dice, session) for _ in range(dice.randint(1, 5))]
    if session.reservation or dice.random() < 0.05:
        elements += [_of_reservation(dice, session) for _ in range(dice.randint(1, 3))]
        dice.shuffle(elements)
    if dice.random() < 0.5:
        elements.append({"price_components": _components(dice, list(PRICES))})
    return elements


def _element(dice: Random, session: RandomSession) -> Json:
    element = {"price_components": _components(dice, list(PRICES))}
    return element if dice.random() < 0.15 else element | {"restrictions": _some(dice, session, ANY)}


def _of_reservation(dice: Random, session: RandomSession) -> Json:
    kind = {"reservation": dice.choice(("RESERVATION", "RESERVATION", "RESERVATION_EXPIRES"))}
    others = _some(dice, session, BY_TIME) if dice.random() < 0.3 else {}
    return {"price_components": _components(dice, ["FLAT", "TIME"]), "restrictions": others | kind}


def _some(dice: Random, session: RandomSession, kinds: Sequence[Restrict]) -> Json:
    told: Json = {}
    for restrict in dice.sample(kinds, dice.choice((1, 1, 1, 2, 3))):
        told |= restrict(dice, session)
    return told


def _components(dice: Random, kinds: list[str]) -> list[Json]:
    return [_component(dice, kind) for kind in dice.sample(kinds, dice.randint(1, len(kinds)))]


def _component(dice: Random, kind: str) -> Json:
    step = dice.choice(STEPS[kind]) if kind in STEPS and dice.random() < 0.3 else 1
    vat = dice.choice(VATS)
    told = {"type": kind, "price": dice.choice(PRICES[kind]), "step_size": step}
    return told if vat is None else told | {"vat": vat}


def _span(session: RandomSession) -> tuple[datetime, datetime]:
    """When the session ran; or, of one that never was, when it was waited for."""
    if session.segments:
        return session.segments[0].start, session.segments[-1].end
    assert session.reservation is not None
    return session.reservation.start, session.reservation.end


def _local(dice: Random, session: RandomSession) -> datetime:
    """Some local time while it runs."""
    begins, ends = _span(session)
    return (begins + dice.random() * (ends - begins)).astimezone(ZoneInfo(session.zone))


def _either(dice: Random, low: str, high: str, values: Sequence[Any]) -> Json:
    """One limit or both, in order."""
    small, great = sorted(values)
    both = {low: small, high: great} if small != great else {low: small}
    return dice.choice((both, both, {low: small}, {high: great}))


def _hours(dice: Random, session: RandomSession) -> Json:
    twice = TWICE.get(session.zone, "02:30")
    near = (f"{_local(dice, session):%H:%M}", f"{dice.randrange(24):02}:00", "00:00", twice)
    start, end = dice.choice(near), dice.choice(near)
    # The same time twice names no span at all, unless it is midnight.
    both = {"start_time": start, "end_time": end} if start != end else {"start_time": start}
    return dice.choice((both, both, {"start_time": start}, {"end_time": end}))


def _dates(dice: Random, session: RandomSession) -> Json:
    around = [_local(dice, session) + timedelta(days=dice.choice((-1, 0, 1))) for _ in range(2)]
    return _either(dice, "start_date", "end_date", [each.date().isoformat() for each in around])


def _days(dice: Random, session: RandomSession) -> Json:
    days = {DAYS[_local(dice, session).weekday()], *dice.sample(DAYS, dice.randint(0, 3))}
    return {"day_of_week": sorted(days)}


def _durations(dice: Random, session: RandomSession) -> Json:
    begins, ends = _span(session)
    most_s = int((ends - begins).total_seconds()) + 1
    return _either(dice, "min_duration", "max_duration", [dice.randint(1, most_s) for _ in range(2)])


def _energies(dice: Random, session: RandomSession) -> Json:
    most_wh = int(sum(each.energy_wh for each in session.segments)) + 1
    return _either(dice, "min_kwh", "max_kwh", [Fraction(dice.randint(1, most_wh), 1_000) for _ in range(2)])


def _powers(dice: Random, session: RandomSession) -> Json:
    return _either(dice, "min_power", "max_power", [dice.choice(POWERS_KW[1:]) for _ in range(2)])


def _currents(dice: Random, session: RandomSession) -> Json:
    return _either(dice, "min_current", "max_current", [dice.choice(CURRENTS_A[1:]) for _ in range(2)])


BY_TIME: tuple[Restrict, ...] = (_hours, _dates, _days, _durations)
ANY: tuple[Restrict, ...] = (*BY_TIME, _energies, _powers, _currents)
