"""What each event makes true for a service provider. Pure; repeats and another order give the same rows."""

from collections.abc import Sequence

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.assets import SiteOpened
from ev_contracts.billing import InvoiceIssued, NoteIssued
from ev_contracts.common import RelationKind
from ev_contracts.pricing import RunningCostComputed, SessionRated, SessionRerated
from ev_contracts.record import Record
from projections.charging import charged, final, rows_of, running, site_row
from projections.documents import Document, amounts, kind, number_of
from projections.writing import as_json, row

SOURCES = (
    "assets.site.event.v1",
    "sessions.session.event.v1",
    "pricing.running-cost.sample.v1",
    "pricing.rating.event.v1",
    "billing.invoice.event.v1",
)

STREAMED = {"sessions": ("tenant", "session_id"), "invoices": ("holder", "invoice_number")}
"""Table -> the column that says who may hear of a change, and the one that says of what."""


def project(event: Record, ctx: EventContext) -> Sequence[Write]:
    """The rows as of this event."""
    match event:
        case SiteOpened():
            return (site_row(event, ctx),)
        case RunningCostComputed() if event.relation.kind is RelationKind.EMSP_TO_DRIVER:
            key = {"tenant": event.relation.seller_tenant, "session_id": event.session_id}
            return (row("sessions", ctx, key, running(event)),)
        case SessionRated() | SessionRerated():
            return _rated(event, ctx)
        case InvoiceIssued() | NoteIssued():
            return _invoiced(event, ctx)
        case _:
            found = charged(event, ctx)
            if found is None or found.parties.emsp_tenant is None:
                return ()
            return rows_of({"tenant": found.parties.emsp_tenant}, found, ctx)


def _rated(event: SessionRated | SessionRerated, ctx: EventContext) -> Sequence[Write]:
    prefix = {RelationKind.CPO_TO_EMSP: "purchase", RelationKind.EMSP_TO_DRIVER: "sale"}.get(event.rating.relation.kind)
    if prefix is None or event.parties.emsp_tenant is None:
        return ()
    key = {"tenant": event.parties.emsp_tenant, "session_id": event.facts.session_id}
    return (row("sessions", ctx, key, final(event.rating, prefix)),)


def _invoiced(event: Document, ctx: EventContext) -> Sequence[Write]:
    # The operator's invoices to others pass here too: the row under his tenant is read by nobody of this role.
    key = {"tenant": event.tenant, "session_id": event.session_id}
    if isinstance(event, InvoiceIssued):
        sold = {"sold_invoice_number": event.invoice_number, "sold_invoiced_at": event.issued_at}
        session = row("sessions", ctx, key, sold)
    else:
        session = row("sessions", ctx, key, {"sold_note_number": event.note_number}, event.correction.revision)
    holders = [event.tenant, *([event.buyer.party_id] if event.buyer.party_id else [])]
    return (session, *(write for holder in holders for write in _held(event, ctx, holder)))


def _held(event: Document, ctx: EventContext, holder: str) -> Sequence[Write]:
    values = {**amounts(event), **kind(event)}
    values |= {"seller_party_id": event.seller.party_id, "seller_name": event.seller.legal_name}
    values |= {"buyer_party_id": event.buyer.party_id, "buyer_ref": event.buyer.ref}
    number = {"holder": holder, "invoice_number": number_of(event)}
    by_month = {**number, "month": f"{event.issued_at:%Y-%m}", "issued_at": event.issued_at}
    return (row("invoices_by_month", ctx, by_month, values), row("invoices", ctx, number, {"invoice": as_json(event)}))
