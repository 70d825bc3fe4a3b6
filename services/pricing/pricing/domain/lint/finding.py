"""A finding, and where things stand in a tariff as OCPI writes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.domain.engine.tariff import Component, Restrictions, Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: which rule, where (a JSON pointer), and what is the matter."""

    rule: str
    place: str
    message: str


def restricted(tariff: Tariff) -> Iterator[tuple[str, Restrictions]]:
    """Each element's restrictions after their place."""
    for number, element in enumerate(tariff.elements):
        if element.restrictions is not None:
            yield f"/elements/{number}/restrictions", element.restrictions


def components(tariff: Tariff) -> Iterator[tuple[str, Component, Restrictions | None]]:
    """Each price component after its place, with what restricts it."""
    for number, element in enumerate(tariff.elements):
        for place, component in enumerate(element.components):
            yield f"/elements/{number}/price_components/{place}", component, element.restrictions
