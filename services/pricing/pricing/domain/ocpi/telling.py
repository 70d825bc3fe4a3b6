"""The engine's results in OCPI's words and as a trace: which element, restriction, step, limit and rounding."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from ev_contracts.common import TariffComponentType
from pricing.domain.engine.price import Line, Moved, Priced
from pricing.domain.engine.tariff import Component, Scope
from pricing.domain.engine.words import words_of
from pricing.domain.money import sum_of
from pricing.domain.ocpi.tariffs import Version
from pricing.domain.rating import rule_of

Told = Mapping[str, "Told"] | Sequence["Told"] | str | int | Decimal | bool | None

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_UNITS = {
    TariffComponentType.ENERGY: "kWh",
    TariffComponentType.TIME: "h",
    TariffComponentType.PARKING_TIME: "h",
    TariffComponentType.FLAT: "piece",
}


def shown(exact: Fraction | None, places: int = 8) -> Decimal | None:
    """At most so many decimals, half-even, without zeros at the end."""
    if exact is None:
        return None
    return Decimal(round(exact * 10**places)).scaleb(-places, context=_WIDE).normalize()


def trace_of(priced: Priced) -> Sequence[Told]:
    """One entry a line, and one for the limit that moved their sum."""
    told: list[Told] = [_step(line) for line in priced.lines]
    if priced.moved is not None:
        told.append(_limit(priced.moved))
    return told


def _step(line: Line) -> Told:
    candidate, component = line.candidate, line.candidate.component
    return {
        "element": candidate.element,
        "component": candidate.place,
        "type": component.type.value,
        "of": "reservation" if candidate.scope is Scope.RESERVATION else "session",
        "restriction": words_of(candidate.restrictions),
        "price": shown(Fraction(component.price_e8, 10**8)),
        "used": line.quantity_used.normalize(),
        "step_size": component.step_size,
        "billed": line.quantity.normalize(),
        "unit": _UNITS[component.type],
        "taxes": [{"name": tax.name, "percentage": shown(Fraction(tax.percent_e8, 10**8))} for tax in component.taxes],
        "excl_vat": shown(line.excl_vat),
        "vat": shown(line.vat),
        "in_words": rule_of(line),
    }


def _limit(moved: Moved) -> Told:
    return {
        "limit": moved.bound.value,
        "excl_vat": shown(moved.excl_vat),
        "vat": shown(moved.vat),
        "in_words": f"the {moved.bound.value} of the tariff moved the total",
    }


class Costs:
    """A CDR's costs, by its own names; a cost that its tariff cannot have does not stand."""

    _FIELDS = (
        ("total_fixed_cost", Scope.SESSION, (TariffComponentType.FLAT,)),
        ("total_energy_cost", Scope.SESSION, (TariffComponentType.ENERGY,)),
        ("total_time_cost", Scope.SESSION, (TariffComponentType.TIME,)),
        ("total_parking_cost", Scope.SESSION, (TariffComponentType.PARKING_TIME,)),
        ("total_reservation_cost", Scope.RESERVATION, (TariffComponentType.TIME, TariffComponentType.FLAT)),
    )

    def __init__(self, priced: Priced) -> None:
        """Of what the engine says."""
        self._priced = priced

    def lines(self, name: str) -> Sequence[Line]:
        """What makes up this cost; for total_cost, all."""
        if name == "total_cost":
            return self._priced.lines
        _, scope, kinds = next(each for each in self._FIELDS if each[0] == name)
        return [
            line
            for line in self._priced.lines
            if line.candidate.scope is scope and line.candidate.component.type in kinds
        ]

    @property
    def names(self) -> Sequence[str]:
        """Those that stand."""
        return ["total_cost", *(name for name, *_ in self._FIELDS if self.lines(name))]

    def views(self, name: str) -> tuple[Fraction | None, Fraction | None]:
        """Without and with taxes; None for a view that the tariff cannot tell."""
        if name == "total_cost":
            return self._priced.excl_vat, self._priced.incl_vat
        lines = self.lines(name)
        net = sum_of([line.excl_vat for line in lines])
        gross = net + sum_of([line.vat for line in lines])
        is_net_known, is_gross_known = self._priced.excl_vat is not None, self._priced.incl_vat is not None
        return (net if is_net_known else None), (gross if is_gross_known else None)

    def told(self, name: str, version: Version) -> Told:
        """As that version's Price; OCPI's numbers have four decimals."""
        net, gross = self.views(name)
        if version is Version.V221:
            return {view: shown(each, 4) for view, each in (("excl_vat", net), ("incl_vat", gross)) if each is not None}
        taxes = self._taxes(name, Fraction() if net is None or gross is None else gross - net)
        return {"before_taxes": shown(net if net is not None else gross, 4), "taxes": taxes}

    def _taxes(self, name: str, vat: Fraction) -> Sequence[Told]:
        """One a name and percentage; a limit moves them in proportion."""
        amounts: dict[tuple[str, int], Fraction] = {}
        for line in self.lines(name):
            component = line.candidate.component
            for tax in component.taxes:
                key = (tax.name, tax.percent_e8)
                amounts[key] = amounts.get(key, Fraction()) + _part(line, component, tax.percent_e8)
        whole = sum_of(list(amounts.values()))
        return [
            {
                "name": tax_name,
                "percentage": shown(Fraction(percent_e8, 10**8)),
                "amount": shown(amount * vat / whole if whole else amount, 4),
            }
            for (tax_name, percent_e8), amount in amounts.items()
        ]


def _part(line: Line, component: Component, percent_e8: int) -> Fraction:
    return line.vat * percent_e8 / component.tax_e10 if component.tax_e10 else Fraction()
