"""What billing is made of: two deciders and the two reactions to ratings; its edge is for operators only."""

from dataclasses import dataclass, field

from billing.domain.invoice import invoice
from billing.domain.posting import posting
from billing.policies import entries_of, invoices_of
from billing.settings import Settings
from chassis.clock import Clock
from chassis.http import create_app
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Policy, Service, wire
from chassis.tables import Table
from ev_contracts.assets import PartySnapshot
from ev_contracts.catalogue import RECORDS, TOPICS


def _parties() -> Table[PartySnapshot]:
    return Table("assets.party.snapshot.v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the reactions look at: the parties as the registry has them."""

    parties: Table[PartySnapshot] = field(default_factory=_parties)


def build(settings: Settings, *, clock: Clock | None = None, log: Log | None = None) -> Service:
    """The composition root."""
    wiring = wire("billing", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    facts, ratings = Facts(), "pricing.rating.event.v1"
    return wiring.service(
        [
            Entity(name="billing.posting", decider=posting),
            Entity(name="billing.invoice", decider=invoice),
            Policy(
                name="billing.posting-policy", source=ratings, target="billing.posting", react=entries_of, facts=facts
            ),
            Policy(
                name="billing.invoice-policy", source=ratings, target="billing.invoice", react=invoices_of, facts=facts
            ),
            HttpEdge(app=create_app("billing"), port=settings.http_port),
        ]
    )
