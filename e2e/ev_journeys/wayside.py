"""A site with one station of a journey's own, in a zone where its price changes soon, and what its station said."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ev_actors.journal import Charged, Journal
from ev_actors.link import Identity
from ev_actors.station import Station
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201
from ev_journeys.figures import Reading, Terms
from ev_journeys.system import System
from ev_seed import network

CHANGES_AT = "17:00"
ZONES = (
    *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13)),
    *("Asia/Kolkata", "Asia/Kathmandu", "Asia/Yangon", "Australia/Darwin", "Australia/Eucla", "Pacific/Marquesas"),
)
_HOUR, _MINUTE = (int(part) for part in CHANGES_AT.split(":"))


def next_change(now: datetime, *, ahead: timedelta) -> tuple[str, datetime]:
    """The zone in which it is next five o'clock in the afternoon, not sooner than so far ahead, and when that is."""

    def change_in(zone: str) -> datetime:
        local = now.astimezone(ZoneInfo(zone))
        today = local.replace(hour=_HOUR, minute=_MINUTE, second=0, microsecond=0)
        return today if today - local >= ahead else today + timedelta(days=1)

    zone = min(ZONES, key=change_in)
    return zone, change_in(zone)


async def open_site(system: System, site_id: str, *, time_zone: str, station_number: int, version: str) -> Station:
    """A site in that zone with one station, which writes into a journal of its own."""
    plan, post = system.seeded.plan, system.platform.post
    like = next(network.sites(plan))
    await post("cpo", "asset-registry", "/v1/sites", {**like, "site_id": site_id, "time_zone": time_zone})
    identity = network.station_id(plan, station_number)
    row = {**next(network.stations(plan)), "station_id": identity, "site_id": site_id}
    evses = [{**evse, "evse_id": f"NL*VLT*E{station_number}*{evse['evse_number']}"} for evse in row["evses"]]
    told = await post("cpo", "asset-registry", "/v1/stations:batch", [{**row, "evses": evses}])
    (registered,) = told["results"]
    make = station_201 if version == "2.0.1" else station_16
    link = Identity(station_id=identity, secret=registered["secret"], url=system.platform.addresses.ocpp)
    return make(link, system.clock, Journal())


def tariff_of(tariff_id: str, seller: str, terms: Terms) -> dict[str, Any]:
    """These terms as a tariff that pricing takes."""

    def element(restrictions: dict[str, str] | None, **prices: str) -> dict[str, Any]:
        components = [
            {"type": kind, "price": price, "vat_permille": 210, "step_size": 1} for kind, price in prices.items()
        ]
        return {"components": components, "restrictions": restrictions}

    return {
        "tariff_id": tariff_id,
        "issuer_party_id": seller,
        "name": tariff_id,
        "currency": "EUR",
        "elements": [
            element({"reservation": "RESERVATION"}, FLAT=terms.reservation_flat, TIME=terms.reservation_h),
            element({"end_time": CHANGES_AT}, ENERGY=terms.kwh_before),
            element({"start_time": CHANGES_AT}, ENERGY=terms.kwh_after),
            element(None, FLAT=terms.flat, TIME=terms.time_h),
        ],
        "idle_fee": {"price": terms.idle_h, "grace_s": terms.grace_s, "vat_permille": 210},
        "valid_from": network.SINCE,
    }


async def publish(system: System, user: str, tariff: dict[str, Any], relation: str, site_id: str) -> None:
    """The seller's price on that site in that relation."""
    await system.platform.post(user, "pricing", "/v1/tariffs", tariff)
    assignment = {
        "assignment_id": f"{tariff['tariff_id']}-here",
        "seller_party_id": tariff["issuer_party_id"],
        "relation": relation,
        "site_id": site_id,
        "valid_from": network.SINCE,
    }
    path = f"/v1/tariffs/{tariff['tariff_id']}/assignments"
    await system.platform.post(user, "pricing", path, assignment)


def readings_of(station: Station, charged: Charged) -> list[Reading]:
    """What the register read at the session's begin, at each sample, and at its end."""
    first = Reading(at=_to_ms(charged.started_at), register_wh=charged.meter_start_wh)
    last = Reading(at=_to_ms(charged.ended_at), register_wh=charged.meter_stop_wh)
    values: list[dict[str, Any]] = []
    for said in station.journal.said:
        values += said.payload.get("meter_value") or []  # type: ignore[arg-type]  # a list, as OCPP has it
    sampled = [
        Reading(at=datetime.fromisoformat(value["timestamp"]), register_wh=int(wh))
        for value in values
        for wh in _registers(value)
    ]
    return [first, *(each for each in sampled if first.at < each.at < last.at), last]


def _registers(value: dict[str, Any]) -> Iterator[float]:
    samples = value.get("sampledValue") or value.get("sampled_value") or ()
    yield from (float(each["value"]) for each in samples if each["measurand"] == "Energy.Active.Import.Register")


def _to_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
