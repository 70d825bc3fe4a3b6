"""What the engine knows of a session: stretches in which nothing changes that a price could depend on."""

from dataclasses import dataclass
from datetime import datetime

from pricing.domain.engine.tariff import Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The least and the most of a flow while a stretch lasts; the same where it holds still."""

    low: Exact
    high: Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a session; what ran in it, and where the session stood when it began."""

    began_at: datetime
    """In the local time of the site, to the microsecond below."""
    before_s: Exact = 0
    """Since the session's start; in a reservation since the reservation's."""
    before_wh: Exact = 0
    energy_wh: Exact = 0
    charging_s: Exact = 0
    parking_s: Exact = 0
    reserved_s: Exact = 0
    power_w: Flow | None = None
    """None where nobody measured: then no bound on it is met."""
    current_ma: Flow | None = None
    """Summed over phases."""
    idle_s: Exact | None = None
    """For how long the vehicle had requested no power when it began; None where it did, or where power was withheld."""
    is_reservation: bool = False
    tariff_id: str | None = None
    """Of a CDR that has several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The stretches in order, those of a reservation first; or those of a reservation that nobody used alone."""

    stretches: tuple[Stretch, ...]
    is_expired: bool = False
    """The reservation ran out unused."""
