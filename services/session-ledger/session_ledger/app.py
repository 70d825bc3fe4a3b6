"""What the ledger is made of: one decider, its reaction to stations and its question for an unknown context."""

from chassis.clock import Clock
from chassis.decider import Deadline
from chassis.http import create_app
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Policy, Service, wire
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.sessions import SessionDeadlinePassed
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.domain.session import session_decider
from session_ledger.policies import on_session, on_transaction
from session_ledger.settings import Settings


def build(settings: Settings, *, clock: Clock | None = None, log: Log | None = None) -> Service:
    """The composition root. Opens nothing yet. Raises WrongIds."""
    wiring = wire("session-ledger", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    facts = SnapshotFacts()
    decider = session_decider(settle_s=settings.session_settle_s, grace_s=settings.session_grace_s)
    return wiring.service(
        [
            Entity(name="sessions.session", decider=decider, deadline=_passed),
            Policy(
                name="sessions.transaction-policy",
                source="gateway.transaction.event.v1",
                target="sessions.session",
                react=on_transaction,
                facts=facts,
            ),
            Policy(
                name="sessions.context-policy",
                source="sessions.session.event.v1",
                target="sessions.session",
                react=on_session,
                facts=facts,
            ),
            HttpEdge(app=create_app("session-ledger"), host=settings.http_host, port=settings.http_port),
        ]
    )


def _passed(_key: str, deadline: Deadline) -> SessionDeadlinePassed:
    return SessionDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)
