"""Tables of what drivers pay: pricing's texts, and who buys by a plan."""

from collections.abc import Iterable
from datetime import datetime

from charger_gateway.domain.price_words import Sale
from chassis.tables import Table
from ev_contracts.accounts import SubscriptionSnapshot
from ev_contracts.common import RelationKind
from ev_contracts.pricing import PriceTextSnapshot


class PriceTexts(Table[PriceTextSnapshot]):
    """What sellers' prices say in words, by sale."""

    def __init__(self) -> None:
        super().__init__("pricing.price-text.snapshot.v1")
        self.changes = 0
        """How often anything of it changed: what was looked up between two changes need not be again."""
        self._by_sale: dict[tuple[str, str, RelationKind], dict[str, PriceTextSnapshot]] = {}

    def on_change(self, key: str, old: PriceTextSnapshot | None, new: PriceTextSnapshot | None) -> None:
        """Keys are `<tenant>/<tariff>#<assignment>`."""
        self.changes += 1
        tenant = key.partition("/")[0]
        if old is not None:
            self._by_sale.get((tenant, old.seller_party_id, old.relation), {}).pop(key, None)
        if new is not None:
            self._by_sale.setdefault((tenant, new.seller_party_id, new.relation), {})[key] = new

    def of(self, sale: Sale) -> Iterable[PriceTextSnapshot]:
        """All that a seller sells by."""
        return self._by_sale.get((sale.tenant, sale.seller_party_id, sale.relation), {}).values()


class Subscriptions(Table[SubscriptionSnapshot]):
    """Who buys by a plan of a seller."""

    def __init__(self) -> None:
        super().__init__("accounts.subscription.snapshot.v1")
        self._by_driver: dict[str, dict[str, SubscriptionSnapshot]] = {}

    def on_change(self, key: str, old: SubscriptionSnapshot | None, new: SubscriptionSnapshot | None) -> None:
        """Keys are `<tenant>/<driver_ref>#<subscription_id>`."""
        del old
        held = self._by_driver.setdefault(key.rpartition("#")[0], {})
        if new is None:
            held.pop(key, None)
        else:
            held[key] = new

    def holds(self, driver_ref: str | None, sale: Sale, at: datetime) -> bool:
        """Whether the driver buys by a plan of this seller then."""
        held = self._by_driver.get(f"{sale.tenant}/{driver_ref}", {}).values()
        return any(
            each.seller_party_id == sale.seller_party_id
            and each.valid_from <= at
            and (each.ends_at is None or at < each.ends_at)
            for each in held
        )
