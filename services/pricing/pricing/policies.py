"""How pricing reacts: a closed session is rated once per relation, a running one costs so much so far."""

import uuid
from collections.abc import Sequence
from functools import lru_cache

from chassis.decider import EventContext, To
from ev_contracts.common import CommercialModel, Parties, Relation, RelationKind, RerateCause
from ev_contracts.pricing import (
    AllowanceDrawn,
    AllowanceWanted,
    ApplyAllowance,
    DrawAllowance,
    RateSession,
    RatingWanted,
    RerateSession,
    RerateWanted,
    RunningCostComputed,
)
from ev_contracts.record import Record, trusted
from ev_contracts.sessions import EnergyDelivered, SessionClosed, SessionCorrected
from pricing.domain.audience import buyer_of
from pricing.domain.drafts import Draft
from pricing.domain.entitlement import foreseen, reductions
from pricing.domain.rating import drafts_of, totals_of
from pricing.ports import RunningBook, SoFar, TariffBook

_RUNNING_COST = trusted(RunningCostComputed)
"""Told with each reading, of what was read and of money that was checked."""
_RATINGS = uuid.UUID("8f3b7c0e-2a55-5f0b-9a34-0c6f1e7d2b91")
"""Namespace of rating ids: uuid5 of session and relation, so that a repeat means the same rating."""


def rating_id_of(session_id: str, kind: RelationKind) -> str:
    """The one rating of a session in a relation."""
    return str(uuid.uuid5(_RATINGS, f"{session_id}/{kind.value}"))


@lru_cache(4_096)
def relations_of(parties: Parties, tenant: str) -> Sequence[Relation]:
    """Who sells to whom by the contract's model: resale sells twice, direct once; kept, for each reading asks."""
    if parties.commercial_model is not CommercialModel.RESALE or parties.emsp_party_id is None:
        to_driver = Relation(
            kind=RelationKind.CPO_TO_DRIVER,
            seller_party_id=parties.cpo_party_id,
            seller_tenant=tenant,
            buyer_ref=parties.driver_ref,
        )
        return (to_driver,)
    to_provider = Relation(
        kind=RelationKind.CPO_TO_EMSP,
        seller_party_id=parties.cpo_party_id,
        seller_tenant=tenant,
        buyer_party_id=parties.emsp_party_id,
    )
    if parties.driver_ref is None or parties.emsp_tenant is None:
        return (to_provider,)  # a partner's driver: the partner prices him in its own books
    from_provider = Relation(
        kind=RelationKind.EMSP_TO_DRIVER,
        seller_party_id=parties.emsp_party_id,
        seller_tenant=parties.emsp_tenant,
        buyer_ref=parties.driver_ref,
    )
    return (to_provider, from_provider)


def on_session(event: Record, context: EventContext, tariffs: TariffBook) -> Sequence[To]:
    """One RateSession per relation of a closed session, one RerateSession of a corrected one."""
    match event:
        case SessionClosed():
            return [_rated(event, relation, tariffs) for relation in relations_of(event.parties, context.tenant)]
        case SessionCorrected():
            relations = relations_of(event.parties, context.tenant)
            return [_corrected(event, relation, context.event_id) for relation in relations]
        case _:
            return []


def _rated(event: SessionClosed, relation: Relation, tariffs: TariffBook) -> To:
    rating_id = rating_id_of(event.session_id, relation.kind)
    facts = event.facts
    buyer = buyer_of(event.parties, facts.profile_type)
    tariff = tariffs.in_force(relation, place=event.place, at=facts.started_at, until=facts.ended_at, buyer=buyer)
    command = RateSession(
        at=event.closed_at,
        rating_id=rating_id,
        relation=relation,
        facts=event.facts,
        place=event.place,
        parties=event.parties,
        tariff=tariff,
        no_tariff_because=None if tariff else "no-tariff",
        terms=tariffs.terms(relation, at=facts.started_at),
    )
    return To(key=f"{relation.seller_tenant}/{rating_id}", command=command)


def _corrected(event: SessionCorrected, relation: Relation, correction_id: str) -> To:
    rating_id = rating_id_of(event.session_id, relation.kind)
    command = RerateSession(
        at=event.corrected_at,
        rating_id=rating_id,
        relation=relation,
        cause=RerateCause.SESSION_CORRECTED,
        correction_id=correction_id,
        facts=event.facts,
        place=event.place,
        parties=event.parties,
    )
    return To(key=f"{relation.seller_tenant}/{rating_id}", command=command)


