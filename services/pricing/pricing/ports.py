"""What pricing needs to know to choose a tariff."""

from datetime import datetime
from typing import NamedTuple, Protocol

from chassis.decider import EventContext
from ev_contracts.common import Place, PlanTerms, Relation, TariffVersion
from ev_contracts.record import Record
from ev_contracts.sessions import EnergyDelivered
from pricing.domain.audience import ANYBODY, Buyer
from pricing.domain.engine.price import Priced
from pricing.domain.entitlement import Available, Entitlement


class TariffBook(Protocol):
    """The tariffs that sellers have set, as far as they are known here."""

    def in_force(
        self,
        relation: Relation,
        *,
        place: Place,
        at: datetime,
        until: datetime | None = None,
        buyer: Buyer = ANYBODY,
    ) -> TariffVersion | None:
        """The tariff of a relation at a place and a time: the most specific assignment, its latest version by then.

        One that follows a feed comes with the feed's prices from then until the session's end, or for four days.
        """

    def version(
        self, relation: Relation, *, tariff_id: str, number: int, at: datetime, until: datetime
    ) -> TariffVersion | None:
        """A version of the seller's by its number, whenever it was in force; with the feed's prices of a session."""

    def terms(self, relation: Relation, *, at: datetime) -> PlanTerms | None:
        """The plan by which this buyer bought then; None without a subscription, or a plan of that name."""


class SoFar(NamedTuple):
    """What a session costs by now, and by which plan its buyer buys, with what is left of that plan's allowances."""

    tariff: TariffVersion
    priced: Priced
    entitled: Entitlement | None
    available: Available


class RunningBook(Protocol):
    """The sessions that run, as far as they are known here."""

    def note(self, event: Record, context: EventContext) -> None:
        """What is no reading and still changes the price."""

    def so_far(self, event: EnergyDelivered, relation: Relation, context: EventContext) -> SoFar | None:
        """The cost at this reading; None without a tariff or a place."""

    def pass_by(self, event: EnergyDelivered, relation: Relation, context: EventContext) -> None:
        """Measure this reading, of which nothing is told for the next one is known too."""
