"""Records that could not be taken, the aggregates that wait for them, and their repair."""

from chassis.dead_letters.letters import (
    Parked,
    ParkingRate,
    TooManyParked,
    dead_letter,
    dead_letter_topic,
    dumps_parked,
    loads_parked,
)
from chassis.dead_letters.sealing import Letterbox
from chassis.dead_letters.unreadable import Unreadable

__all__ = [
    "Letterbox",
    "Parked",
    "ParkingRate",
    "TooManyParked",
    "Unreadable",
    "dead_letter",
    "dead_letter_topic",
    "dumps_parked",
    "loads_parked",
]
