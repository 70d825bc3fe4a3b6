"""What pricing would say of a session: its cost so far, and its price in the end."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from conformance.seeding import OPERATOR, TENANT
from conformance.stand import Stand
from conformance.station import Payload, Station, now
from ev_contracts.common import Money, Relation, RelationKind
from ev_contracts.gateway import CostDisplayChanged, TransactionStarted
from ev_contracts.pricing import RunningCostComputed, SessionRated

_EXAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "pricing"
_AGAIN_S = 0.3
AD_HOC = Relation(
    kind=RelationKind.CPO_TO_DRIVER, seller_party_id=OPERATOR, seller_tenant=TENANT, buyer_ref="drv-ad-hoc"
)
"""The driver who stands there pays the operator."""
WHOLESALE = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id=OPERATOR, seller_tenant=TENANT, buyer_party_id="NL-EMO"
)
"""His provider pays, and what he pays stands elsewhere."""


def _example(record: str) -> bytes:
    return (_EXAMPLES / record / "amsterdam.json").read_bytes()


def eur(minor: int) -> Money:
    """An amount of money."""
    return Money(amount=Decimal(minor).scaleb(-2), rounded_minor=minor, currency="EUR")


async def costs_so_far(stand: Stand, started: TransactionStarted, gross: Money, relation: Relation = AD_HOC) -> None:
    """A running cost, taxes included."""
    example = RunningCostComputed.model_validate_json(_example("RunningCostComputed"))
    cost = example.model_copy(
        update={
            "session_id": started.session_id,
            "station_id": started.station_id,
            "relation": relation,
            "total_incl_vat": gross,
            "measured_at": datetime.now(UTC),
        }
    )
    await stand.says("pricing.running-cost.sample.v1", f"{TENANT}/{started.session_id}", cost)


async def is_rated(stand: Stand, started: TransactionStarted, gross: Money, relation: Relation = AD_HOC) -> None:
    """The price of a session that ended."""
    example = SessionRated.model_validate_json(_example("SessionRated"))
    rating = example.rating.model_copy(update={"relation": relation, "total_incl_vat": gross})
    rated = example.model_copy(
        update={
            "rating": rating,
            "facts": example.facts.model_copy(update={"session_id": started.session_id}),
            "place": example.place.model_copy(update={"station_id": started.station_id}),
        }
    )
    await stand.says("pricing.rating.event.v1", f"{TENANT}/{rating.rating_id}", rated)


def _variable(variable: str, value: str, instance: str | None = None) -> Payload:
    named = {"name": variable} | ({"instance": instance} if instance else {})
    attribute = {"type": "Actual", "value": value, "mutability": "ReadWrite"}
    return {"component": {"name": "TariffCostCtrlr"}, "variable": named, "variableAttribute": [attribute]}


async def shows_costs(station: Station, currency: str = "EUR", enabled: str = "true") -> None:
    """The station of 2.x reports that its display shows costs."""
    variables = [_variable("Enabled", enabled, "Cost"), _variable("Currency", currency)]
    report = {"requestId": 1, "generatedAt": now(), "seqNo": 0, "tbc": False, "reportData": variables}
    assert await station.says("NotifyReport", report) == {}
    await station.stand.fact("gateway.desk.event.v1", station.station_id, CostDisplayChanged)


async def is_shown(
    station: Station, started: TransactionStarted, gross: Money, action: str = "CostUpdated", **how: Any
) -> Payload:
    """What the station is told of a running cost; a cost that came before the gateway knew of the display is lost."""
    station.answers[action] = {} if action == "CostUpdated" else {"status": "Accepted"}
    for _ in range(20):
        await costs_so_far(station.stand, started, gross, **how)
        async with asyncio.timeout(10):
            try:
                name, payload = await asyncio.wait_for(station.asked.get(), _AGAIN_S)
            except TimeoutError:
                continue
        assert name == action
        return payload
    raise AssertionError("no cost was shown")


async def nothing_is_shown(station: Station) -> None:
    """The station is asked nothing for as long as a cost takes several times over."""
    await asyncio.sleep(3 * _AGAIN_S)
    assert station.asked.empty()
