"""The space of all moments that a tariff can tell apart, and which parts of it a set of elements leaves open.

Every restriction cuts an axis in cells within which nothing changes; an element holds in a box of cells. Whether boxes
cover the space, or one lies behind others, is then a matter of taking boxes away from boxes, exactly. The axes count
as independent: that a short range of dates holds no Monday is not seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from pricing.domain.engine.matching import plain
from pricing.domain.engine.tariff import END_OF_DAY_S, Exact, Restrictions

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_PARTS = 20_000
"""More parts than this are not looked at: nobody could read a tariff that needs them."""

AMOUNTS: Mapping[str, tuple[str, str, int, str]] = {
    "energy": ("min_energy_wh", "max_energy_wh", 1_000, "kWh"),
    "duration": ("min_duration_s", "max_duration_s", 60, "min"),
    "power": ("min_power_w", "max_power_w", 1_000, "kW"),
    "current": ("min_current_ma", "max_current_ma", 1_000, "A"),
    "idle": ("min_idle_s", "max_idle_s", 60, "min of requesting no power"),
}
"""The axes that are amounts: the field of the least (inclusive), of the most (exclusive), and how people count it.
A field that restrictions do not have, an idle fee's most, bounds nothing.
"""

AXES = ("day", "clock", "date", *AMOUNTS)
FIRST_DAY = date.min.toordinal()

Box: TypeAlias = Mapping[str, frozenset[int]]
"""Cells by axis; a moment is inside where each of its cells is."""
Span: TypeAlias = tuple[Exact, Exact | None]
"""From the one to below the other, or without end."""


class TooComplex(Exception):
    """More parts than anybody could follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The lower bounds of the cells by axis; each cell ends where the next begins, the last one nowhere."""

    bounds: Mapping[str, Sequence[Exact]]

    @property
    def whole(self) -> Box:
        """Every moment."""
        return {axis: frozenset(range(len(self.bounds[axis]))) for axis in AXES}

    def box(self, restrictions: Restrictions | None) -> Box:
        """The moments in which all of these hold; an axis without cells where that is never."""
        if restrictions is None:
            return self.whole
        return {
            "day": frozenset(day - 1 for day in restrictions.weekdays) or self.whole["day"],
            **{axis: self._within(axis, spans) for axis, spans in _spans(restrictions).items()},
        }

    def _within(self, axis: str, spans: Sequence[Span]) -> frozenset[int]:
        return frozenset(
            cell
            for cell, begin in enumerate(self.bounds[axis])
            if any(low <= begin and (high is None or begin < high) for low, high in spans)
        )

    def words(self, box: Box) -> str:
        """Its first moments, as a person would say it: `on Saturday, from 20:00 to 24:00, from 30 kWh`."""
        told = [self._cell_words(axis, min(box[axis])) for axis in AXES if box[axis] != self.whole[axis]]
        return ", ".join(told) or "always"

    def _cell_words(self, axis: str, cell: int) -> str:
        begin, after = self.bounds[axis][cell], self.bounds[axis][cell + 1 : cell + 2]
        match axis:
            case "day":
                return f"on {DAYS[cell]}"
            case "clock":
                return f"from {_clock(begin)} to {_clock(after[0] if after else END_OF_DAY_S)}"
            case "date":
                from_day, to_day = f"from {_day(begin)}" if cell else "", f"before {_day(after[0])}" if after else ""
                return f"{from_day} {to_day}".strip()
            case _:
                _, _, per_large, unit = AMOUNTS[axis]
                to_amount = f" to {plain(after[0], per_large)}" if after else ""
                return f"from {plain(begin, per_large)}{to_amount} {unit}"


def space_of(restrictions: Iterable[Restrictions | None]) -> Space:
    """Cut wherever one of them cuts."""
    cuts: dict[str, set[Exact]] = {axis: {0} for axis in AXES}
    cuts |= {"day": set(range(len(DAYS))), "date": {FIRST_DAY}}
    for each in restrictions:
        for axis, spans in ({} if each is None else _spans(each)).items():
            cuts[axis] |= {edge for span in spans for edge in span if edge is not None}
    cuts["clock"] -= {END_OF_DAY_S}
    return Space(bounds={axis: sorted(edges) for axis, edges in cuts.items()})


def uncovered(box: Box, covers: Sequence[Box]) -> Iterator[Box]:
    """The parts of the box that lie in none of the covers; they do not overlap. Raises TooComplex."""
    pending = [(box, 0)] if is_somewhere(box) else []
    for _ in range(MOST_PARTS):
        if not pending:
            return
        part, place = pending.pop()
        if place == len(covers):
            yield part
        else:
            pending += [(outside, place + 1) for outside in _minus(part, covers[place])]
    raise TooComplex


def is_somewhere(box: Box) -> bool:
    """Whether any moment lies in it."""
    return all(box[axis] for axis in AXES)


def _minus(box: Box, cover: Box) -> list[Box]:
    """The box without what it shares with the cover, axis by axis."""
    if any(not box[axis] & cover[axis] for axis in AXES):
        return [box]
    parts: list[Box] = []
    rest = dict(box)
    for axis in AXES:
        outside = rest[axis] - cover[axis]
        if outside:
            parts.append({**rest, axis: outside})
        rest[axis] &= cover[axis]
    return parts


def _spans(restrictions: Restrictions) -> Mapping[str, Sequence[Span]]:
    """Where they hold, by axis but the weekday's; a time of day that ends before it begins holds twice a day."""
    start, end = restrictions.start_time_s or 0, restrictions.end_time_s or END_OF_DAY_S
    from_day, to_day = restrictions.start_date or date.min, restrictions.end_date
    amounts = {
        axis: [(getattr(restrictions, least) or 0, getattr(restrictions, most, None))]
        for axis, (least, most, _, _) in AMOUNTS.items()
    }
    return {
        "clock": [(start, end)] if start <= end else [(start, END_OF_DAY_S), (0, end)],
        "date": [(from_day.toordinal(), None if to_day is None else to_day.toordinal())],
        **amounts,
    }


def _clock(second: Exact) -> str:
    minutes = int(Fraction(second)) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _day(ordinal: Exact) -> date:
    return date.fromordinal(int(ordinal))
