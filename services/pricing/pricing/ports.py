"""What pricing needs to know to choose a tariff."""

from datetime import datetime
from typing import Protocol

from ev_contracts.common import Place, Relation, TariffVersion


class TariffBook(Protocol):
    """The tariffs that sellers have set, as far as they are known here."""

    def in_force(self, relation: Relation, *, place: Place, at: datetime) -> TariffVersion | None:
        """The tariff of a relation at a place and a time: the most specific assignment, its latest version by then."""

    def version(self, relation: Relation, *, tariff_id: str, number: int) -> TariffVersion | None:
        """A version of the seller's by its number, whenever it was in force."""
