"""The snapshots roaming follows, with the indexes its questions need."""

from collections.abc import Iterator
from typing import Any

from chassis.tables import GroupedTable, Table
from ev_contracts.assets import PartySnapshot, SiteSnapshot, StationSnapshot
from ev_contracts.pricing import TariffSnapshot
from ev_contracts.roaming import PartnerSnapshot
from roaming.domain.countries import is_country
from roaming.domain.location_json import SiteAsOf, StationAsOf


class PartnerTable(Table[PartnerSnapshot]):
    """Partners, found by the hash of a token in force, and by the two parties."""

    def __init__(self) -> None:
        super().__init__("roaming.partner.snapshot.v1")
        self._key_by_token: dict[str, str] = {}
        self._key_by_parties: dict[tuple[str, str, str], str] = {}

    def on_change(self, key: str, old: PartnerSnapshot | None, new: PartnerSnapshot | None) -> None:
        """A token that is not in the newest snapshot is dead."""
        for token in _tokens(old):
            self._key_by_token.pop(token, None)
        for token in _tokens(new):
            self._key_by_token[token] = key
        if new is not None:
            self._key_by_parties[key.partition("/")[0], new.our_party_id, new.party_id] = key

    def by_token(self, token_sha256: str) -> tuple[str, PartnerSnapshot] | None:
        """Key and partner whose token A or C this is."""
        key = self._key_by_token.get(token_sha256)
        partner = None if key is None else self.get(key)
        return None if key is None or partner is None else (key, partner)

    def registered(self, *, tenant: str, our_party_id: str, party_id: str) -> PartnerSnapshot | None:
        """The tenant's partner whose handshake is done."""
        partner = self.get(self._key_by_parties.get((tenant, our_party_id, party_id), ""))
        return partner if partner is not None and partner.status == "registered" else None


def _tokens(partner: PartnerSnapshot | None) -> list[str]:
    if partner is None:
        return []
    return [token for token in (partner.token_a_sha256, partner.token_c_sha256) if token is not None]


class StationTable(GroupedTable[StationSnapshot]):
    """Stations, found by their site."""

    def __init__(self) -> None:
        super().__init__("assets.station.snapshot.v1", lambda key, of: f"{key.partition('/')[0]}/{of.site_id}")

    def at_site(self, site_key: str) -> list[StationSnapshot]:
        """The site's stations by id."""
        return sorted(self.members(site_key), key=lambda station: station.station_id)


class Network:
    """Sites with their stations, and the parties that operate them."""

    def __init__(self) -> None:
        self.sites: Table[SiteSnapshot] = Table("assets.site.snapshot.v1")
        self.stations = StationTable()
        self.parties: Table[PartySnapshot] = Table("assets.party.snapshot.v1")
        self.tariffs: Table[TariffSnapshot] = Table("pricing.tariff.snapshot.v1")

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        """All of them, to be followed."""
        return self.sites, self.stations, self.parties, self.tariffs

    def of_operator(self, tenant: str, cpo_party_id: str) -> Iterator[SiteAsOf]:
        """The operator's sites in its tenant's books; OCPI has no words for one in no country."""
        for key, site in self.sites.items():
            if key.startswith(f"{tenant}/") and site.cpo_party_id == cpo_party_id and is_country(site.country):
                yield self._as_of(key, site)

    def site(self, tenant: str, site_id: str) -> SiteAsOf | None:
        """One site of the tenant."""
        key = f"{tenant}/{site_id}"
        site = self.sites.get(key)
        return None if site is None or not is_country(site.country) else self._as_of(key, site)

    def name_of(self, party_id: str) -> str | None:
        """The party's legal name."""
        party = self.parties.get(f"_/{party_id}")
        return None if party is None else party.legal_name

    def _as_of(self, key: str, site: SiteSnapshot) -> SiteAsOf:
        # A snapshot from before stations said since when they are so is as old as its site.
        stations = tuple(
            StationAsOf(station=station, changed_at=station.changed_at or site.opened_at)
            for station in self.stations.at_site(key)
        )
        return SiteAsOf(site=site, changed_at=site.opened_at, stations=stations)
