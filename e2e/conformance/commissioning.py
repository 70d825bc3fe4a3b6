"""What the registry says of a station's registration, and how the station learns it."""

from datetime import UTC, datetime
from typing import Any

from chassis.testing import eventually
from conformance.seeding import TENANT, shape_of
from conformance.v16.point import Point
from conformance.v201.charger import Charger
from ev_contracts.assets import RegistrationState, StationAccepted

_SHAPES = "assets.station.snapshot.v1"
_STATIONS = "assets.station.event.v1"


async def is_told(station: Point | Charger, registration: RegistrationState, status: str) -> Any:
    """The registry says so, and the station boots until it is told; the answer that tells it."""
    await says(station, registration)

    async def answer() -> Any:
        told = await station.introduces_itself()
        return told if told["status"] == status else None

    return await eventually(answer, what=f"a boot that is answered {status}")


async def is_accepted(station: Point | Charger) -> None:
    """The registry accepts the station; the gateway asks it to boot."""
    await says(station, RegistrationState.ACCEPTED)
    accepted = StationAccepted(station_id=station.station_id, reason="stands as desired", accepted_at=datetime.now(UTC))
    await station.stand.says(_STATIONS, f"{TENANT}/{station.station_id}", accepted)


async def says(station: Point | Charger, registration: RegistrationState) -> None:
    """The registry says so; the station is not told yet."""
    shape = shape_of(station.station_id).model_copy(update={"registration": registration})
    await station.stand.says(_SHAPES, f"{TENANT}/{station.station_id}", shape)
