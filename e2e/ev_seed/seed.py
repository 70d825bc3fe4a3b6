"""Says the network to the platform, in the order in which its parts rest on each other; twice changes nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ev_actors.fleet import Member
from ev_actors.link import Identity
from ev_lab.issuer.users import User
from ev_seed import network
from ev_seed.client import Platform
from ev_seed.network import Plan

AT_ONCE = 16
DECIDED_WITHIN_S = 120.0
STATIONS_A_CALL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A seeded driver: his reference, and the card in his pocket."""

    driver_ref: str
    token_ref: str
    uid: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What the platform made of the plan."""

    plan: Plan
    members: tuple[Member, ...]
    drivers: tuple[Driver, ...]


def users(plan: Plan, drivers: Sequence[Driver] = ()) -> tuple[User, ...]:
    """Who may sign in for this network; the first of each role is named like the role when the plan has no mark."""
    names, suffix = plan.names, f"-{plan.names.mark}" if plan.names.mark else ""
    cpo = User(username="cpo", name="", roles=("cpo",), party_id=names.cpo, tenants=(names.cpo_tenant,))
    emsp = User(username="emsp", name="", roles=("emsp",), party_id=names.emsp, tenants=(names.emsp_tenant,))
    both = (names.cpo_tenant, names.emsp_tenant)
    staff = (
        replace(cpo, username=f"cpo{suffix}", name="Carla, Volt operations"),
        replace(cpo, username=f"cpo-engineer{suffix}", name="Emil, Volt engineering", roles=("cpo", "cpo-engineer")),
        replace(emsp, username=f"emsp{suffix}", name="Mila, Emobi customer care"),
        User(username=f"dso{suffix}", name="Dirk, Gridnet", roles=("dso",), party_id=names.dso),
        User(username=f"service{suffix}", name="A service of the platform", roles=("service",), tenants=both),
    )
    owners = tuple(
        User(
            username=f"owner{suffix}" if number == 1 else f"owner-{number}{suffix}",
            name=f"Otto, Parkhuis {number}",
            roles=("owner",),
            party_id=names.owner(number),
        )
        for number in range(1, plan.owners + 1)
    )
    people = tuple(
        replace(
            emsp,
            username=f"driver{suffix}" if number == 1 else f"driver-{number}{suffix}",
            name=f"{driver.name}, driver",
            roles=("driver",),
            driver_ref=driver.driver_ref,
        )
        for number, driver in enumerate(drivers, start=1)
    )
    return staff + owners + people


async def seed(platform: Platform, plan: Plan) -> Seeded:
    """Register everything as the staff of `users(plan)`, who must be able to sign in already."""
    cpo, emsp = _as(plan, "cpo"), _as(plan, "emsp")
    for party in network.parties(plan):
        await platform.post("platform", "asset-registry", "/v1/parties", party)
    for feeder in network.feeders(plan):
        grant = {"scope": "FEEDER", "scope_id": feeder}
        await platform.post(cpo, "asset-registry", f"/v1/parties/{plan.names.dso}/grants", grant)
    for site in network.sites(plan):
        await platform.post(cpo, "asset-registry", "/v1/sites", site)
    for ownership in network.ownerships(plan):
        await platform.post(cpo, "asset-registry", "/v1/contracts/ownership", ownership)
    await platform.post(cpo, "asset-registry", "/v1/contracts/commercial", network.commercial(plan))
    members = await _stations(platform, plan, cpo)
    for tenant, tariff, assignment in network.tariffs(plan):
        seller = cpo if tenant == plan.names.cpo_tenant else emsp
        await platform.post(seller, "pricing", "/v1/tariffs", tariff)
        await platform.post(seller, "pricing", f"/v1/tariffs/{tariff['tariff_id']}/assignments", assignment)
    return Seeded(plan=plan, members=members, drivers=await _drivers(platform, plan, emsp))


def _as(plan: Plan, role: str) -> str:
    return f"{role}-{plan.names.mark}" if plan.names.mark else role


async def _stations(platform: Platform, plan: Plan, cpo: str) -> tuple[Member, ...]:
    rows = list(network.stations(plan))
    results = []
    for start in range(0, len(rows), STATIONS_A_CALL):
        some = rows[start : start + STATIONS_A_CALL]
        results += await _batch(platform, cpo, some)
    wrong = [row for row in results if row["status"] not in {"registered", "unchanged"}]
    if wrong:
        raise RuntimeError(f"stations were not registered: {wrong[:3]}")
    secrets = await _secrets(platform, cpo, results)
    return tuple(
        Member(
            identity=Identity(
                station_id=row["station_id"], secret=secrets[row["station_id"]], url=platform.addresses.ocpp
            ),
            version="2.0.1" if network.is_dc(number) else "1.6",
            connectors=network.connectors(number),
            dc=network.is_dc(number),
        )
        for number, row in enumerate(rows, start=1)
    )


async def _secrets(platform: Platform, cpo: str, results: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Each station's secret; one that another seeding was told is replaced, since it is never told again."""
    told = {row["station_id"]: row["secret"] for row in results if "secret" in row}
    gate = asyncio.Semaphore(AT_ONCE)

    async def renewed(station_id: str) -> tuple[str, str]:
        async with gate:
            answer = await platform.post(cpo, "asset-registry", f"/v1/stations/{station_id}/credential", {})
        return station_id, str(answer["secret"])

    unknown = [row["station_id"] for row in results if row["station_id"] not in told]
    return told | dict(await asyncio.gather(*(renewed(station_id) for station_id in unknown)))


async def _batch(platform: Platform, cpo: str, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The registry's word on each row; said again while some are not decided yet, which changes none of the others."""
    async with asyncio.timeout(DECIDED_WITHIN_S):
        while True:
            told = await platform.post(cpo, "asset-registry", "/v1/stations:batch", rows)
            results: list[dict[str, Any]] = told["results"]
            if all(row["status"] != "pending" for row in results):
                return results
            await asyncio.sleep(1)


async def _drivers(platform: Platform, plan: Plan, emsp: str) -> tuple[Driver, ...]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(driver: dict[str, Any], uid: str) -> Driver:
        async with gate:
            told = await platform.post(emsp, "accounts", "/v1/drivers", driver)
            token = {"uid": uid, "token_type": "RFID", "driver_ref": told["driver_ref"]}
            issued = await platform.post(emsp, "accounts", "/v1/tokens", token)
        return Driver(driver_ref=told["driver_ref"], token_ref=issued["token_ref"], uid=uid, name=driver["name"])

    return tuple(await asyncio.gather(*(one(driver, uid) for driver, uid in network.drivers(plan))))
