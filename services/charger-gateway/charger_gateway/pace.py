"""Business time against wall time."""

from dataclasses import dataclass
from datetime import datetime

from chassis.clock import Clock, LabClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Business time against wall time: they differ in the lab, where a clock may run fast."""

    clock: Clock

    def business_seconds(self, wall_s: float) -> float:
        """So many seconds of business time pass in `wall_s`."""
        return wall_s * (self.clock.rate if isinstance(self.clock, LabClock) else 1.0)

    def wall_seconds_until(self, due: datetime) -> float:
        """Seconds to wait for a business time; 0 where it is past."""
        rate = self.clock.rate if isinstance(self.clock, LabClock) else 1.0
        return max(0.0, (due - self.clock.now()).total_seconds() / rate)
