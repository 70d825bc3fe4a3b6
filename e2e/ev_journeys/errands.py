"""What people ask of the platform beside charging, once each: every arrow of the catalogue has something to carry."""

import asyncio
from datetime import timedelta
from typing import Any

from websockets.exceptions import InvalidStatus

from chassis.clock import new_id
from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.link import Identity
from ev_actors.raw import RawStation
from ev_actors.station import Station, Visit
from ev_journeys.system import System, eventually
from ev_seed import network


async def publish_a_price(system: System) -> None:
    """A feed's next quarter of an hour."""
    now = system.clock.now()
    starts_at = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0) + timedelta(minutes=15)
    ends_at = starts_at + timedelta(minutes=15)
    point = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "price": "0.12"}
    told = {"issuer_party_id": system.seeded.plan.names.cpo, "currency": "EUR", "points": [point]}
    await system.platform.post("cpo", "pricing", "/v1/price-feeds/spot/points", told)


async def form_a_group(system: System) -> None:
    """A group of tokens with one member."""
    group = await system.platform.post("emsp", "accounts", "/v1/groups", {})
    member = {"token_ref": system.seeded.drivers[-1].token_ref}
    await system.platform.post("emsp", "accounts", f"/v1/groups/{group['group_id']}/tokens", member)


async def fit_a_modem(system: System, station_id: str) -> None:
    """A component of a station, put into its place."""
    fitting = {"component": {"kind": "MODEM", "serial_number": "M-1"}, "fitted_at": system.clock.now().isoformat()}
    await system.platform.post("cpo", "asset-registry", f"/v1/stations/{station_id}/components", fitting)


async def keep_a_template(system: System) -> None:
    """What every station of a kind is like."""
    like = next(network.stations(system.seeded.plan))
    evses = [{name: each[name] for name in ("evse_number", "connectors")} for each in like["evses"]]
    template = {**{name: like[name] for name in ("cpo_party_id", "vendor", "model")}, "security_profile": 1}
    path, headers = "/v1/station-templates/virtual-22", {"Idempotency-Key": new_id()}
    body = {**template, "evses": evses}
    answer = await system.platform.request("cpo", "PUT", "asset-registry", path, json=body, headers=headers)
    assert answer.is_success, answer.text


async def show_costs(system: System, station: Station) -> None:
    """A station of 2.x has a display for costs, in euro, and it is desired that it uses it."""
    station.variables |= {("TariffCostCtrlr", "Enabled"): "true", ("TariffCostCtrlr", "Currency"): "EUR"}
    variables = [
        {"component": "TariffCostCtrlr", "variable": "Enabled", "variable_instance": "Cost", "value": "true"},
        {"component": "TariffCostCtrlr", "variable": "Currency", "value": "EUR"},
    ]
    path = f"/v1/stations/{station.station_id}/desired-variables"
    desire = {"reason": "it has a display", "variables": variables}
    answer = await system.platform.request("cpo", "PUT", "charger-gateway", path, json=desire)
    assert answer.status_code == 202, answer.text


async def give_a_password(system: System, station: Station) -> None:
    """A station of 2.x is given a password, the one that it has; it takes it. It must be on line."""
    password = {"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": station.link.identity.secret}
    path = f"/v1/stations/{station.station_id}/commands/set-variables"
    await system.platform.post("cpo", "charger-gateway", path, {"reason": "rotation", "variables": [password]})


async def knock(like: Identity) -> None:
    """A station that nobody has registered asks to be let in, and is not."""
    try:
        async with RawStation(Identity(station_id="NOBODY00001", secret="unknown", url=like.url)):
            raise AssertionError("an unknown station was let in")
    except InvalidStatus:
        return


async def charge_to_a_target(system: System, station: Station, id_tag: str) -> Charged:
    """The operator lets a session end at half a kWh; the station is stopped by the platform. It must be on line."""
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=900)
    visiting = asyncio.create_task(station.charge(Visit(id_tag=id_tag, connector=1, battery=battery)))

    async def running() -> dict[str, Any] | None:
        told = await system.get("cpo", f"/v1/stations/{station.station_id}/sessions")
        return next((each for each in told["items"] if each.get("status") == "charging"), None)

    session = await eventually(running)
    target = {"station_id": station.station_id, "reason": "a short visit", "energy_wh": 500}
    await system.platform.post("cpo", "session-ledger", f"/v1/sessions/{session['session_id']}/targets", target)
    return await visiting
