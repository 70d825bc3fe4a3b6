"""What billing is made of: two deciders, the reactions to ratings and to each other; its edge is for operators only."""

from dataclasses import dataclass, field

from billing.domain.invoice import invoice
from billing.domain.posting import posting
from billing.policies import entries_again, entries_of, invoices_of, notes_of, numbers_of
from billing.settings import Settings
from chassis.auth import Authenticator
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.decider import Deadline
from chassis.http import create_app
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Policy, Service, wire
from chassis.tables import Table
from ev_contracts.assets import PartySnapshot
from ev_contracts.authority import ACTS
from ev_contracts.billing import PostingDeadlinePassed
from ev_contracts.catalogue import RECORDS, TOPICS


def _parties() -> Table[PartySnapshot]:
    return Table("assets.party.snapshot.v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the reactions look at: the parties as the registry has them."""

    parties: Table[PartySnapshot] = field(default_factory=_parties)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """The composition root."""
    wiring = wire("billing", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    facts, ratings, entries = Facts(), "pricing.rating.event.v1", "billing.posting.event.v1"
    invoices = "billing.invoice.event.v1"
    entities = (
        Entity(name="billing.posting", decider=posting, deadline=_passed),
        Entity(name="billing.invoice", decider=invoice),
    )
    guard = wiring.guard(ACTS, authenticator=authenticator)
    policies = (
        Policy(name="billing.posting-policy", source=ratings, target="billing.posting", react=entries_of, facts=facts),
        Policy(
            name="billing.held-entry-policy", source=entries, target="billing.posting", react=entries_again, facts=facts
        ),
        Policy(
            name="billing.invoicing-policy", source=entries, target="billing.invoice", react=invoices_of, facts=facts
        ),
        Policy(name="billing.noting-policy", source=entries, target="billing.invoice", react=notes_of, facts=facts),
        Policy(name="billing.invoice-number-policy", source=invoices, target="billing.posting", react=numbers_of),
    )
    app, names = create_app("billing"), [entity.name for entity in entities]
    reactions = [policy.name for policy in policies]
    app.include_router(
        repair_router(
            log=wiring.env.log,
            entities=names,
            guard=guard,
            act="repair-parked",
            reactions=reactions,
            unreadable=wiring.env.unreadable,
        )
    )
    return wiring.service([*entities, *policies, HttpEdge(app=app, host=settings.http_host, port=settings.http_port)])


def _passed(_key: str, deadline: Deadline) -> PostingDeadlinePassed:
    return PostingDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)
