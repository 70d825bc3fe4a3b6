"""What the ledger is made of: two deciders, what they react to, and the edge for people."""

from chassis.auth import Authenticator
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.decider import Deadline
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Service, wire
from chassis.settings import read_secret
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.sessions import ReservationDeadlinePassed, SessionDeadlinePassed
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.adapters.http import Edge, ReviewTable, ledger_app
from session_ledger.adapters.http_reservations import add_reservations
from session_ledger.adapters.http_targets import TargetEdge, add_targets, own_session
from session_ledger.adapters.signed_values import RecordSeal
from session_ledger.domain.reservation import reservation
from session_ledger.domain.session import session_decider
from session_ledger.reactions import RESERVATION, SESSION, reactions_of, to_stations
from session_ledger.settings import Settings


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """The composition root. Opens nothing yet. Raises MissingSecret and WrongIds."""
    wiring = wire("session-ledger", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    decider = session_decider(
        settle_s=settings.session_settle_s, grace_s=settings.session_grace_s, silence_s=settings.session_silence_s
    )
    facts = SnapshotFacts(RecordSeal(read_secret(settings, "signed-value-key")))
    reactions = reactions_of(facts)
    client = wiring.commands("sessions.edge.reply.v1")
    edge = Edge(
        guard=wiring.guard(ACTS, conditions={"own-session": own_session}, authenticator=authenticator),
        desk=wiring.desk(client),
        clock=wiring.env.clock,
        review=ReviewTable(wiring.env.metrics),
        facts=facts,
    )
    app = ledger_app(edge)
    add_targets(app, TargetEdge(edge=edge, tenant_of=facts.tenant_of, target=facts.target))
    add_reservations(app, edge, facts)
    app.include_router(
        repair_router(
            log=wiring.env.log,
            entities=(SESSION, RESERVATION),
            guard=edge.guard,
            act="repair-parked",
            reactions=[each.name for each in reactions],
            unreadable=wiring.env.unreadable,
        )
    )
    http = HttpEdge(app=app, host=settings.http_host, port=settings.http_port, commands=client, tables=(edge.review,))
    entities = (
        Entity(name=SESSION, decider=decider, deadline=_passed, direct=to_stations(facts)),
        Entity(name=RESERVATION, decider=reservation, deadline=_expired),
    )
    return wiring.service([*entities, *reactions, http])


def _passed(_key: str, deadline: Deadline) -> SessionDeadlinePassed:
    return SessionDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)


def _expired(_key: str, deadline: Deadline) -> ReservationDeadlinePassed:
    return ReservationDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)
