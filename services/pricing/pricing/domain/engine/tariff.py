"""What the engine knows of a tariff: OCPI's elements, components, restrictions, limits and taxes, in whole numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from fractions import Fraction

from ev_contracts.common import ReservationRestriction, TariffComponentType, TaxIncluded

Exact = int | Fraction
"""A number without error; whole ones stay `int`, which is ten times as fast."""

E8 = 10**8
E10 = 10**10
END_OF_DAY_S = 86_400
IDLE = -1
"""The place of an idle fee, which stands before all elements."""


class Scope(Enum):
    """Whether a price is of the session or of its reservation."""

    SESSION = auto()
    RESERVATION = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """One tax; the percentage in units of 1e-8."""

    name: str
    percent_e8: int
    account_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One price; in units of 1e-8 a kWh, an hour or a piece. No taxes at all is not the same as a tax of 0 %."""

    type: TariffComponentType
    price_e8: int
    step_size: int = 1
    taxes: tuple[Tax, ...] = ()
    at_most_e8: int | None = None
    """What it comes to at most in a session, in units of 1e-8; OCPI has no such cap."""

    @property
    def tax_e10(self) -> int:
        """All taxes together, as a share in units of 1e-10."""
        return sum(tax.percent_e8 for tax in self.taxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """When an element is active; all that stand must hold. Bounds are inclusive below and exclusive above."""

    start_time_s: int | None = None
    """Seconds after local midnight by the clock."""
    end_time_s: int | None = None
    """Likewise, 86,400 at the day's end; below `start_time_s` it is the next day's."""
    start_date: date | None = None
    end_date: date | None = None
    weekdays: frozenset[int] = frozenset()
    """ISO: Monday is 1; empty is every day."""
    min_energy_wh: Exact | None = None
    max_energy_wh: Exact | None = None
    min_current_ma: Exact | None = None
    max_current_ma: Exact | None = None
    min_power_w: Exact | None = None
    max_power_w: Exact | None = None
    min_duration_s: Exact | None = None
    max_duration_s: Exact | None = None
    holds_from_at: datetime | None = None
    holds_until_at: datetime | None = None
    """Instants, where a price is of an interval of a feed; OCPI has no such restriction."""
    tariff_id: str | None = None
    """Only what a CDR says to be of this one of its several tariffs."""
    min_idle_s: int | None = None
    """Only once a vehicle has requested no power for so long; OCPI has no such grace."""
    reservation: ReservationRestriction | None = None

    @property
    def times_s(self) -> tuple[int, ...]:
        """Local times at which this may begin or cease to hold; midnight where a date or a weekday is asked for."""
        named = [each for each in (self.start_time_s, self.end_time_s) if each is not None]
        # An open end is the day's end; so is the change of date.
        is_daily = self.weekdays or self.start_date or self.end_date or len(named) == 1
        return tuple({each % END_OF_DAY_S for each in ([*named, 0] if is_daily else named)})

    @property
    def energies_wh(self) -> tuple[Exact, ...]:
        """Sums of energy at which this begins or ceases to hold."""
        return tuple(each for each in (self.min_energy_wh, self.max_energy_wh) if each is not None)

    @property
    def durations_s(self) -> tuple[Exact, ...]:
        """Durations at which this begins or ceases to hold."""
        return tuple(each for each in (self.min_duration_s, self.max_duration_s) if each is not None)

    @property
    def instants(self) -> tuple[datetime, ...]:
        """At which this begins or ceases to hold."""
        return tuple(each for each in (self.holds_from_at, self.holds_until_at) if each is not None)

    @property
    def asks_for_flow(self) -> bool:
        """Whether power or current decides."""
        bounds = (self.min_power_w, self.max_power_w, self.min_current_ma, self.max_current_ma)
        return any(bound is not None for bound in bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """Prices under the same restrictions."""

    components: tuple[Component, ...]
    restrictions: Restrictions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a session costs at least or at most, in units of 1e-8; each view of tax by its own bound."""

    excl_vat_e8: int | None = None
    incl_vat_e8: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A component in its place, as the engine tries it; compared by identity, so that it is a cheap key."""

    scope: Scope
    element: int
    place: int
    component: Component
    restrictions: Restrictions | None


Candidates = Mapping[TariffComponentType, Sequence[Candidate]]
"""Per dimension those that could price it, the first that holds does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tariff:
    """All that decides a price. Compare by `is`: it is compiled once and then only read."""

    currency: str
    elements: tuple[Element, ...]
    idle: Element | None = None
    """Prices parking before any element does, if it holds; its place is -1."""
    min_price: Limit | None = None
    max_price: Limit | None = None
    tax_included: TaxIncluded = TaxIncluded.NO
    knows_taxes: bool = True
    """False where OCPI 2.3.0 names no tax at all: then the other view of a total cannot be told."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    order: tuple[Candidate, ...] = field(init=False)
    of_session: Candidates = field(init=False)
    of_reservation: Candidates = field(init=False)
    of_expired: Candidates = field(init=False)
    restrictions: tuple[Restrictions, ...] = field(init=False)
    """All of the session's prices."""

    def __post_init__(self) -> None:
        """Index what the engine asks for again and again."""
        idle = [] if self.idle is None else list(_candidates(IDLE, self.idle))
        placed = [each for number, element in enumerate(self.elements) for each in _candidates(number, element)]
        order = (*idle, *placed)
        reserving = [each for each in order if _kind(each) is ReservationRestriction.RESERVATION]
        expiring = [each for each in order if _kind(each) is ReservationRestriction.RESERVATION_EXPIRES]
        session = [each for each in order if _kind(each) is None]
        # OCPI, ReservationRestrictionType: of an expired reservation both kinds may price, the expired kind before.
        for name, value in (
            ("order", order),
            ("of_session", _by_dimension(session)),
            ("of_reservation", _by_dimension(reserving)),
            ("of_expired", _by_dimension([*expiring, *reserving])),
            (
                "restrictions",
                tuple(dict.fromkeys(each.restrictions for each in session if each.restrictions is not None)),
            ),
        ):
            object.__setattr__(self, name, value)


def _candidates(number: int, element: Element) -> Iterator[Candidate]:
    restrictions = element.restrictions
    is_held = restrictions is not None and restrictions.reservation is not None
    scope = Scope.RESERVATION if is_held else Scope.SESSION
    for place, component in enumerate(element.components):
        yield Candidate(scope, number, place, component, restrictions)


def _kind(candidate: Candidate) -> ReservationRestriction | None:
    return candidate.restrictions.reservation if candidate.restrictions else None


def _by_dimension(candidates: Sequence[Candidate]) -> Candidates:
    found: dict[TariffComponentType, list[Candidate]] = {}
    for each in candidates:
        found.setdefault(each.component.type, []).append(each)
    return found
