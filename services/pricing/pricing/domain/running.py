"""What a session that still runs has used so far."""

from fractions import Fraction

from ev_contracts.common import TariffComponentType
from ev_contracts.sessions import EnergyDelivered
from pricing.domain.rating import Quantities


def used_so_far(event: EnergyDelivered) -> Quantities:
    """The volumes at this reading; energy just flowed, so charging is the kind of time that ran last."""
    return Quantities(
        energy_wh=Fraction(event.energy_wh),
        charging_s=Fraction(event.charging_s),
        parking_s=Fraction(event.parking_s),
        times=(TariffComponentType.PARKING_TIME, TariffComponentType.TIME),
    )
