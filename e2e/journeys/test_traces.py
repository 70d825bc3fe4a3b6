"""Every arrow that the catalogue draws is walked: seen as a consumer's span that is linked to the producer's."""

import asyncio

import orjson
import pytest

from ev_actors.battery import Battery
from ev_actors.driver import Driver
from ev_actors.journal import Charged
from ev_actors.link import Identity
from ev_actors.raw import RawStation
from ev_actors.station import Visit
from ev_checks.edges import missing, undrawn
from ev_checks.traces import Collector
from ev_contracts.catalogue import TOPICS
from ev_journeys import errands
from ev_journeys.system import System, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPORTED_WITHIN_S = 60.0


def battery() -> Battery:
    return Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=510)


async def test_every_arrow_of_the_catalogue_is_seen_as_a_linked_span(system: System, traces: Collector) -> None:
    who = system.seeded.drivers[0]
    first, second = system.station("1.6"), system.station("2.0.1")
    await errands.show_costs(system, second)
    for station in (first, second):
        await station.online()
    await subscribe(system, who.driver_ref)
    await first.charge(Visit(id_tag=who.uid, connector=1, battery=battery()))
    driver = Driver(user="driver", id_token=who.uid, platform=system.platform)
    await driver.charge(second, 1, battery())
    await system.platform.post(
        "cpo", "charger-gateway", f"/v1/stations/{first.station_id}/commands/trigger", {"message": "Heartbeat"}
    )
    await system.platform.get("cpo-engineer", "charger-gateway", f"/v1/stations/{first.station_id}/frames")
    await system.platform.post(
        "emsp", "accounts", f"/v1/drivers/{who.driver_ref}/subscriptions/end", {"subscription_id": "traced"}
    )
    await errands.publish_a_price(system)
    await errands.form_a_group(system)
    await errands.fit_a_modem(system, first.station_id)
    await errands.keep_a_template(system)
    await errands.knock(first.link.identity)
    await errands.give_a_password(system, second)
    charged = await errands.charge_to_a_target(system, first, who.uid)
    assert charged.reason == "Remote"
    await correct(system, charged)
    await second.offline()
    await stream_a_sample(second.link.identity)
    try:
        await eventually(lambda: nothing_left(traces), within_s=EXPORTED_WITHIN_S)
    except TimeoutError:
        pytest.fail("nobody walked:\n" + "\n".join(missing(TOPICS, traces.spans)))
    finally:
        await first.offline()
    assert "\n".join(undrawn(TOPICS, traces.spans)) == ""


async def subscribe(system: System, driver_ref: str) -> None:
    """By a plan with an allowance, from which the ratings of what follows draw."""
    plan = {
        "plan_id": "traced", "seller_party_id": system.seeded.plan.names.emsp, "name": "Traced", "currency": "EUR",
        "time_zone": "Europe/Amsterdam", "allowances": [{"kind": "ENERGY", "quantity": 1_000}],
        "valid_from": system.clock.now().isoformat(),
    }  # fmt: skip
    await system.platform.post("emsp", "pricing", "/v1/plans", plan)
    subscription = {"subscription_id": "traced", "plan_id": "traced"}
    await system.platform.post("emsp", "accounts", f"/v1/drivers/{driver_ref}/subscriptions", subscription)


async def correct(system: System, charged: Charged) -> None:
    """What was charged is put right once it is invoiced."""

    async def invoiced() -> str | None:
        told = await system.get("cpo", f"/v1/stations/{charged.station_id}/sessions")
        of_it = (each for each in told["items"] if each.get("transaction_id") == charged.transaction_id)
        return next((str(each["session_id"]) for each in of_it if "invoice_number" in each), None)

    session_id = await eventually(invoiced)
    told = {"station_id": charged.station_id, "reason": "misread", "meter_stop_wh": charged.meter_stop_wh - 100}
    await system.platform.post("cpo", "session-ledger", f"/v1/sessions/{session_id}/correction", told)


async def stream_a_sample(identity: Identity) -> None:
    """A station that is 2.1 by now sends a variable's value, which nobody answers."""
    async with RawStation(identity, "ocpp2.1") as station:
        sampled = {"id": 1, "pending": 0, "basetime": "2026-03-02T08:00:00Z", "data": [{"t": 0, "v": "11000"}]}
        await station.raw(orjson.dumps([6, "sample-1", "NotifyPeriodicEventStream", sampled]).decode())
        await station.call("Heartbeat", {})  # what came before it on this socket has been taken


async def nothing_left(traces: Collector) -> bool | None:
    return (await asyncio.to_thread(missing, TOPICS, traces.spans)) == [] or None
