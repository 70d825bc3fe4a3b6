"""Where a quote is asked for, and for whose token: as the registry and accounts say."""

from dataclasses import dataclass

from chassis.tables import Table
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.assets import Connector, Evse, SiteSnapshot, StationSnapshot
from ev_contracts.common import Place


class Stations(Table[StationSnapshot]):
    """Stations by their identity, which is one on the whole platform."""

    def __init__(self) -> None:
        super().__init__("assets.station.snapshot.v1")
        self._keys: dict[str, str] = {}

    def on_change(self, key: str, old: StationSnapshot | None, new: StationSnapshot | None) -> None:  # noqa: ARG002
        """Keys are `<tenant>/<station_id>`."""
        tenant, _, station_id = key.partition("/")
        if new is None:
            self._keys.pop(station_id, None)
        else:
            self._keys[station_id] = tenant

    def tenant_of(self, station_id: str) -> str | None:
        """In whose books it stands."""
        return self._keys.get(station_id)


class Tokens(Table[TokenSnapshot]):
    """Tokens by their random reference."""

    def __init__(self) -> None:
        super().__init__("accounts.token.snapshot.v1")
        self._by_ref: dict[str, TokenSnapshot] = {}

    def on_change(self, _key: str, old: TokenSnapshot | None, new: TokenSnapshot | None) -> None:
        """A reference stays with its token."""
        if old is not None:
            self._by_ref.pop(old.token_ref, None)
        if new is not None:
            self._by_ref[new.token_ref] = new

    def by_ref(self, token_ref: str) -> TokenSnapshot | None:
        """Whatever its status is now."""
        return self._by_ref.get(token_ref)


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
        self.stations = Stations()
        self.sites: Table[SiteSnapshot] = Table("assets.site.snapshot.v1")
        self.tokens = Tokens()

    def spot(self, station_id: str, evse_number: int, connector_number: int) -> Spot | None:
        """None where there is no such connector, or its station is retired or its site unknown here."""
        tenant = self.stations.tenant_of(station_id)
        station = self.stations.get(f"{tenant}/{station_id}")
        if tenant is None or station is None or station.retired:
            return None
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
