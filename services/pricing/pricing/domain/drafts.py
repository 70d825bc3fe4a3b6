"""A line of a rating before its cents are known."""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ev_contracts.common import LineScope, TariffComponentType
from pricing.domain.engine.tariff import Component, Exact

NOWHERE = (-1, -1)
"""The place of what no element of the tariff says."""


class Draft(NamedTuple):
    """Exact; `billed` in small units (Wh, s, pieces), 0 of what is no use of anything."""

    scope: LineScope
    type: TariffComponentType
    place: tuple[int, int]
    component: Component
    quantity: Decimal
    used: Decimal | None
    restriction: str
    rule: str
    excl_vat: Fraction
    vat: Fraction
    billed: Exact = 0
