"""The quote's route: what a session would cost, by the tariff that it would be rated by, or by one that is named."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, FastAPI

from chassis.auth import Caller
from chassis.http import InTenant, Problem, wrong_fields
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.common import Relation, RelationKind, SessionFacts, TariffVersion
from pricing.adapters.bodies import QuoteBody, QuotedSaleBody
from pricing.adapters.edge import Edge
from pricing.adapters.places import Spot
from pricing.domain.audience import AD_HOC, Buyer
from pricing.domain.entitlement import Available, Entitlement, foreseen
from pricing.domain.quote import QUOTE, Vehicle, estimated_facts, expected_facts, unused_facts, with_reservation
from pricing.domain.rating import Chosen, Subject, rated


class _Sale(NamedTuple):
    """Who would sell what to whom, where."""

    relation: Relation
    buyer: Buyer
    spot: Spot


def add_quote_routes(app: FastAPI, edge: Edge) -> None:
    """Ask what a session would cost."""
    reads = edge.guard.act("read-tariff")

    @app.post("/v1/quotes", tags=["quotes"])
    async def quote(
        body: QuoteBody, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        at = _moment(body, edge.clock.now())
        return _of_tariff(edge, body, tenant, at) if body.sale is None else _of_sale(edge, body, body.sale, tenant, at)


def _moment(body: QuoteBody, now: datetime) -> datetime:
    """When the session starts; a reservation that nobody uses is priced as of its expiry."""
    held, at = body.reservation, body.at or now
    if held is not None and held.unused and held.expires_at is not None:
        return held.expires_at
    if held is not None and not held.holds_until(at):
        raise wrong_fields({"reservation": "the session starts outside it"})
    return at


def _of_tariff(edge: Edge, body: QuoteBody, tenant: str, at: datetime) -> dict[str, Any]:
    """By the tariff that the caller names, wherever it applies."""
    facts = _expected(body, at, body.power_w)
    version = edge.tariffs.versions.in_force(tenant, body.tariff_id or "", at)
    tariff = edge.tariffs.resolved(tenant, version, at, facts.ended_at)
    if tariff is None:
        raise Problem(404, "not-found")
    relation = Relation(kind=RelationKind.UNKNOWN, seller_party_id=tariff.issuer_party_id, seller_tenant=tenant)
    told = _quoted(tariff, facts, relation, body.time_zone)
    del told["relation"]
    return told


def _of_sale(edge: Edge, body: QuoteBody, asked: QuotedSaleBody, tenant: str, at: datetime) -> dict[str, Any]:
    """By the tariff that a session there would be rated by."""
    sale = _sale(edge, asked, tenant)
    place = sale.spot.place
    power_w = None if body.power_w is None else min(body.power_w, sale.spot.connector.max_power_w)
    facts = _expected(body, at, power_w)
    tariff = edge.tariffs.in_force(sale.relation, place=place, at=at, until=facts.ended_at, buyer=sale.buyer)
    if tariff is None:
        raise Problem(404, "no-tariff", "nothing is assigned to that buyer and place then")
    return _quoted(tariff, facts, sale.relation, place.time_zone, _plan(edge, sale, tariff, at))


def _plan(edge: Edge, sale: _Sale, tariff: TariffVersion, at: datetime) -> Chosen | None:
    """The plan that is asked for, as if it were new; else that of the driver, with what is left of its month by now."""
    relation, book = sale.relation, edge.tariffs.bought
    if sale.buyer.plan_id is None:
        terms = book.terms(relation, at)
        available: Available = {} if terms is None else book.available(relation, terms, at)
    else:
        terms, available = book.offered(relation, sale.buyer.plan_id, at), {}
    if terms is None:
        return None
    entitled = Entitlement.of(terms, at)
    return lambda drafts: foreseen(drafts, entitled, tariff.currency, available)


def _sale(edge: Edge, asked: QuotedSaleBody, tenant: str) -> _Sale:
    spot = edge.places.spot(asked.station_id, asked.evse_number, asked.connector_number)
    if spot is None:
        raise wrong_fields({"sale.station_id": "no such connector"})
    token = _token(edge, asked, tenant)
    provider = asked.emsp_party_id or (token and token.emsp_party_id)
    to_driver = asked.relation is not RelationKind.CPO_TO_EMSP
    seller = provider if asked.relation is RelationKind.EMSP_TO_DRIVER else spot.cpo_party_id
    if provider is None and asked.relation is not RelationKind.CPO_TO_DRIVER:
        raise wrong_fields({"sale.emsp_party_id": "say which provider, or whose token"})
    if asked.relation is not RelationKind.EMSP_TO_DRIVER and spot.tenant != tenant:
        raise Problem(404, "not-found")  # another's books
    relation = Relation(
        kind=asked.relation,
        seller_party_id=str(seller),
        seller_tenant=tenant,
        buyer_party_id=None if to_driver else provider,
        buyer_ref=token.driver_ref if to_driver and token is not None else None,
    )
    buyer = Buyer(
        group_id=asked.group_id or (None if token is None else token.group_id),
        plan_id=asked.plan_id,
        is_ad_hoc=asked.ad_hoc or (token is not None and token.token_type == AD_HOC),
        profile_type=asked.profile_type,
    )
    return _Sale(relation, buyer, spot)


def _token(edge: Edge, asked: QuotedSaleBody, tenant: str) -> TokenSnapshot | None:
    """Whoever sells to a driver quotes for his own drivers; an operator for any token, as he would let it in."""
    if asked.token_ref is None:
        return None
    token = edge.places.tokens.find(asked.token_ref)
    if token is None or (asked.relation is RelationKind.EMSP_TO_DRIVER and token.tenant != tenant):
        raise wrong_fields({"sale.token_ref": "no such token"})
    return token


def _quoted(
    tariff: TariffVersion, facts: SessionFacts, relation: Relation, time_zone: str, plan: Chosen | None = None
) -> dict[str, Any]:
    rating = rated(Subject(QUOTE, relation, facts, time_zone), tariff, plan)
    told = rating.model_dump(mode="json", exclude={"rating_id"})
    charging = (each.ended_at - each.started_at for each in facts.periods if each.charging)
    expected = {
        "charging_s": sum(charging, timedelta()).total_seconds(),
        "ended_at": facts.ended_at.astimezone(UTC).isoformat(),
    }
    return {"at": facts.started_at.astimezone(UTC).isoformat(), "expected": expected, **told}


def _expected(body: QuoteBody, at: datetime, power_w: int | None) -> SessionFacts:
    """The session, after its reservation where it has one; or the reservation alone."""
    held = body.reservation
    if held is not None and held.unused:
        return unused_facts(held.starts_at, at)
    facts = _expected_session(body, at, power_w)
    return facts if held is None else with_reservation(facts, held.starts_at)


def _expected_session(body: QuoteBody, at: datetime, power_w: int | None) -> SessionFacts:
    """As long as the caller says, or as long as the vehicle takes."""
    if power_w is None:
        return expected_facts(at, energy_wh=body.energy_wh, charging_s=body.charging_s, parking_s=body.parking_s)
    vehicle = Vehicle(power_w=power_w, battery_wh=body.battery_wh, soc_percent=body.soc_percent)
    return estimated_facts(at, energy_wh=body.energy_wh, parking_s=body.parking_s, vehicle=vehicle)
