"""What a session and its price ask of roaming: the partner who buys it is told how it stands, and gets its CDR."""

import uuid
from collections.abc import Sequence

from chassis.decider import EventContext, To
from ev_contracts.common import CommercialModel, RelationKind
from ev_contracts.pricing import RunningCostComputed, SessionRated, SessionRerated
from ev_contracts.record import Record
from ev_contracts.roaming import NoteSessionCost, PartnerSnapshot, SendCdr, SessionStatus, TellSession
from ev_contracts.sessions import SessionStarted
from roaming.ports import Facts, Pace

_CDRS = uuid.UUID("0d7a1c55-43f4-5d0f-8a53-6a5f2b1f9c31")
"""Namespace of CDR ids: uuid5 of rating and revision, 36 characters, so that a retry means the same CDR."""


def cdrs_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """One SendCdr where the buyer is a registered partner of the seller; others get none and may ask later."""
    if not isinstance(event, SessionRated | SessionRerated):
        return ()
    relation, partner = event.rating.relation, _buyer(event, facts)
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


def _buyer(event: SessionRated | SessionRerated, facts: Facts) -> PartnerSnapshot | None:
    relation = event.rating.relation
    if relation.kind is not RelationKind.CPO_TO_EMSP:
        return None
    return facts.partners.registered(
        tenant=relation.seller_tenant, our_party_id=relation.seller_party_id, party_id=relation.buyer_party_id or ""
    )


def on_session_begun(event: Record, context: EventContext, facts: Facts) -> Sequence[To]:
    """The partner whose token charges by resale is told that it does; where that is not known yet, at the end."""
    if not isinstance(event, SessionStarted) or event.place is None or event.parties is None:
        return ()
    parties = event.parties
    if parties.commercial_model is not CommercialModel.RESALE or parties.emsp_party_id is None:
        return ()
    partner = facts.partners.registered(
        tenant=context.tenant, our_party_id=parties.cpo_party_id, party_id=parties.emsp_party_id
    )
    if partner is None:
        return ()
    command = TellSession(
        at=event.started_at, session_id=event.session_id, partner_id=partner.partner_id, status=SessionStatus.ACTIVE,
        started_at=event.started_at, energy_wh=0, place=event.place, parties=parties,
    )  # fmt: skip
    return [To(key=f"{context.tenant}/{event.session_id}", command=command)]


def on_running_cost(event: Record, _context: EventContext, pace: Pace) -> Sequence[To]:
    """What it costs the partner so far; nobody else's price is shown to it."""
    if not isinstance(event, RunningCostComputed) or event.relation.kind is not RelationKind.CPO_TO_EMSP:
        return ()
    command = NoteSessionCost(
        at=event.measured_at, session_id=event.session_id, energy_wh=event.energy_wh,
        total_excl_vat=event.total_excl_vat, total_incl_vat=event.total_incl_vat, pause_s=pace.session_pause_s,
    )  # fmt: skip
    return [To(key=f"{event.relation.seller_tenant}/{event.session_id}", command=command)]


def on_session_rated(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """The final state has the figures of the first CDR; what is corrected later is told by CDRs alone."""
    if not isinstance(event, SessionRated):
        return ()
    partner = _buyer(event, facts)
    if partner is None:
        return ()
    rating, session = event.rating, event.facts
    command = TellSession(
        at=event.rated_at, session_id=session.session_id, partner_id=partner.partner_id,
        status=SessionStatus.COMPLETED, started_at=session.started_at, ended_at=session.ended_at,
        energy_wh=session.energy_wh, total_excl_vat=rating.total_excl_vat, total_incl_vat=rating.total_incl_vat,
        place=event.place, parties=event.parties,
    )  # fmt: skip
    return [To(key=f"{rating.relation.seller_tenant}/{session.session_id}", command=command)]


def _cdr_id(rating_id: str, revision: int) -> str:
    return str(uuid.uuid5(_CDRS, f"{rating_id}/{revision}" if revision else rating_id))
