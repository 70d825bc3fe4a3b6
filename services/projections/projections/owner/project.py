"""What each event makes true in an owner's read model. Pure; repeats and another order give the same rows."""

import json
from collections.abc import Sequence

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.assets import OwnershipAgreed, SiteOpened
from ev_contracts.billing import EntryPosted
from ev_contracts.record import Record
from projections.charging import site_row
from projections.writing import row

SOURCES = ("assets.site.event.v1", "assets.contract.event.v1", "billing.posting.event.v1")

STREAMED = {"statement_lines": ("owner_party_id", "entry_id")}
"""Table -> the column that says who may hear of a change, and the one that says of what."""

_RESTS_ON = {
    "session_id",
    "started_at",
    "energy_wh",
    "meter_start_wh",
    "meter_stop_wh",
    "currency",
    "net_minor",
    "owner_share_permille",
    "owner_share_minor",
    "ownership_contract_id",
    "ownership_contract_version",
    "tariff_id",
    "tariff_version",
}


def project(event: Record, ctx: EventContext) -> Sequence[Write]:
    """The rows as of this event."""
    match event:
        case SiteOpened():
            return (site_row(event, ctx),)
        case OwnershipAgreed():
            key = {"owner_party_id": event.owner_party_id, "tenant": ctx.tenant, "contract_id": event.contract_id}
            values = event.model_dump(
                include={"contract_version", "cpo_party_id", "share_permille", "valid_from", "agreed_at"}
            )
            return (row("contracts", ctx, key, {**values, "site_ids": json.dumps(event.site_ids)}),)
        case EntryPosted(owner_party_id=str() as owner, owner_share_minor=int()):
            return _earned(event, ctx, owner)
        case _:
            return ()


def _earned(event: EntryPosted, ctx: EventContext, owner: str) -> Sequence[Write]:
    month = {"owner_party_id": owner, "month": f"{event.session_ended_at:%Y-%m}"}
    line = {**month, "session_ended_at": event.session_ended_at, "entry_id": event.entry_id}
    place = {"site_id": event.place.site_id, "station_id": event.place.station_id, "evse_id": event.place.evse_id}
    values = {"tenant": event.book_tenant, "cpo_party_id": event.book_party_id, **place}
    return (
        row("months", ctx, month, {"listed": True}),
        row("statement_lines", ctx, line, {**event.model_dump(include=_RESTS_ON), **values}),
    )
