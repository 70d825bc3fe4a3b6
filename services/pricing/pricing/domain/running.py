"""What a session that runs has cost so far: each reading is measured once, by the engine that rates it in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from ev_contracts.common import MeterPoint, TariffVersion
from ev_contracts.record import trusted
from ev_contracts.sessions import (
    EnergyDelivered,
    ReservationAttached,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
)
from pricing.domain.engine.contract import tariff_of
from pricing.domain.engine.cuts import whole
from pricing.domain.engine.measuring import Tally, go_on
from pricing.domain.engine.price import Priced, price, price_so_far
from pricing.domain.engine.session import Session, Stretch
from pricing.domain.engine.splitting import EVSE, Leg, reserved_stretches, stretches_of
from pricing.domain.engine.tariff import Exact, Tariff

_METER_POINT = trusted(MeterPoint)
"""Of the figures of a reading that was read."""
Noted = SessionStarted | SuspensionStarted | SuspensionEnded | ReservationAttached
"""What is no reading and still changes the price."""


class _Turn(NamedTuple):
    """From when on which kind of time runs."""

    at: datetime
    is_charging: bool


@dataclass(slots=True)
class RunningCost:
    """One session under one tariff; the version of its start holds to its end.

    Where the start was not seen (it is too long ago) time is taken to have parked first and charged since, until the
    next reading; the final rating goes by the ledger's curve in any case.
    """

    version: TariffVersion
    time_zone: str
    started_at: datetime
    is_charging: bool = True
    _tally: Tally = field(default_factory=Tally)
    _is_measured: bool = False
    _known: MeterPoint | None = None
    _idle_since: datetime | None = None
    _turns: list[_Turn] = field(default_factory=list)
    _reserved: tuple[Stretch, ...] = ()
    """Of the reservation, until it is measured."""
    _priced: Priced | None = None
    _tariff: Tariff = field(init=False)
    _zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what each reading asks for."""
        self._tariff, self._zone = tariff_of(self.version), ZoneInfo(self.time_zone)

    def note(self, event: Noted) -> None:
        """Another kind of time runs from then on, told before the reading that follows; or the session was reserved.

        A reservation is in the cost from the next reading on, whenever it became known.
        """
        match event:
            case SessionStarted():
                self.is_charging = event.charging is not False
                self._idle_since = None if self.is_charging else event.started_at
            case SuspensionStarted():
                # OCPI 2.3.0: where the station withholds power, charging goes on.
                self._turns.append(_Turn(event.at, event.suspended_by == EVSE))
            case SuspensionEnded():
                self._turns.append(_Turn(event.at, is_charging=True))
            case ReservationAttached():
                self._reserved = tuple(reserved_stretches(event.reservation, self._tariff, self._zone))
            case _:
                assert_never(event)

    def reach(self, event: EnergyDelivered) -> Priced:
        """The cost at this reading; one that is not later than the last changes nothing."""
        early = self._go_on(event)
        if early is not None:
            return price(self._tariff, early)
        if self._priced is None:
            self._priced = price_so_far(self._tariff, self._tally)
        return self._priced

    def pass_by(self, event: EnergyDelivered) -> None:
        """Measure this reading, and tell no cost."""
        self._go_on(event)

    def _go_on(self, event: EnergyDelivered) -> Session | None:
        """What runs before anything has, and is not measured for good; else None."""
        known = self._known or MeterPoint(at=self.started_at, energy_wh=0)
        if self._is_measured and event.measured_at <= known.at:
            return None
        after = _METER_POINT(
            at=event.measured_at,
            energy_wh=max(known.energy_wh, event.energy_wh),
            power_w=event.power_w,
            current_a_tenths=event.current_sum_a_tenths,
        )
        legs = self._legs(known, after)
        stretches = (stretch for leg in legs for stretch in stretches_of(leg, self._tariff, self._zone))
        session = Session(stretches=(*self._reserved, *stretches))
        if after.at > self.started_at:
            go_on(self._tally, self._tariff, session)
            self._known, self._reserved, self._priced, self._is_measured = after, (), None, True
            return None
        # Nothing has run yet, so nothing is measured for good: which start fee it is may depend on what flows from now.
        self._known = after.model_copy(update={"energy_wh": known.energy_wh})
        return session

    def catch_up(self, event: EnergyDelivered) -> None:
        """Of a session that ran unseen: what was parked came first."""
        if event.parking_s:
            self.is_charging, self._idle_since = False, self.started_at
            self._turns.append(_Turn(self.started_at + timedelta(seconds=event.parking_s), is_charging=True))

    def _legs(self, known: MeterPoint, after: MeterPoint) -> Iterator[Leg]:
        """From the last reading to this one, parted where another kind of time began; energy flows evenly."""
        due = sorted(turn for turn in self._turns if turn.at < after.at)
        self._turns = [turn for turn in self._turns if turn.at >= after.at]
        began_at, before_wh = known.at, whole(Fraction(known.energy_wh))
        for turn in due:
            at = max(turn.at, began_at)
            reached_wh = _between(known, after, at)
            if at > began_at:
                yield self._leg(known, began_at, at, before_wh, reached_wh)
            began_at, before_wh = at, reached_wh
            if turn.is_charging != self.is_charging:
                self._idle_since = None if turn.is_charging else at
            self.is_charging = turn.is_charging
        yield self._leg(known, began_at, after.at, before_wh, after.energy_wh)

    def _leg(self, known: MeterPoint, began_at: datetime, ended_at: datetime, before_wh: Exact, after_wh: Exact) -> Leg:
        return Leg(
            start=self.started_at,
            began_at=began_at,
            ended_at=ended_at,
            before_wh=before_wh,
            after_wh=after_wh,
            is_charging=self.is_charging,
            idle_since=self._idle_since,
            point=known,
        )


def _between(known: MeterPoint, after: MeterPoint, at: datetime) -> Exact:
    share = Fraction((at - known.at) // _MS, max(1, (after.at - known.at) // _MS))
    return whole(known.energy_wh + share * (after.energy_wh - known.energy_wh))


_MS = timedelta(milliseconds=1)
