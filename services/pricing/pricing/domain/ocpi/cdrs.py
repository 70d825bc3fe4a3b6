"""A CDR priced anew: its totals as OCPI has them, and where they differ from what it says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from ev_contracts.common import TariffComponentType as Kind
from pricing.domain.engine.price import Priced, price
from pricing.domain.engine.session import Session, Stretch
from pricing.domain.engine.tariff import Tariff
from pricing.domain.ocpi.periods import Dimension, Period, named_by, read_periods, session_of_periods
from pricing.domain.ocpi.reading import Node
from pricing.domain.ocpi.tariffs import Version, read_tariffs
from pricing.domain.ocpi.telling import Costs, Told, shown

_COSTS = (
    "total_cost",
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
_FEWEST_DECIMALS = 2
_MOST_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the CDR says otherwise, and where."""

    place: str
    computed: Decimal | None
    in_file: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A CDR's price, its totals and the differences; amounts that agree as far as they are printed are none."""

    id: str
    priced: Priced
    currency: str
    totals: Mapping[str, Told]
    differences: Sequence[Difference]
    notes: Sequence[str]
    """What whoever reads the price should know of the CDR."""


def check_cdr(
    cdr: Node, tariff: Node | None, version: Version, time_zone: str, *, expired: bool | None = None
) -> Checked:
    """By this tariff, or by its own, of which each prices the periods that name it. Raises BadInput."""
    periods = read_periods(cdr, version)
    tariffs = named_by(periods, cdr.need("tariffs")) if tariff is None else [tariff]
    priced_by = read_tariffs(tariffs, version)
    currency = cdr.get("currency")
    if currency is not None and currency.text() != priced_by.currency:
        currency.fail(f"{currency.value!r}, and the tariff is in {priced_by.currency}")
    session = session_of_periods(cdr, version, time_zone, expired=expired)
    priced = price(priced_by, session)
    costs = Costs(priced)
    quantities = dict(_quantities(periods))
    totals = {name: costs.told(name, version) for name in costs.names}
    told_id = cdr.get("id")
    return Checked(
        id="" if told_id is None else told_id.text(),
        priced=priced,
        currency=priced_by.currency,
        totals={**totals, **{name: shown(each, _MOST_DECIMALS) for name, each in quantities.items()}},
        differences=[*_of_costs(cdr, costs, version), *_of_quantities(cdr, quantities)],
        notes=[*_notes(priced_by, session), *_not_valid(priced_by, cdr.need("start_date_time").instant())],
    )


def _notes(tariff: Tariff, session: Session) -> Iterator[str]:
    """A restriction that nobody can judge is one that does not hold, and that should not go unnoticed."""
    if any(_asks_for_current(tariff, each) for each in session.stretches if each.current_ma is None):
        yield "the tariff asks for the current, and not every period tells it: there, no price that asks for it holds"


def _not_valid(tariff: Tariff, start: datetime) -> Iterator[str]:
    """OCPI, start_date_time and end_date_time: the tariff of the start holds to the end, where it was valid then."""
    if tariff.valid_from is not None and start < tariff.valid_from:
        yield f"the tariff is not valid yet when the session starts: from {tariff.valid_from:%Y-%m-%dT%H:%M:%SZ} on"
    if tariff.valid_until is not None and start >= tariff.valid_until:
        yield f"the tariff is not valid any more when the session starts: until {tariff.valid_until:%Y-%m-%dT%H:%M:%SZ}"


def _asks_for_current(tariff: Tariff, stretch: Stretch) -> bool:
    """Whether a price of something that ran depends on it."""
    ran = ((Kind.ENERGY, stretch.energy_wh), (Kind.TIME, stretch.charging_s), (Kind.PARKING_TIME, stretch.parking_s))
    some = [each.restrictions for kind, volume in ran if volume for each in tariff.of_session.get(kind, ())]
    bounds = [bound for each in some if each is not None for bound in (each.min_current_ma, each.max_current_ma)]
    return any(bound is not None for bound in bounds)


def _quantities(periods: Sequence[Period]) -> Iterator[tuple[str, Fraction]]:
    """What the periods tell; energy only where they tell any, for a CDR may keep it to its total."""
    if not periods:
        return
    energies = [period.volumes[Dimension.ENERGY] for period in periods if Dimension.ENERGY in period.volumes]
    if energies:
        yield "total_energy", Fraction(sum(energies))
    # "Total duration of the charging session", of which total_parking_time is a part: a reservation is before it.
    used = [period for period in periods if Dimension.RESERVATION_TIME not in period.volumes]
    lasted_us = sum((period.end - period.start) // timedelta(microseconds=1) for period in used)
    yield "total_time", Fraction(lasted_us, 3_600 * 10**6)
    parked = [period.volumes[Dimension.PARKING_TIME] for period in periods if Dimension.PARKING_TIME in period.volumes]
    if parked:
        yield "total_parking_time", Fraction(sum(parked))


def _of_costs(cdr: Node, costs: Costs, version: Version) -> Iterator[Difference]:
    cdr.need("total_cost")
    credit = cdr.get("credit")
    is_credit = credit is not None and credit.flag()
    for name in _COSTS:
        told = cdr.get(name)
        if told is None or (is_credit and name != "total_cost"):
            continue
        sign = -1 if is_credit else 1
        net, gross = costs.views(name)
        vat = None if net is None or gross is None else gross - net
        views = (net, gross if version is Version.V221 else vat)
        for (place, in_file), computed in zip(_amounts(told, version), views, strict=True):
            if in_file is not None and computed is not None:
                yield from _difference(place, computed * sign, in_file)


def _amounts(told: Node, version: Version) -> Sequence[tuple[str, Decimal | None]]:
    """Without taxes and with them, each with its place; 2.3.0 tells the sum of the taxes instead of the second."""
    net = told.need("excl_vat" if version is Version.V221 else "before_taxes")
    before = (net.pointer, net.number(at_least=None))
    if version is Version.V221:
        gross = told.get("incl_vat")
        return (before, ("", None) if gross is None else (gross.pointer, gross.number(at_least=None)))
    taxes = told.get("taxes")
    if taxes is None or not taxes.value:
        return (before, ("", None))
    amounts = [each.need("amount").number(at_least=None) for each in taxes.items()]
    return (before, (taxes.pointer, sum(amounts, Decimal())))


def _of_quantities(cdr: Node, quantities: Mapping[str, Fraction]) -> Iterator[Difference]:
    for name, computed in quantities.items():
        told = cdr.get(name)
        if told is not None:
            yield from _difference(told.pointer, computed, told.number())


def _difference(place: str, computed: Fraction, in_file: Decimal) -> Iterator[Difference]:
    """Amounts are printed with few digits, and no rule says how they are rounded: half of the last one is no fault."""
    printed = min(_MOST_DECIMALS, max(_FEWEST_DECIMALS, -int(in_file.as_tuple().exponent)))
    if abs(computed - Fraction(in_file)) > Fraction(1, 2 * 10**printed):
        yield Difference(place=place, computed=shown(computed, _MOST_DECIMALS), in_file=in_file)
