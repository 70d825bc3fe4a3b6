"""How much of each price component a session used, and what OCPI's step sizes make of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from ev_contracts.common import TariffComponentType
from pricing.domain.engine.matching import holds
from pricing.domain.engine.session import Session, Stretch
from pricing.domain.engine.tariff import Candidate, Candidates, Exact, Tariff

_ENERGY, _TIME = TariffComponentType.ENERGY, TariffComponentType.TIME
_PARKING, _FLAT = TariffComponentType.PARKING_TIME, TariffComponentType.FLAT


class _Steps(Enum):
    """What is rounded up once, together: OCPI takes a step once for energy and once for both kinds of time."""

    ENERGY = auto()
    TIME = auto()
    RESERVATION = auto()


_STEPS = {_ENERGY: _Steps.ENERGY, _TIME: _Steps.TIME, _PARKING: _Steps.TIME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Small units (Wh, s, pieces) by component: as used, and what the step sizes add."""

    used: Mapping[Candidate, Exact]
    added: Mapping[Candidate, Exact]


@dataclass(frozen=True, slots=True)
class Tally:
    """A measurement that may go on: the part of a session that is measured by now."""

    used: dict[Candidate, Exact] = field(default_factory=dict)
    last: dict[_Steps, Candidate] = field(default_factory=dict)


def measure(tariff: Tariff, session: Session, tally: Tally | None = None) -> Measured:
    """Per stretch and dimension the first component whose restrictions hold; what none prices is free.

    With a tally the session goes on from where that stands, and it stands further on afterwards.
    """
    goes_on = tally or Tally()
    go_on(goes_on, tariff, session)
    return Measured(used=goes_on.used, added=_steps(goes_on.used, goes_on.last))


def go_on(tally: Tally, tariff: Tariff, session: Session) -> None:
    """The tally stands further on by these stretches."""
    used, last = tally.used, tally.last
    of_reservation = tariff.of_expired if session.is_expired else tariff.of_reservation
    for stretch in session.stretches:
        if stretch.is_reservation:
            _note_reservation(stretch, of_reservation, used, last)
        else:
            _note(stretch, tariff.of_session, used, last)


def _note(
    stretch: Stretch, candidates: Candidates, used: dict[Candidate, Exact], last: dict[_Steps, Candidate]
) -> None:
    flats = candidates.get(_FLAT)
    if flats and used.keys().isdisjoint(flats):
        found = first(flats, stretch)
        if found is not None:
            used[found] = 1
    for kind, volume in (
        (_ENERGY, stretch.energy_wh),
        (_TIME, stretch.charging_s),
        (_PARKING, stretch.parking_s),
    ):
        if not volume or kind not in candidates:
            continue
        found = first(candidates[kind], stretch)
        if found is not None:
            used[found] = used.get(found, 0) + volume
            last[_STEPS[kind]] = found


def _note_reservation(
    stretch: Stretch, candidates: Candidates, used: dict[Candidate, Exact], last: dict[_Steps, Candidate]
) -> None:
    """A reservation has a fee of its own, beside the session's, and its time; nothing else."""
    flats = candidates.get(_FLAT, ())
    if used.keys().isdisjoint(flats):
        found = first(flats, stretch)
        if found is not None:
            used[found] = 1
    found = first(candidates.get(_TIME, ()), stretch) if stretch.reserved_s else None
    if found is not None:
        used[found] = used.get(found, 0) + stretch.reserved_s
        last[_Steps.RESERVATION] = found


def first(candidates: Sequence[Candidate], stretch: Stretch) -> Candidate | None:
    """The one that prices a dimension in this stretch."""
    for each in candidates:
        if each.restrictions is None or holds(each.restrictions, stretch):
            return each
    return None


def _steps(used: Mapping[Candidate, Exact], last: Mapping[_Steps, Candidate]) -> Mapping[Candidate, Exact]:
    """The step of the component used last, over all that was paid of its dimension; the surplus at its price.

    OCPI mod_cdrs, step_size: no rounding where one price follows another, and of TIME and PARKING_TIME only the one
    that ran last. What ran free is not counted. Energy that flowed back is billed as it is.
    """
    added: dict[Candidate, Exact] = {}
    for final in last.values():
        step = final.component.step_size
        total: Exact = sum(
            volume
            for each, volume in used.items()
            if each.scope is final.scope and each.component.type is final.component.type
        )
        surplus = -total % step
        if surplus and total > 0:
            added[final] = surplus
    return added
