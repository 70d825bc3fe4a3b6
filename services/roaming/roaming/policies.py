"""What a session's price asks of roaming: a CDR to the partner who buys it, and what puts it right when it changes."""

import uuid
from collections.abc import Sequence

from chassis.decider import EventContext, To
from ev_contracts.common import RelationKind
from ev_contracts.pricing import SessionRated, SessionRerated
from ev_contracts.record import Record
from ev_contracts.roaming import SendCdr
from roaming.ports import Facts

_CDRS = uuid.UUID("0d7a1c55-43f4-5d0f-8a53-6a5f2b1f9c31")
"""Namespace of CDR ids: uuid5 of rating and revision, 36 characters, so that a retry means the same CDR."""


def cdrs_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """One SendCdr where the buyer is a registered partner of the seller; others get none and may ask later."""
    if not isinstance(event, SessionRated | SessionRerated):
        return ()
    if event.rating.relation.kind is not RelationKind.CPO_TO_EMSP:
        return ()
    relation = event.rating.relation
    partner = facts.partners.registered(
        tenant=relation.seller_tenant, our_party_id=relation.seller_party_id, party_id=relation.buyer_party_id or ""
    )
    if partner is None:
        return ()
    at, revision = (event.rated_at, 0) if isinstance(event, SessionRated) else (event.rerated_at, event.revision)
    command = SendCdr(
        at=at, cdr_id=_cdr_id(event.rating.rating_id, revision), partner_id=partner.partner_id, rating=event.rating,
        # A CDR tells charging periods, never single readings, and what was told is kept for its Credit CDR.
        facts=event.facts.model_copy(update={"curve": ()}), place=event.place, parties=event.parties,
        revision=revision,
    )  # fmt: skip
    # All CDRs of a session stand in one place, under the id of the first, so they go out one after the other.
    return [To(key=f"{relation.seller_tenant}/{_cdr_id(event.rating.rating_id, 0)}", command=command)]


def _cdr_id(rating_id: str, revision: int) -> str:
    return str(uuid.uuid5(_CDRS, f"{rating_id}/{revision}" if revision else rating_id))
