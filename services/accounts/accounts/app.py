"""The composition root: settings in, a service that can be run out."""

from accounts.adapters.http import Edge, accounts_app
from accounts.adapters.vault import SqliteVault
from accounts.domain.driver import driver
from accounts.domain.group import group
from accounts.domain.subscription import subscription
from accounts.domain.token import token
from accounts.settings import Settings
from chassis.auth import Authenticator
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Service, wire
from chassis.settings import read_secret
from chassis.tables import KeyedTable, Table
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS

_ENTITIES = (
    Entity(name="accounts.driver", decider=driver),
    Entity(name="accounts.token", decider=token),
    Entity(name="accounts.group", decider=group),
    Entity(name="accounts.subscription", decider=subscription),
)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """Opens the vault's file and nothing else. Raises MissingSecret, WrongIds and VaultMisfitError."""
    wiring = wire("accounts", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    client = wiring.commands("accounts.edge.reply.v1")
    edge = Edge(
        guard=wiring.guard(ACTS, authenticator=authenticator),
        desk=wiring.desk(client),
        clock=wiring.env.clock,
        vault=SqliteVault(settings.data_dir / "vault.sqlite", read_secret(settings, "vault-master-key")),
        token_key=read_secret(settings, "token-key"),
        parties=Table("assets.party.snapshot.v1"),
        tokens=KeyedTable("accounts.token.snapshot.v1", lambda _, token: token.token_ref),
        groups=Table("accounts.group.snapshot.v1"),
        subscriptions=Table("accounts.subscription.snapshot.v1"),
    )
    app = accounts_app(edge)
    app.include_router(
        repair_router(
            log=wiring.env.log,
            entities=tuple(each.name for each in _ENTITIES),
            guard=edge.guard,
            act="repair-parked",
            unreadable=wiring.env.unreadable,
        )
    )
    http = HttpEdge(
        app=app,
        host=settings.http_host,
        port=settings.http_port,
        commands=client,
        tables=(edge.parties, edge.tokens, edge.groups, edge.subscriptions),
    )
    return wiring.service([*_ENTITIES, http])
