"""The demo's accelerated time: it goes on where the demo before it stopped, so that the books never run backwards."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.clock import LabClock


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTime:
    """`path` remembers the business time that was reached."""

    path: Path

    def resume(self, *, wall: datetime, rate: int) -> LabClock:
        """A clock that runs `rate` times as fast and is now at the time reached, or at the wall's where that is later.

        A lab clock agrees with the wall at its start, so a start in the past makes it lead by (rate - 1) times that.
        """
        lead = max(timedelta(), self.reached() - wall) if rate > 1 else timedelta()
        return LabClock(start=wall - lead / (rate - 1) if rate > 1 else wall, rate=rate)

    def reached(self) -> datetime:
        """The business time that was last remembered; long ago where there is none."""
        if not self.path.exists():
            return datetime(1970, 1, 1, tzinfo=UTC)
        return datetime.fromisoformat(json.loads(self.path.read_text(encoding="utf-8"))["reached"])

    def remember(self, now: datetime) -> None:
        """Note how far time has come."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"reached": now.isoformat()}), encoding="utf-8")


def setting(clock: LabClock) -> str:
    """EV_CLOCK for the services, so that they read the same time."""
    return f"{clock.start.isoformat()}@{clock.rate:g}"
