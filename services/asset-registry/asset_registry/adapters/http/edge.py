"""What every route of the registry works with, and how it names a party or a site that is not there."""

from dataclasses import dataclass
from typing import Any

from asset_registry.adapters.http.numbered_table import NumberedTable
from asset_registry.adapters.http.secrets import StationSecrets
from asset_registry.adapters.http.unknown_stations import UnknownStations
from chassis.auth import Guard
from chassis.clock import Clock
from chassis.http import CommandDesk, Problem
from chassis.tables import Table
from ev_contracts.assets import (
    CommercialSnapshot,
    ComponentSnapshot,
    OwnershipSnapshot,
    PartyRole,
    PartySnapshot,
    SiteSnapshot,
    StationSnapshot,
    StationTemplateSnapshot,
)

ELSEWHERE = frozenset({"party-unknown", "station-unknown", "identity-unknown", "grant-of-another-tenant"})
"""Refusals that tell the caller no more than that there is no such thing for him."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The doors of this service; tables follow its own snapshots, so that callers read what they wrote."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    secrets: StationSecrets
    parties: Table[PartySnapshot]
    sites: Table[SiteSnapshot]
    stations: Table[StationSnapshot]
    components: NumberedTable[ComponentSnapshot]
    contracts: NumberedTable[OwnershipSnapshot | CommercialSnapshot]
    templates: Table[StationTemplateSnapshot]
    unknown: UnknownStations


def wrong_party(edge: Edge, field: str, party_id: str, role: PartyRole, *, tenant: str | None = None) -> dict[str, str]:
    """The field error, or nothing, of a party that must have a role (and keep its books in a tenant)."""
    party = edge.parties.get(f"_/{party_id}")
    if party is None or (tenant is not None and party.tenant != tenant):
        return {field: "no such party" if tenant is None else "no such party in this tenant"}
    return {} if role in party.roles else {field: f"the party is no {role.value}"}


def wrong_site(edge: Edge, field: str, site_id: str, *, tenant: str) -> dict[str, str]:
    """The field error, or nothing, of a site that must be open in the tenant."""
    return {} if edge.sites.get(f"{tenant}/{site_id}") else {field: "no such site in this tenant"}


def known_station(edge: Edge, tenant: str, station_id: str) -> dict[str, Any]:
    """The station as the tenant reads it. Raises Problem 404 where the tenant has none of that name."""
    station = edge.stations.get(f"{tenant}/{station_id}")
    if station is None:
        raise Problem(404, "not-found")
    return {"tenant": tenant, **station.model_dump(mode="json")}