def on_rating(event: Record, context: EventContext, tariffs: TariffBook) -> Sequence[To]:
    """Another try for a held rating, if by now there is a tariff; the pinned version for what is to be rerated."""
    match event:
        case RatingWanted():
            facts = event.facts
            tariff = tariffs.in_force(
                event.relation,
                place=event.place,
                at=facts.started_at,
                until=facts.ended_at,
                buyer=buyer_of(event.parties, facts.profile_type),
            )
            command: RateSession | RerateSession = RateSession(
                at=event.at,
                rating_id=event.rating_id,
                relation=event.relation,
                facts=event.facts,
                place=event.place,
                parties=event.parties,
                tariff=tariff,
                terms=tariffs.terms(event.relation, at=facts.started_at),
            )
        case RerateWanted():
            tariff = tariffs.version(
                event.relation,
                tariff_id=event.tariff_id,
                number=event.tariff_version,
                at=event.facts.started_at,
                until=event.facts.ended_at,
            )
            command = RerateSession(**event.model_dump(exclude={"tariff_id", "tariff_version"}), tariff=tariff)
        case _:
            return []
    return [] if tariff is None else [To(key=context.key, command=command)]


def on_allowance_wanted(event: Record, context: EventContext, _facts: None) -> Sequence[To]:
    """A rating's question to its plan's month."""
    if not isinstance(event, AllowanceWanted):
        return []
    command = DrawAllowance(
        at=event.at,
        subscription_id=event.terms.subscription_id,
        month=event.month,
        rating_id=event.rating_id,
        drawing=event.drawing,
        asked=event.asked,
    )
    return [To(key=f"{context.tenant}/{event.terms.subscription_id}@{event.month}", command=command)]


def on_allowance_drawn(event: Record, context: EventContext, _facts: None) -> Sequence[To]:
    """And the answer."""
    if not isinstance(event, AllowanceDrawn):
        return []
    command = ApplyAllowance(at=event.drawn_at, rating_id=event.rating_id, drawing=event.drawing, draws=event.draws)
    return [To(key=f"{context.tenant}/{event.rating_id}", command=command)]


def on_energy(event: Record, context: EventContext, running: RunningBook) -> Sequence[To]:
    """What a running session costs so far, for each relation that has a tariff."""
    if not isinstance(event, EnergyDelivered):
        running.note(event, context)
        return []
    if event.parties is None:
        return []
    costs = []
    for relation in relations_of(event.parties, context.tenant):
        found = running.so_far(event, relation, context)
        if found is not None:
            costs.append(To(key=f"{relation.seller_tenant}/{event.session_id}", command=_cost(event, relation, found)))
    return costs


def _cost(event: EnergyDelivered, relation: Relation, found: SoFar) -> RunningCostComputed:
    tariff, priced = found.tariff, found.priced
    reduced: Sequence[Draft] = ()
    if found.entitled is not None:
        drafts = drafts_of(priced)
        by = foreseen(drafts, found.entitled, tariff.currency, found.available)
        reduced = reductions(drafts, by, tariff.currency)
    totals = totals_of(priced, tariff.currency, reduced)
    return _RUNNING_COST(
        session_id=event.session_id,
        station_id=event.station_id,
        relation=relation,
        tariff_id=tariff.tariff_id,
        tariff_version=tariff.version,
        tariff_issuer_party_id=tariff.issuer_party_id,
        energy_wh=event.energy_wh,
        total_excl_vat=totals.excl_vat,
        total_incl_vat=totals.incl_vat,
        measured_at=event.measured_at,
    )


Read = tuple[Record, EventContext]


def latest_energy(found: Sequence[Read], running: RunningBook) -> Sequence[Read]:
    """Of what was read together only each running session's last reading is told; every one is measured all the same.

    An earlier cost would be over at once. A session that has closed by then is forgotten after its last reading, which
    comes to the final price.
    """
    latest: dict[str, tuple[EnergyDelivered, EventContext]] = {}
    closed: list[Read] = []
    for event, context in found:
        if isinstance(event, EnergyDelivered):
            passed = latest.pop(event.session_id, None)
            if passed is not None:
                _measure(*passed, running)
            latest[event.session_id] = (event, context)
            continue
        if isinstance(event, SessionClosed) and event.session_id in latest:
            closed.append((event, context))
            continue
        running.note(event, context)
    return [*latest.values(), *closed]


def _measure(event: EnergyDelivered, context: EventContext, running: RunningBook) -> None:
    if event.parties is not None:
        for relation in relations_of(event.parties, context.tenant):
            running.pass_by(event, relation, context)
