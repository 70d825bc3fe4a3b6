"""The stretches of a priced session joined where no price changed: what OCPI calls charging periods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ev_contracts.common import TariffComponentType
from pricing.domain.engine.cuts import whole
from pricing.domain.engine.measuring import first
from pricing.domain.engine.session import Flow, Session, Stretch
from pricing.domain.engine.tariff import Candidate, Exact, Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Stretches in a row that every dimension prices alike."""

    stretches: Sequence[Stretch]

    @property
    def first(self) -> Stretch:
        """Where it begins."""
        return self.stretches[0]

    @property
    def lasted_s(self) -> Exact:
        """Of whichever kind of time ran."""
        return sum(each.charging_s + each.parking_s + each.reserved_s for each in self.stretches)

    @property
    def energy_wh(self) -> Exact:
        """In all."""
        return whole(sum(each.energy_wh for each in self.stretches))

    @property
    def power_w(self) -> Flow | None:
        """The least and the most of what was told."""
        return _range([each.power_w for each in self.stretches])

    @property
    def current_ma(self) -> Flow | None:
        """Likewise."""
        return _range([each.current_ma for each in self.stretches])


def joined(tariff: Tariff, session: Session) -> Iterator[Joined]:
    """In order; one that lasted nothing and moved nothing is left out."""
    used = [each for each in session.stretches if _is_anything(each)]
    for _, stretches in groupby(used, key=lambda each: _prices(tariff, session, each)):
        yield Joined(stretches=tuple(stretches))


def _is_anything(stretch: Stretch) -> bool:
    return bool(stretch.charging_s or stretch.parking_s or stretch.reserved_s or stretch.energy_wh)


def _prices(tariff: Tariff, session: Session, stretch: Stretch) -> tuple[bool, bool, tuple[Candidate | None, ...]]:
    candidates = tariff.of_session
    if stretch.is_reservation:
        candidates = tariff.of_expired if session.is_expired else tariff.of_reservation
    kinds = [kind for kind in TariffComponentType if kind in candidates]
    found = tuple(first(candidates[kind], stretch) for kind in kinds)
    return stretch.is_reservation, bool(stretch.charging_s), found


def _range(flows: Sequence[Flow | None]) -> Flow | None:
    known = [each for each in flows if each is not None]
    if not known:
        return None
    return Flow(low=min(each.low for each in known), high=max(each.high for each in known))
