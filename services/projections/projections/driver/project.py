"""What each event makes true in a driver's read model. Pure; repeats and another order give the same rows."""

from collections.abc import Sequence

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.assets import SiteOpened
from ev_contracts.billing import InvoiceIssued, NoteIssued
from ev_contracts.common import RelationKind
from ev_contracts.pricing import RunningCostComputed, SessionRated, SessionRerated
from ev_contracts.record import Record
from projections.charging import charged, final, rows_of, running, site_row
from projections.documents import Document, amounts, energy_of, kind, number_of
from projections.writing import as_json, row

SOURCES = (
    "assets.site.event.v1",
    "sessions.session.event.v1",
    "pricing.running-cost.sample.v1",
    "pricing.rating.event.v1",
    "billing.invoice.event.v1",
)

STREAMED = {"sessions": ("driver_ref", "session_id"), "receipts": ("driver_ref", "invoice_number")}
"""Table -> the column that says who may hear of a change, and the one that says of what."""

_PAID_BY_A_DRIVER = {RelationKind.EMSP_TO_DRIVER, RelationKind.CPO_TO_DRIVER}
_NOT_HIS = {"driver_ref", "commercial_model"}


def project(event: Record, ctx: EventContext) -> Sequence[Write]:
    """The rows as of this event."""
    match event:
        case SiteOpened():
            return (site_row(event, ctx),)
        case RunningCostComputed(relation=relation) if relation.kind in _PAID_BY_A_DRIVER and relation.buyer_ref:
            key = {"driver_ref": relation.buyer_ref, "session_id": event.session_id}
            return (row("sessions", ctx, key, running(event)),)
        case SessionRated() | SessionRerated():
            return _priced(event, ctx)
        case InvoiceIssued(buyer=buyer) | NoteIssued(buyer=buyer) if buyer.ref:
            return _receipt(event, ctx, buyer.ref)
        case _:
            return _session(event, ctx)


def _session(event: Record, ctx: EventContext) -> Sequence[Write]:
    found = charged(event, ctx)
    if found is None or found.parties.driver_ref is None:
        return ()
    values = {name: value for name, value in found.values.items() if name not in _NOT_HIS}
    mine = {"driver_ref": found.parties.driver_ref}
    session, *listed = rows_of(mine, found, ctx)
    return (row("sessions", ctx, session.key, values), *listed)


def _priced(event: SessionRated | SessionRerated, ctx: EventContext) -> Sequence[Write]:
    relation = event.rating.relation
    if relation.kind not in _PAID_BY_A_DRIVER or relation.buyer_ref is None:
        return ()
    key = {"driver_ref": relation.buyer_ref, "session_id": event.facts.session_id}
    return (row("sessions", ctx, key, final(event.rating, "price")),)


def _receipt(event: Document, ctx: EventContext, driver_ref: str) -> Sequence[Write]:
    values = {**amounts(event), **kind(event), "seller_name": event.seller.legal_name, "energy_wh": energy_of(event)}
    number = {"driver_ref": driver_ref, "invoice_number": number_of(event)}
    by_month = {**number, "month": f"{event.issued_at:%Y-%m}", "issued_at": event.issued_at}
    session = {"driver_ref": driver_ref, "session_id": event.session_id}
    if isinstance(event, InvoiceIssued):
        receipt = {"receipt_number": event.invoice_number, "receipt_at": event.issued_at}
        latest = row("sessions", ctx, session, receipt)
    else:
        latest = row("sessions", ctx, session, {"note_number": event.note_number}, event.correction.revision)
    return (
        row("receipts_by_month", ctx, by_month, values),
        row("receipts", ctx, number, {"invoice": as_json(event)}),
        latest,
    )
