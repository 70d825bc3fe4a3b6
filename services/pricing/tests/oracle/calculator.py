"""A second opinion on a price, straight from the text of OCPI 2.2.1-d2 and 2.3.0; it shares no code with the engine.

It works by brute force: a session is cut wherever anything that a tariff can name might change, and each piece is asked
at its middle which elements hold. Exact fractions throughout; nothing is rounded but by step_size. The clock is cut at
quarters of an hour, so a zone whose offset is no multiple of 15 minutes (none is since 1972) is out of its reach.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import islice, pairwise
from math import ceil
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
PER_UNIT = {"ENERGY": 1_000, "TIME": 3_600, "PARKING_TIME": 3_600, "FLAT": 1}
BY_THE_CLOCK = {"start_time", "end_time", "start_date", "end_date", "day_of_week"}
BOUNDS = {
    "kwh": ("min_kwh", "max_kwh"),
    "ran_s": ("min_duration", "max_duration"),
    "power_kw": ("min_power", "max_power"),
    "current_a": ("min_current", "max_current"),
}

Json: TypeAlias = Mapping[str, Any]
Range: TypeAlias = tuple[Fraction, Fraction]
"""The least and the most: of a flow within a segment, or of a price in its two views on VAT."""
Rule: TypeAlias = tuple[Json, Json]
"""A price component after the restrictions of its element."""
Charge: TypeAlias = tuple[Json, Fraction]
"""A price component, and how much of it: Wh, seconds or pieces."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch in which energy flows evenly: what runs (TIME, PARKING_TIME or ""), how strongly."""

    start: datetime
    end: datetime
    runs: str
    energy_wh: Fraction = Fraction()
    power_kw: Range | None = None
    current_a: Range | None = None


class Reservation(NamedTuple):
    """The time for which a place was held, and whether nobody came."""

    start: datetime
    end: datetime
    expired: bool


class Piece(NamedTuple):
    """A part of a segment in which nothing a tariff can name changes: facts at its middle, and how much ran."""

    local: datetime
    facts: Mapping[str, Range | None]
    ran: Mapping[str, Fraction]


def price(tariff: Json, zone: str, segments: Sequence[Segment], reservation: Reservation | None = None) -> Range:
    """What it costs without and with VAT, exactly; an expired reservation has no segments."""
    rules = [(each.get("restrictions", {}), part) for each in tariff["elements"] for part in each["price_components"]]
    charges: list[Charge] = []
    if reservation is not None:
        held = Segment(start=reservation.start, end=reservation.end, runs="TIME")
        charges += _charges(_of_reservation(rules, expired=reservation.expired), zone, [held])
    if segments:
        charges += _charges([rule for rule in rules if "reservation" not in rule[0]], zone, segments)
    amounts = [_amount(component, quantity, tariff.get("tax_included", "NO")) for component, quantity in charges]
    excl, incl = (sum(view, Fraction()) for view in zip((Fraction(), Fraction()), *amounts, strict=True))
    return _limited(tariff, excl, incl) if segments else (excl, incl)  # the limits are those of a Charging Session


def _of_reservation(rules: Sequence[Rule], *, expired: bool) -> list[Rule]:
    """Those for a reservation; once it expired, those of RESERVATION_EXPIRES before the others wherever they stand."""
    late = [rule for rule in rules if expired and rule[0].get("reservation") == "RESERVATION_EXPIRES"]
    return late + [rule for rule in rules if rule[0].get("reservation") == "RESERVATION"]


def _charges(rules: Sequence[Rule], zone: str, segments: Sequence[Segment]) -> list[Charge]:
    """Per dimension the first element that holds; then the steps: one for energy, one for both kinds of time."""
    books: dict[str, list[Charge]] = {"FLAT": [], "ENERGY": [], "TIME": []}
    for piece in pieces([restrictions for restrictions, _ in rules], ZoneInfo(zone), segments):
        for dimension, quantity in piece.ran.items():
            fit = (part for restrictions, part in rules if part["type"] == dimension and _holds(restrictions, piece))
            for component in islice(fit, 1 if quantity else 0):
                books[dimension.removeprefix("PARKING_")].append((component, quantity))
    return books["FLAT"][:1] + _stepped(books["ENERGY"]) + _stepped(books["TIME"])


def _stepped(charges: list[Charge]) -> list[Charge]:
    """The step of the last component, over all that was charged of its dimension; the surplus is at its price."""
    if not charges:
        return []
    last, _ = charges[-1]
    total = sum((quantity for component, quantity in charges if component["type"] == last["type"]), Fraction())
    step = int(last["step_size"])
    return [*charges, (last, ceil(total / step) * step - total)]


def _amount(component: Json, quantity: Fraction, tax_included: str) -> tuple[Fraction, Fraction]:
    """Without and with VAT; 2.3.0 says by tax_included which of the two the price is."""
    stated = quantity / PER_UNIT[component["type"]] * _number(component["price"])
    factor = 1 + (_number(component.get("vat") or 0) / 100 if tax_included != "N/A" else 0)
    return (stated / factor, stated) if tax_included == "YES" else (stated, stated * factor)


