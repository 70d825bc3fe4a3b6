"""Whether every moment of a session has a price, and every price its moment."""

from collections.abc import Iterator, Mapping
from itertools import islice

from ev_contracts.common import TariffComponentType as Kind
from pricing.domain.engine.tariff import IDLE, Candidate, Candidates, Tariff
from pricing.domain.lint.finding import Finding, place_of
from pricing.domain.lint.space import Box, Space, TooComplex, is_somewhere, space_of, uncovered

FLOWS = ("power", "current")
IDLE_TIME = ("idle",)
PARKED = "a parked vehicle draws nothing"
WHAT = {Kind.ENERGY: "energy", Kind.TIME: "charging time", Kind.PARKING_TIME: "parking time"}


def out_of_reach(tariff: Tariff) -> Iterator[Finding]:
    """Gaps and dead components; or that the tariff is too tangled to tell."""
    space = space_of(each.restrictions for each in tariff.order)
    boxes = {each: space.box(each.restrictions) for each in tariff.order}
    try:
        found = [*_nothing_priced(tariff, space, boxes), *_gaps(tariff, space, boxes)]
        found += [*_dead(tariff.of_session, boxes), *_dead(tariff.of_reservation, boxes)]
    except TooComplex:
        text = "so many overlapping restrictions that nobody can tell what is free; simplify them"
        found = [Finding(rule="too-complex", place="/elements", message=text)]
    yield from found


def _nothing_priced(tariff: Tariff, space: Space, boxes: Mapping[Candidate, Box]) -> Iterator[Finding]:
    """session-without-price: at some moment a vehicle may charge, and nothing of it has a price or an explicit 0."""
    covers = [boxes[each] for kind, some in tariff.of_session.items() if kind is not Kind.PARKING_TIME for each in some]
    for part in islice(uncovered(_possible(Kind.TIME, space.whole), covers), 1):
        text = f"nothing is priced {space.words(part)}; a FLAT of 0.00 says that it is free"
        yield Finding(rule="session-without-price", place="/elements", message=text)


def _gaps(tariff: Tariff, space: Space, boxes: Mapping[Candidate, Box]) -> Iterator[Finding]:
    """dimension-gap: what is priced at some moments has no price at others."""
    for kind, candidates in tariff.of_session.items():
        # A fee may well be one of some moments, and an idle fee says by its grace and its window what is free.
        if kind is Kind.FLAT or candidates[0].element == IDLE:
            continue
        for part in islice(uncovered(_possible(kind, space.whole), [boxes[each] for each in candidates]), 1):
            text = (
                f"{WHAT[kind]} has no price {space.words(part)}; an element with a price of 0.00 says that it is free"
            )
            yield Finding(rule="dimension-gap", place=place_of(candidates[-1]), message=text)


def _dead(by_dimension: Candidates, boxes: Mapping[Candidate, Box]) -> Iterator[Finding]:
    """component-unreachable: whenever it holds, an earlier one does, and the first in the list counts."""
    for kind, candidates in by_dimension.items():
        for number, each in enumerate(candidates):
            box = _possible(kind, boxes[each])
            before = [boxes[earlier] for earlier in candidates[:number]]
            # What contradicts itself is told elsewhere.
            if not is_somewhere(boxes[each]) or next(uncovered(box, before), None) is not None:
                continue
            text = f"whenever it holds, an earlier {kind.value} does" if is_somewhere(box) else PARKED
            yield Finding(rule="component-unreachable", place=place_of(each), message=f"never used: {text}")


def _possible(kind: Kind, box: Box) -> Box:
    """A parked vehicle draws nothing, and one that charges is not idle."""
    nothing = FLOWS if kind is Kind.PARKING_TIME else IDLE_TIME
    return {**box, **{axis: box[axis] & {0} for axis in nothing}}
