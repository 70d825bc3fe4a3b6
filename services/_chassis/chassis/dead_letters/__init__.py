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

__all__ = [
    "Parked",
    "ParkingRate",
    "TooManyParked",
    "dead_letter",
    "dead_letter_topic",
    "dumps_parked",
    "loads_parked",
]
