"""What a rated session asks of roaming: a CDR to the partner who buys it."""

import uuid
from collections.abc import Sequence

from chassis.decider import EventContext, To
from ev_contracts.common import RelationKind
from ev_contracts.pricing import SessionRated
from ev_contracts.record import Record
from ev_contracts.roaming import SendCdr
from roaming.ports import Facts

_CDRS = uuid.UUID("0d7a1c55-43f4-5d0f-8a53-6a5f2b1f9c31")
"""Namespace of CDR ids: uuid5 of the rating, 36 characters, so that a retry means the same CDR."""


def cdrs_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """One SendCdr where the buyer is a registered partner of the seller; others get none and may ask later."""
    if not isinstance(event, SessionRated) or event.rating.relation.kind is not RelationKind.CPO_TO_EMSP:
        return ()
    relation = event.rating.relation
    partner = facts.partners.registered(
        tenant=relation.seller_tenant, our_party_id=relation.seller_party_id, party_id=relation.buyer_party_id or ""
    )
    if partner is None:
        return ()
    cdr_id = str(uuid.uuid5(_CDRS, event.rating.rating_id))
    command = SendCdr(
        at=event.rated_at, cdr_id=cdr_id, partner_id=partner.partner_id, rating=event.rating, facts=event.facts,
        place=event.place, parties=event.parties,
    )  # fmt: skip
    return [To(key=f"{relation.seller_tenant}/{cdr_id}", command=command)]
