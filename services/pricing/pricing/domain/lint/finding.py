"""A finding, and where things stand in a tariff as OCPI writes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.domain.engine.tariff import IDLE, Candidate, Component, Restrictions, Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: which rule, where (a JSON pointer), and what is the matter."""

    rule: str
    place: str
    message: str


IDLE_FEE = "/idle_fee"


def restricted(tariff: Tariff) -> Iterator[tuple[str, Restrictions]]:
    """Each element's restrictions after their place; those of an idle fee first."""
    if tariff.idle is not None and tariff.idle.restrictions is not None:
        yield IDLE_FEE, tariff.idle.restrictions
    for number, element in enumerate(tariff.elements):
        if element.restrictions is not None:
            yield f"/elements/{number}/restrictions", element.restrictions


def components(tariff: Tariff) -> Iterator[tuple[str, Component, Restrictions | None]]:
    """Each price component after its place, with what restricts it; an idle fee's first."""
    if tariff.idle is not None:
        yield from ((IDLE_FEE, component, tariff.idle.restrictions) for component in tariff.idle.components)
    for number, element in enumerate(tariff.elements):
        for place, component in enumerate(element.components):
            yield f"/elements/{number}/price_components/{place}", component, element.restrictions


def place_of(candidate: Candidate) -> str:
    """Where a component stands."""
    return (
        IDLE_FEE if candidate.element == IDLE else f"/elements/{candidate.element}/price_components/{candidate.place}"
    )
