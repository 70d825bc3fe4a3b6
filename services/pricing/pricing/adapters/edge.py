"""What the routes of pricing work with."""

import contextlib
from dataclasses import dataclass
from typing import Any

from chassis.auth import Caller, Guard
from chassis.clock import Clock
from chassis.http import Accepted, CommandDesk, Outcome, refuse_if
from chassis.tables import Table
from pricing.adapters.places import Places
from pricing.adapters.tariff_book import SnapshotTariffs


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`tariffs` follows this service's own snapshots, `places` those of the registry and of accounts."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    tariffs: SnapshotTariffs
    places: Places


def tenant_of_seller(caller: Caller, tenant: str | None, seller_party_id: str) -> str:
    """The tenant to act in; only the seller himself sets his price. Raises Problem."""
    if tenant is None and len(caller.principal.tenants) == 1:
        (tenant,) = caller.principal.tenants
    refuse_if({} if tenant else {"tenant": "say which tenant"})
    caller.require(tenant=tenant, party_id=seller_party_id)
    return str(tenant)


async def seen(outcome: Outcome, *tables: Table[Any]) -> None:
    """Wait until this edge reads what was just written; a table that lags delays nobody for long."""
    if isinstance(outcome, Accepted) and outcome.events:
        with contextlib.suppress(TimeoutError):
            for table in tables:
                await table.refreshed()
