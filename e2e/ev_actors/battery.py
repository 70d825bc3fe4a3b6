"""A vehicle's battery: how much power it takes at which state of charge, in whole watts and watt-seconds."""

from dataclasses import dataclass

WS_PER_WH = 3600
TAPER_FROM_PERMILLE = 800
"""Above this state of charge a vehicle takes less and less."""
LEAST_POWER_W = 1_400


@dataclass(slots=True, kw_only=True)
class Battery:
    """Takes `most_w` up to four fifths full, then less, in a straight line to `LEAST_POWER_W` when full."""

    capacity_wh: int
    charged_wh: int
    most_w: int
    target_permille: int = 1000
    _ws: int = 0

    @property
    def soc_permille(self) -> int:
        """State of charge in thousandths."""
        return self.charged_wh * 1000 // self.capacity_wh

    @property
    def full(self) -> bool:
        """True once the driver's target is reached."""
        return self.soc_permille >= self.target_permille

    def power_w(self) -> int:
        """What it takes now; 0 when it has what it wants."""
        if self.full:
            return 0
        above = self.soc_permille - TAPER_FROM_PERMILLE
        if above <= 0:
            return self.most_w
        taper = self.most_w - (self.most_w - LEAST_POWER_W) * above // (1000 - TAPER_FROM_PERMILLE)
        return max(LEAST_POWER_W, taper)

    def take(self, seconds: int) -> int:
        """Charge for so many seconds; the Wh that the meter counts on."""
        self._ws += self.power_w() * seconds
        taken, self._ws = divmod(self._ws, WS_PER_WH)
        taken = min(taken, self.capacity_wh - self.charged_wh)
        self.charged_wh += taken
        return taken
