"""Our sites and stations as OCPI 2.2.1 Locations, in the name of the party that operates them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ev_contracts.assets import Connector, Evse, SiteSnapshot, StationSnapshot
from roaming.domain.ocpi import address_words, connector_words, date_time, evse_uid, party_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAsOf:
    """A station and when it became as it is."""

    station: StationSnapshot
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAsOf:
    """A site with its stations, and when it became as it is; the stations' changes are changes of the site."""

    site: SiteSnapshot
    changed_at: datetime
    stations: tuple[StationAsOf, ...] = ()

    @property
    def last_updated(self) -> datetime:
        """A change of an EVSE lifts the Location's time (OCPI 2.2.1, locations module)."""
        return max([self.changed_at, *(each.changed_at for each in self.stations)])


def location(as_of: SiteAsOf, operator_name: str | None) -> dict[str, object]:
    """The Location. `operator` is left out where the operator's name is not known (yet)."""
    site = as_of.site
    country_code, party_id = party_of(site.cpo_party_id)
    shown: dict[str, object] = {
        "country_code": country_code,
        "party_id": party_id,
        "id": site.site_id,
        "publish": True,
        **address_words(site),
        "evses": [evse(each, station) for station in as_of.stations for each in station.station.evses],
        "time_zone": site.time_zone,
        "last_updated": date_time(as_of.last_updated),
    }
    if operator_name is not None:
        shown["operator"] = {"name": operator_name[:100]}
    return shown


def evse(of: Evse, station: StationAsOf) -> dict[str, object]:
    """The EVSE; its status is REMOVED with its station, else UNKNOWN: this version follows no connector states."""
    return {
        "uid": evse_uid(station.station.station_id, of.evse_number),
        "evse_id": of.evse_id,
        "status": "REMOVED" if station.station.retired else "UNKNOWN",
        "connectors": [connector(each, station.changed_at) for each in of.connectors],
        "last_updated": date_time(station.changed_at),
    }


def connector(of: Connector, changed_at: datetime) -> dict[str, object]:
    """The Connector."""
    return {
        "id": str(of.connector_number), **connector_words(of), "max_voltage": of.max_voltage_v,
        "max_amperage": of.max_amperage_a, "max_electric_power": of.max_power_w,
        "last_updated": date_time(changed_at),
    }  # fmt: skip


def find_evse(as_of: SiteAsOf, uid: str) -> tuple[Evse, StationAsOf] | None:
    """The EVSE of that uid (case-insensitive, as CiString says) with its station; None where the site has none."""
    for station in as_of.stations:
        for each in station.station.evses:
            if evse_uid(station.station.station_id, each.evse_number).lower() == uid.lower():
                return each, station
    return None


def in_window(sites: Sequence[SiteAsOf], date_from: datetime | None, date_to: datetime | None) -> list[SiteAsOf]:
    """Sites changed in [date_from, date_to), oldest site first: the order is stable while pages are read."""
    chosen = [
        each for each in sites
        if (date_from is None or each.last_updated >= date_from) and (date_to is None or each.last_updated < date_to)
    ]  # fmt: skip
    return sorted(chosen, key=lambda each: (each.site.opened_at, each.site.site_id))
