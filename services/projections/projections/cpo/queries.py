"""One function a question of the operator."""

import asyncio
from collections.abc import Sequence

from projections.answering import Json, plain, unfolded
from projections.reading import Reader, Row, Select

_NEVER = -1


async def station_list(reader: Reader, tenant: str, stations: Sequence[Row]) -> list[Json]:
    """The stations, which follow one another, with their site and their connectors: two reads however many they are."""
    if not stations:
        return []
    between = ("station_id", str(stations[0]["station_id"]), str(stations[-1]["station_id"]))
    order = ("station_id", "evse_number", "connector_number")
    sites, connectors = await asyncio.gather(
        reader.select(Select(table="sites", key={"tenant": tenant})),
        reader.select(Select(table="connectors", key={"tenant": tenant}, order=order, between=between)),
    )
    by_id = {site["site_id"]: site for site in sites}
    own: dict[object, list[Row]] = {}
    for connector in connectors:
        own.setdefault(connector["station_id"], []).append(connector)
    return [
        station_view(station, by_id.get(station.get("site_id")), own.get(station["station_id"], []))
        for station in stations
    ]


def station_view(station: Row, site: Row | None, connectors: Sequence[Row]) -> Json:
    """What is shown of a station."""
    return {
        **plain(station, without=("evses", "tenant")),
        "evses": unfolded(station, "evses") or [],
        "connected": is_connected(station),
        "site": None if site is None else plain(site, without=("tenant",)),
        "connectors": [plain(each, without=("tenant", "station_id")) for each in connectors],
        "faulted": any(each.get("state") == "FAULTED" for each in connectors),
    }


def is_connected(station: Row) -> bool:
    """Whether the newest connection has neither ended nor been given up."""
    connected, ended, lost = (
        int(str(station.get(name, _NEVER))) for name in ("connected_epoch", "disconnected_epoch", "lost_epoch")
    )
    return connected > max(ended, lost)


async def session_of(reader: Reader, tenant: str, session_id: str) -> Row | None:
    """The session, if its station said anything of it."""
    rows = await reader.select(Select(table="sessions", key={"tenant": tenant, "session_id": session_id}, limit=1))
    return rows[0] if rows and "station_id" in rows[0] else None


async def timeline_of(reader: Reader, tenant: str, object_id: str, limit: int = 200) -> list[Json]:
    """What happened, newest first."""
    key = {"tenant": tenant, "object_id": object_id}
    rows = await reader.select(
        Select(table="timeline", key={**key}, order=("at", "event_id"), descending=True, limit=limit)
    )
    return [
        {"at": plain(row)["at"], "type": row["type"], "event_id": row["event_id"], "facts": unfolded(row, "facts")}
        for row in rows
    ]


async def readings_of(reader: Reader, tenant: str, session_id: str) -> list[Json]:
    """Energy and power over time, oldest first."""
    rows = await reader.select(
        Select(table="readings", key={"tenant": tenant, "session_id": session_id}, order=("measured_at",))
    )
    return [plain(row, without=("tenant", "session_id")) for row in rows]


async def commands_of(reader: Reader, tenant: str, station_id: str) -> list[Json]:
    """What was asked of the station, newest first."""
    rows = await reader.select(Select(table="commands", key={"tenant": tenant, "station_id": station_id}))
    asked = [plain(row, without=("tenant",)) for row in rows]
    return sorted(asked, key=lambda row: str(row.get("requested_at", "")), reverse=True)
