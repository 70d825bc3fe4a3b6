"""What roaming is made of: three deciders, the reactions to sessions and prices, two outboxes, and one HTTP edge."""

from contextlib import suppress
from dataclasses import dataclass

from fastapi import FastAPI

from chassis.auth import Authenticator
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.http import create_app
from chassis.http.guarded import GuardedHttp
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Outbox, Policy, Service, wire
from chassis.settings import MissingSecret, read_secret
from chassis.tables import Table
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.pricing import RunningCostComputed, SessionRated, SessionRerated
from ev_contracts.roaming import CdrSendRequested, SessionPushRequested, SessionPushSnapshot
from ev_contracts.sessions import SessionStarted
from roaming.adapters.ocpi.courier import Courier
from roaming.adapters.ocpi.credentials import Handshake, credentials_router
from roaming.adapters.ocpi.locations import locations_router
from roaming.adapters.ocpi.peer import Peer
from roaming.adapters.ocpi.push import CdrPush
from roaming.adapters.ocpi.server import Gate, create_ocpi_app
from roaming.adapters.ocpi.session_push import SessionPush
from roaming.adapters.partners import PartnerDesk, add_partner_routes
from roaming.adapters.sealing import TokenSeal
from roaming.adapters.tables import Network, PartnerTable
from roaming.adapters.vault import AccountsVault
from roaming.domain.cdr import cdr
from roaming.domain.partner import partner
from roaming.domain.session import session
from roaming.policies import cdrs_of, on_running_cost, on_session_begun, on_session_rated
from roaming.ports import TokenVault
from roaming.settings import Settings

ENTITIES = (
    Entity(name="roaming.partner", decider=partner),
    Entity(name="roaming.cdr", decider=cdr),
    Entity(name="roaming.session", decider=session),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the reactions to sessions and prices look at."""

    partners: PartnerTable
    session_pause_s: int


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
    vault: TokenVault | None = None,
) -> Service:
    """The composition root."""
    wiring = wire("roaming", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    clock, partners, network = wiring.env.clock, PartnerTable(), Network()
    secret = read_secret(settings, "roaming-token-key")
    peer, seal = Peer(GuardedHttp(allow_loopback=settings.roaming_allow_loopback)), TokenSeal(secret)
    client = wiring.commands("roaming.edge.reply.v1")
    handshake = Handshake(
        gate=Gate(partners, clock), peer=peer, seal=seal, commands=client, partners=partners,
        clock=clock, public_url=settings.ocpi_url, name_of=network.name_of,
    )  # fmt: skip
    desk = PartnerDesk(
        desk=wiring.desk(client), guard=wiring.guard(ACTS, authenticator=authenticator), partners=partners,
        parties=network.parties, clock=clock, versions_url=f"{settings.ocpi_url}/versions", secret=secret,
    )  # fmt: skip
    courier, vault = Courier(peer=peer, seal=seal), vault or _vault(settings)
    latest: Table[SessionPushSnapshot] = Table("roaming.session.snapshot.v1")
    cdrs = CdrPush(courier=courier, partners=partners, network=network, vault=vault, clock=clock)
    facts = Facts(partners=partners, session_pause_s=settings.roaming_session_pause_s)
    workers: tuple[Policy | Outbox, ...] = (*_reactions(facts), *_outboxes(cdrs, latest))
    app = _app(desk, handshake, network)
    repairs = {"entities": [entity.name for entity in ENTITIES], "reactions": [worker.name for worker in workers]}
    log, unreadable = wiring.env.log, wiring.env.unreadable
    app.include_router(repair_router(log=log, guard=desk.guard, act="repair-parked", unreadable=unreadable, **repairs))
    return wiring.service(
        [
            *ENTITIES,
            *workers,
            HttpEdge(
                app=app, host=settings.http_host, port=settings.http_port, commands=client,
                tables=(partners, latest, *network.tables),
            ),
        ]
    )  # fmt: skip


def _reactions(facts: Facts) -> tuple[Policy, ...]:
    """What turns sessions and prices into what a partner is told."""
    ratings = Policy(
        name="roaming.rating-policy",
        source="pricing.rating.event.v1",
        target="roaming.cdr",
        react=cdrs_of,
        of=(SessionRated, SessionRerated),
        facts=facts,
    )
    begun = Policy(
        name="roaming.session-policy",
        source="sessions.session.event.v1",
        target="roaming.session",
        react=on_session_begun,
        of=(SessionStarted,),
        facts=facts,
    )
    costs = Policy(
        name="roaming.cost-policy",
        source="pricing.running-cost.sample.v1",
        target="roaming.session",
        react=on_running_cost,
        of=(RunningCostComputed,),
        facts=facts,
    )
    completed = Policy(
        name="roaming.completion-policy",
        source="pricing.rating.event.v1",
        target="roaming.session",
        react=on_session_rated,
        of=(SessionRated,),
        facts=facts,
    )
    return ratings, begun, costs, completed


def _outboxes(cdrs: CdrPush, latest: Table[SessionPushSnapshot]) -> tuple[Outbox, ...]:
    """What goes out to partners: their CDRs, and by the same way their sessions."""
    sessions = SessionPush(
        courier=cdrs.courier, partners=cdrs.partners, latest=latest, network=cdrs.network, vault=cdrs.vault,
        clock=cdrs.clock,
    )  # fmt: skip
    return (
        Outbox(
            name="roaming.cdr-outbox", source="roaming.cdr.event.v1", target="roaming.cdr", act=cdrs.act,
            of=(CdrSendRequested,),
        ),
        Outbox(
            name="roaming.session-outbox", source="roaming.session.event.v1", target="roaming.session",
            act=sessions.act, of=(SessionPushRequested,),
        ),
    )  # fmt: skip


def _app(desk: PartnerDesk, handshake: Handshake, network: Network) -> FastAPI:
    app = create_app("roaming")
    add_partner_routes(app, desk)
    app.include_router(desk.desk.router(desk.guard))
    url = handshake.public_url
    routers = [credentials_router(handshake), locations_router(handshake.gate, network, url)]
    app.mount("/ocpi", create_ocpi_app(handshake.gate, url, routers))
    return app


def _vault(settings: Settings) -> AccountsVault:
    client_secret = b""
    with suppress(MissingSecret):  # the lab's issuer asks for none
        client_secret = read_secret(settings, "service-client-secret")
    return AccountsVault(
        url=settings.url_accounts, issuer=settings.oidc_issuer, client_id=settings.service_client_id,
        client_secret=client_secret.decode(),
    )  # fmt: skip
