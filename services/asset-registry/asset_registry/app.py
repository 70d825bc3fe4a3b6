"""The composition root: settings in, a service that can be run out."""

from collections.abc import Mapping
from typing import Any

from asset_registry.adapters.http import Edge, NumberedTable, UnknownStations, registry_app
from asset_registry.adapters.http.secrets import StationSecrets
from asset_registry.domain.contract import contract
from asset_registry.domain.credential import credential
from asset_registry.domain.party import party
from asset_registry.domain.site import site
from asset_registry.domain.station import station
from asset_registry.domain.template import template
from asset_registry.policies import on_desk, on_password
from asset_registry.settings import Settings
from chassis.auth import Authenticator, Guard
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.decider import Decider
from chassis.http import CommandClient
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Policy, Service, Wiring, wire
from chassis.settings import read_secret
from chassis.tables import Table
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import StationPasswordTaken

DESK = "gateway.desk.event.v1"
SET_UP = "assets.set-up-policy"
PASSWORDS = "assets.password-policy"
STATION_EVENTS = "gateway.station.event.v1"

_DECIDERS: Mapping[str, Decider[Any, Any, Any]] = {
    "party": party,
    "site": site,
    "station": station,
    "credential": credential,
    "contract": contract,
    "template": template,
}


_POLICIES = (
    Policy(name=SET_UP, source=DESK, target="assets.station", react=on_desk),
    Policy(
        name=PASSWORDS,
        source=STATION_EVENTS,
        target="assets.credential",
        of=(StationPasswordTaken,),
        react=on_password,
    ),
)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """Opens nothing yet. Raises MissingSecret and WrongIds."""
    wiring = wire("asset-registry", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    client = wiring.commands("assets.edge.reply.v1")
    edge = _edge(wiring, settings, client, wiring.guard(ACTS, authenticator=authenticator))
    entities = [Entity(name=f"assets.{name}", decider=decider) for name, decider in _DECIDERS.items()]
    app = registry_app(edge)
    names = [entity.name for entity in entities]
    app.include_router(
        repair_router(
            log=wiring.env.log,
            entities=names,
            guard=edge.guard,
            act="repair-parked",
            reactions=(SET_UP, PASSWORDS),
            unreadable=wiring.env.unreadable,
        )
    )
    http = HttpEdge(
        app=app,
        host=settings.http_host,
        port=settings.http_port,
        commands=client,
        tables=(
            edge.parties,
            edge.sites,
            edge.stations,
            edge.components,
            edge.contracts,
            edge.templates,
            edge.unknown,
        ),
    )
    return wiring.service([*entities, http, *_POLICIES])


def _edge(wiring: Wiring, settings: Settings, client: CommandClient, guard: Guard) -> Edge:
    return Edge(
        guard=guard,
        desk=wiring.desk(client),
        clock=wiring.env.clock,
        secrets=StationSecrets(
            master_key=read_secret(settings, "station-master-secret"),
            credential_key=read_secret(settings, "credential-key"),
        ),
        parties=Table("assets.party.snapshot.v1"),
        sites=Table("assets.site.snapshot.v1"),
        stations=Table("assets.station.snapshot.v1"),
        components=NumberedTable("assets.component.snapshot.v1"),
        contracts=NumberedTable("assets.contract.snapshot.v1"),
        templates=Table("assets.template.snapshot.v1"),
        unknown=UnknownStations(),
    )
