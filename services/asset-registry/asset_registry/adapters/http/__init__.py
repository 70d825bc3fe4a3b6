"""The registry's command API."""

from fastapi import FastAPI

from asset_registry.adapters.http.components import add_component_routes
from asset_registry.adapters.http.contracts import add_contract_routes
from asset_registry.adapters.http.edge import Edge
from asset_registry.adapters.http.numbered_table import NumberedTable
from asset_registry.adapters.http.onboarding import add_onboarding_routes
from asset_registry.adapters.http.parties import add_grant_routes, add_party_routes
from asset_registry.adapters.http.registrations import add_registration_routes
from asset_registry.adapters.http.sites import add_site_routes
from asset_registry.adapters.http.stations import add_credential_routes, add_station_routes
from asset_registry.adapters.http.templates import add_template_routes
from asset_registry.adapters.http.unknown_stations import UnknownStations
from chassis.http import create_app

__all__ = ["Edge", "NumberedTable", "UnknownStations", "registry_app"]

_MAX_BODY_BYTES = 4 * 1024 * 1024
"""A thousand stations fit in."""


def registry_app(edge: Edge) -> FastAPI:
    """All routes of the registry; each names its act."""
    app = create_app("asset-registry", max_body_bytes=_MAX_BODY_BYTES)
    for add in (
        add_party_routes,
        add_grant_routes,
        add_site_routes,
        add_contract_routes,
        add_station_routes,
        add_credential_routes,
        add_component_routes,
        add_registration_routes,
        add_template_routes,
        add_onboarding_routes,
    ):
        add(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app
