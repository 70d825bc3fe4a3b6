"""The price in words for whoever stands at a station: who sells to him, by which text, and how it is said."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ev_contracts.accounts import TokenSnapshot
from ev_contracts.assets import CommercialSnapshot
from ev_contracts.common import CommercialModel, RelationKind
from ev_contracts.pricing import PriceText, PriceTextSnapshot, PriceTextVersion

_AD_HOC = "AD_HOC_USER"
_ADDS_LANGUAGES = "2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Who sells to the driver; `tenant` is whose books that stands in."""

    tenant: str
    seller_party_id: str
    relation: RelationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where he charges: one of these connectors of the station."""

    site_id: str
    station_id: str
    connectors: Collection[int]


def sale_to(
    token: TokenSnapshot, *, tenant: str, cpo_party_id: str, contracts: Iterable[CommercialSnapshot], at: datetime
) -> Sale | None:
    """None for a partner's driver: his partner prices him, in books of its own, and he is shown no money here.

    `contracts` are those between this operator and the token's provider.
    """
    begun = [each for each in contracts if each.valid_from <= at]
    traded = max(begun, key=lambda each: (each.valid_from, each.contract_version, each.contract_id), default=None)
    if traded is None and token.emsp_party_id != cpo_party_id:
        return None
    if traded is None or traded.model is not CommercialModel.RESALE:
        return Sale(tenant=tenant, seller_party_id=cpo_party_id, relation=RelationKind.CPO_TO_DRIVER)
    if token.driver_ref is None:
        return None
    return Sale(tenant=token.tenant, seller_party_id=token.emsp_party_id, relation=RelationKind.EMSP_TO_DRIVER)


def text_for(
    token: TokenSnapshot, texts: Iterable[PriceTextSnapshot], spot: Spot, at: datetime
) -> tuple[PriceText, ...] | None:
    """In each language; None where there is no price, or not the same at all of the connectors."""
    offered = [each for each in texts if _is_for(each, token, at) and _is_at(each, spot)]
    found = {_in_force(offered, connector, at) for connector in spot.connectors}
    return found.pop() if len(found) == 1 else None


def _is_for(text: PriceTextSnapshot, token: TokenSnapshot, at: datetime) -> bool:
    """Of those without a plan; whoever subscribes to one pays what no text tells."""
    return (
        text.valid_from <= at
        and text.plan_id is None
        and text.group_id in {None, token.group_id}
        and (not text.ad_hoc or token.token_type == _AD_HOC)
    )


def _is_at(text: PriceTextSnapshot, spot: Spot) -> bool:
    return text.site_id in {None, spot.site_id} and text.station_id in {None, spot.station_id}


def _in_force(offered: Sequence[PriceTextSnapshot], connector: int, at: datetime) -> tuple[PriceText, ...] | None:
    """The narrowest place first, then the narrowest audience, then the latest: the first whose tariff is in force.

    As pricing chooses: what was made after a session's start counts only where nothing else was in force.
    """
    fitting = sorted(
        (each for each in offered if each.connector_number in {None, connector}), key=_precedence, reverse=True
    )
    known = [each for each in fitting if _is_known(each.assigned_at, at)]
    for each in (*known, *fitting):
        version = _version(each, at)
        if version is not None:
            return version.texts
    return None


def _is_known(told_at: datetime | None, at: datetime) -> bool:
    return told_at is None or told_at <= at


def _precedence(text: PriceTextSnapshot) -> tuple[int, int, datetime, str]:
    return (text.place_rank, text.audience_rank, text.valid_from, text.assignment_id)


def _version(text: PriceTextSnapshot, at: datetime) -> PriceTextVersion | None:
    if text.retires_at is not None and text.retires_at <= at:
        return None
    known = [each for each in text.versions if _is_known(each.published_at, at)]
    return _latest(known, at) or _latest(text.versions, at)


def _latest(versions: Sequence[PriceTextVersion], at: datetime) -> PriceTextVersion | None:
    begun = [each for each in versions if each.valid_from <= at]
    latest = max(begun, key=lambda each: (each.valid_from, each.version), default=None)
    if latest is None or (latest.valid_until is not None and latest.valid_until <= at):
        return None
    return latest


def said(texts: Sequence[PriceText], languages: Sequence[str | None]) -> dict[str, Any]:
    """OCPP's MessageContent, in the first of the languages that there is a text in, else in that for everybody."""
    return _content(_chosen(texts, languages))


def said_anew(texts: Sequence[PriceText], languages: Sequence[str | None], version: str) -> dict[str, Any]:
    """The fields of an answer that tell a changed price; 2.1 takes the other languages beside (I06.FR.02)."""
    chosen = _chosen(texts, languages)
    answer: dict[str, Any] = {"updatedPersonalMessage": _content(chosen)}
    others = [_content(each) for each in texts if each is not chosen]
    return answer | ({"updatedPersonalMessageExtra": others} if others and version == _ADDS_LANGUAGES else {})


def _chosen(texts: Sequence[PriceText], languages: Sequence[str | None]) -> PriceText:
    by_language = {each.language: each for each in texts}
    return next((by_language[each] for each in languages if each in by_language), texts[0])


def _content(text: PriceText) -> dict[str, Any]:
    return {"format": "UTF8", "language": text.language, "content": text.text}
