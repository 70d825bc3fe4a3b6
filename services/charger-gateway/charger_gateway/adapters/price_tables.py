"""Tables of what drivers pay: pricing's texts, and who buys by a plan."""

from collections.abc import Iterable
from datetime import datetime

from charger_gateway.domain.price_words import Sale
from chassis.tables import GroupedTable
from ev_contracts.accounts import SubscriptionSnapshot
from ev_contracts.common import RelationKind
from ev_contracts.pricing import PriceTextSnapshot


class PriceTexts(GroupedTable[PriceTextSnapshot]):
    """What sellers' prices say in words, by sale: keys are `<tenant>/<tariff>#<assignment>`."""

    def __init__(self) -> None:
        super().__init__("pricing.price-text.snapshot.v1", _sale_of)
        self.changes = 0
        """How often anything of it changed: what was looked up between two changes need not be again."""

    def on_change(self, key: str, old: PriceTextSnapshot | None, new: PriceTextSnapshot | None) -> None:
        """Count it."""
        self.changes += 1
        super().on_change(key, old, new)

    def of(self, sale: Sale) -> Iterable[PriceTextSnapshot]:
        """All that a seller sells by."""
        return self.members((sale.tenant, sale.seller_party_id, sale.relation))


def _sale_of(key: str, text: PriceTextSnapshot) -> tuple[str, str, RelationKind]:
    return (key.partition("/")[0], text.seller_party_id, text.relation)


class Subscriptions(GroupedTable[SubscriptionSnapshot]):
    """Who buys by a plan of a seller: keys are `<tenant>/<driver_ref>#<subscription_id>`."""

    def __init__(self) -> None:
        super().__init__("accounts.subscription.snapshot.v1", lambda key, _: key.rpartition("#")[0])

    def holds(self, driver_ref: str | None, sale: Sale, at: datetime) -> bool:
        """Whether the driver buys by a plan of this seller then."""
        held = self.members(f"{sale.tenant}/{driver_ref}")
        return any(
            each.seller_party_id == sale.seller_party_id
            and each.valid_from <= at
            and (each.ends_at is None or at < each.ends_at)
            for each in held
        )