def _limited(tariff: Json, excl: Fraction, incl: Fraction) -> Range:
    """Each view of VAT within its own bound; one that has none keeps its proportion to the other."""
    for limit, better in (("min_price", max), ("max_price", min)):
        told = tariff.get(limit, {})
        nets = [_number(told[name]) for name in ("excl_vat", "before_taxes") if name in told]
        grosses = [_number(told[name]) for name in ("incl_vat", "after_taxes") if name in told]
        net, gross = better([excl, *nets]), better([incl, *grosses])
        if net != excl and not grosses:
            gross = net * incl / excl if excl else net
        excl, incl = net, gross
    return excl, incl


def _holds(restrictions: Json, piece: Piece) -> bool:
    """Whether all of them are true in this piece."""
    at, day = piece.local.time(), piece.local.date()
    return (
        DAYS[day.weekday()] in (restrictions.get("day_of_week") or DAYS)
        and date.fromisoformat(restrictions.get("start_date", "0001-01-01")) <= day
        and day < date.fromisoformat(restrictions.get("end_date", "9999-12-31"))
        and _is_within_hours(restrictions.get("start_time", "00:00"), restrictions.get("end_time", "00:00"), at)
        and all(_is_within(restrictions, low, high, piece.facts[name]) for name, (low, high) in BOUNDS.items())
    )


def _is_within_hours(start: str, end: str, at: time) -> bool:
    begins, ends = time.fromisoformat(start), time.max if end in {"00:00", "24:00"} else time.fromisoformat(end)
    return at < ends or begins <= at if ends < begins else begins <= at < ends


def _is_within(restrictions: Json, low: str, high: str, fact: Range | None) -> bool:
    """At least the one and below the other; what nobody measured fulfils neither."""
    if fact is None:
        return low not in restrictions and high not in restrictions
    is_enough = low not in restrictions or _number(restrictions[low]) <= fact[0]
    return is_enough and (high not in restrictions or fact[1] < _number(restrictions[high]))


def pieces(conditions: Sequence[Json], zone: ZoneInfo, segments: Sequence[Segment]) -> Iterator[Piece]:
    begun, wh = segments[0].start, Fraction()
    for segment in segments:
        ran, length = _seconds(segment.start - begun), _seconds(segment.end - segment.start)
        cuts = {*_cuts(conditions, segment, ran, wh), *_clock_cuts(conditions, segment, zone), Fraction(0), Fraction(1)}
        for left, right in pairwise(sorted(cuts)):
            middle, share = (left + right) / 2, right - left
            kwh, ran_s = (wh + middle * segment.energy_wh) / 1_000, ran + middle * length
            flows = {"power_kw": segment.power_kw, "current_a": segment.current_a}
            runs = {segment.runs: share * length} if segment.runs else {}
            at = begun + timedelta(microseconds=int(ran_s * 1_000_000))
            runs |= {"FLAT": Fraction(1), "ENERGY": share * segment.energy_wh}
            yield Piece(at.astimezone(zone), {"kwh": (kwh, kwh), "ran_s": (ran_s, ran_s)} | flows, runs)
        wh += segment.energy_wh


def _cuts(conditions: Sequence[Json], segment: Segment, ran: Fraction, wh: Fraction) -> Iterator[Fraction]:
    """Where within the segment, as a share of it, an amount or a duration is reached."""
    length = _seconds(segment.end - segment.start)
    for told in conditions:
        shares = [(_number(told[name]) * 1_000 - wh, segment.energy_wh) for name in BOUNDS["kwh"] if name in told]
        shares += [(told[name] - ran, length) for name in BOUNDS["ran_s"] if name in told]
        yield from (part / whole for part, whole in shares if 0 < part < whole)


def _clock_cuts(conditions: Sequence[Json], segment: Segment, zone: ZoneInfo) -> Iterator[Fraction]:
    """Where within it the clock on the wall shows a time that is named, or midnight, or is moved."""
    named = {
        told.get(name, "00:00")
        for told in conditions
        for name in ("start_time", "end_time")
        if BY_THE_CLOCK & told.keys()
    }
    for past in {int(each[3:]) % 15 * MINUTE for each in named | {"00:00"}} if named else ():
        at = segment.start + (past - (segment.start - EPOCH)) % (15 * MINUTE)
        while at < segment.end:
            local, before = at.astimezone(zone), (at - MINUTE).astimezone(zone)
            if f"{local:%H:%M}" in named | {"00:00"} or local.utcoffset() != before.utcoffset():
                yield _seconds(at - segment.start) / _seconds(segment.end - segment.start)
            at += 15 * MINUTE


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), 1_000_000)


def _number(value: object) -> Fraction:
    return Fraction(str(value))
