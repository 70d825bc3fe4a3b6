"""Targets as a black box: set over HTTP by who may, kept over a restart, reached by a price, shown to who may see."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from network import KEY, NOON, REGISTRY, STATION, at, started

from chassis.testing import eventually
from ev_contracts.common import Money, Relation, RelationKind
from ev_contracts.pricing import RunningCostComputed
from ev_contracts.sessions import SessionStarted, SessionStopWanted, TargetReached, TargetSet

EVENTS = "sessions.session.event.v1"
PATH = "/v1/sessions/session-0/targets"
WISH = {"station_id": STATION, "cost": "10.00", "currency": "EUR", "duration_s": 7_200}


async def records(stage: Any, kind: type) -> list[Any]:
    return [each.record for each in await stage.seen(EVENTS) if isinstance(each.record, kind)]


async def begun(stage: Any) -> None:
    for topic, key, record in REGISTRY:
        await stage.say(topic, key, record)
    await stage.say("gateway.transaction.event.v1", KEY, started(0))
    await eventually(lambda: records(stage, SessionStarted), deadline_s=30)


def cost(euros: str) -> RunningCostComputed:
    money = Money(amount=Decimal(euros), rounded_minor=int(Decimal(euros) * 100), currency="EUR")
    return RunningCostComputed(
        session_id="session-0",
        station_id=STATION,
        relation=Relation(kind=RelationKind.EMSP_TO_DRIVER, seller_party_id="NL-EMO", seller_tenant="emo"),
        tariff_id="retail",
        tariff_version=1,
        energy_wh=1,
        total_excl_vat=money,
        total_incl_vat=money,
        measured_at=at(20),
    )


async def test_a_target_outlives_a_restart_and_is_reached_by_what_the_driver_pays(ledger: Any) -> None:
    async with ledger.run() as stage:
        await begun(stage)
        assert (await stage.post("dora", PATH, WISH)).status_code == 201
        await eventually(lambda: records(stage, TargetSet), deadline_s=30)
    async with ledger.run() as stage:
        await eventually(lambda: _shown(stage, "dora"), deadline_s=30)
        await stage.say("pricing.running-cost.sample.v1", "emo/session-0", cost("9.99"), cost("10.01"))
        (wanted,) = await eventually(lambda: records(stage, SessionStopWanted), deadline_s=30)
        (reached,) = await records(stage, TargetReached)
        assert (reached.kind, reached.cost, reached.reached_at) == ("cost", Decimal("10.01"), at(20))
        assert (wanted.transaction_id, wanted.wanted_by) == ("1000", "dora")
        stage.clock.advance(timedelta(minutes=2))
        again = await eventually(lambda: _two(stage), deadline_s=30)
    assert [each.attempt for each in again] == [1, 2]
    assert again[1].wanted_at == NOON + timedelta(minutes=2)


async def _shown(stage: Any, caller: str) -> dict[str, Any] | None:
    answer = await stage.get(caller, PATH)
    return answer.json() if answer.is_success else None


async def _two(stage: Any) -> list[Any]:
    found = await records(stage, SessionStopWanted)
    return found if len(found) > 1 else []


async def test_only_the_driver_his_provider_and_an_operator_with_a_reason_set_them(ledger: Any) -> None:
    async with ledger.run() as stage:
        await begun(stage)
        said = {
            "other": (await stage.post("oscar", PATH, WISH)).status_code,
            "foreign": (await stage.post("mallory", PATH, {**WISH, "reason": "mine now"})).status_code,
            "unreasoned": (await stage.post("cleo", PATH, WISH)).status_code,
            "unpriced": (await stage.post("dora", PATH, {**WISH, "currency": None})).status_code,
            "nowhere": (await stage.post("dora", PATH, {**WISH, "station_id": "NLVOLT0009"})).status_code,
        }
        assert said == {"other": 404, "foreign": 404, "unreasoned": 422, "unpriced": 422, "nowhere": 404}
        assert await records(stage, TargetSet) == []
        assert (await stage.post("emma", PATH, WISH)).status_code == 201
        provided = await eventually(lambda: _shown(stage, "emma"), deadline_s=30)
        operated = await _shown(stage, "cleo")
        assert provided["targets"]["cost"] == "10.00000000"
        assert operated is not None
        assert operated["targets"] == {"energy_wh": None, "duration_s": 7_200, "soc_percent": None}
        assert [await _shown(stage, other) for other in ("oscar", "mallory")] == [None, None]
        assert (await stage.post("cleo", PATH, {**WISH, "reason": "the site closes"})).status_code == 201
