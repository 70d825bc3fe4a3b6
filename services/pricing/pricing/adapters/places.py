"""Where a quote is asked for, and for whose token: as the registry and accounts say."""

from dataclasses import dataclass

from chassis.tables import KeyedTable, Table
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.assets import Connector, Evse, SiteSnapshot, StationSnapshot
from ev_contracts.common import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A connector that somebody could charge at."""

    tenant: str
    cpo_party_id: str
    place: Place
    connector: Connector


class Places:
    """The tables that a quote is looked up in."""

    def __init__(self) -> None:
        self.stations: KeyedTable[StationSnapshot] = KeyedTable(
            "assets.station.snapshot.v1", lambda _, of: of.station_id
        )
        self.sites: Table[SiteSnapshot] = Table("assets.site.snapshot.v1")
        self.tokens: KeyedTable[TokenSnapshot] = KeyedTable("accounts.token.snapshot.v1", lambda _, of: of.token_ref)

    def spot(self, station_id: str, evse_number: int, connector_number: int) -> Spot | None:
        """None where there is no such connector, or its station is retired or its site unknown here."""
        key, station = self.stations.key_of(station_id), self.stations.find(station_id)
        if key is None or station is None or station.retired:
            return None
        tenant = key.partition("/")[0]
        site = self.sites.get(f"{tenant}/{station.site_id}")
        evse = next((each for each in station.evses if each.evse_number == evse_number), None)
        connector = None if evse is None else _connector_of(evse, connector_number)
        if site is None or evse is None or connector is None:
            return None
        place = Place(
            site_id=site.site_id,
            station_id=station_id,
            evse_number=evse_number,
            connector_number=connector_number,
            evse_id=evse.evse_id,
            feeder_id=site.feeder_id,
            connection_id=site.connection_id,
            time_zone=site.time_zone,
            country=site.country,
        )
        return Spot(tenant=tenant, cpo_party_id=station.cpo_party_id, place=place, connector=connector)


def _connector_of(evse: Evse, connector_number: int) -> Connector | None:
    return next((each for each in evse.connectors if each.connector_number == connector_number), None)
