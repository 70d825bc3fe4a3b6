"""`python -m ev_actors`: one virtual station, partner or driver against any running system."""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
import uvicorn

from chassis.clock import Clock, clock_of
from ev_actors.battery import Battery
from ev_actors.driver import Driver
from ev_actors.journal import Charged, Journal
from ev_actors.link import Identity
from ev_actors.partner import Partner, create_app
from ev_actors.station import Refused, Station, Visit
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201
from ev_seed.client import Addresses, Declined, Platform

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Version(StrEnum):
    """What the station speaks."""

    V16 = "1.6"
    V201 = "2.0.1"


class Verb(StrEnum):
    """What the driver asks for."""

    START = "start"
    STOP = "stop"


StationId = Annotated[str, typer.Argument(help="Its OCPP identity, as registered.")]
Token = Annotated[str, typer.Option(help="The uid of the driver's token.")]
Connector = Annotated[int, typer.Option(help="Which connector (1.6) or EVSE (2.0.1).")]


@app.command()
def station(
    station_id: StationId,
    *,
    url: Annotated[
        str, typer.Option(help="ws://host:port/ocpp, as `make status` prints it, without the station's id.")
    ],
    secret: Annotated[str, typer.Option(envvar="EV_STATION_SECRET", help="Its Basic password.")],
    token: Token,
    version: Annotated[Version, typer.Option()] = Version.V16,
    connector: Connector = 1,
    capacity_wh: Annotated[int, typer.Option(help="The vehicle's battery.")] = 52_000,
    power_w: Annotated[int, typer.Option(help="The most that it takes.")] = 11_000,
    from_permille: Annotated[int, typer.Option(help="State of charge when it comes.")] = 400,
    to_permille: Annotated[int, typer.Option(help="State of charge when it has enough.")] = 450,
    parked_s: Annotated[int, typer.Option(help="How long it stays afterwards.")] = 0,
    sample_every_s: Annotated[int, typer.Option()] = 60,
    offline_after_s: Annotated[int, typer.Option(help="When it loses its connection; 0 never.")] = 0,
    offline_for_s: Annotated[int, typer.Option(help="For how long; what happened is said afterwards.")] = 300,
    clock: Annotated[str, typer.Option(envvar="EV_CLOCK", help="<start>@<rate>, as the platform's.")] = "",
    journal: Annotated[Path | None, typer.Option(help="Where all that is said goes, as JSON lines.")] = None,
) -> None:
    """One vehicle charges at one virtual station; prints what the station's meter says."""
    make = station_201 if version is Version.V201 else station_16
    log = Journal(path=journal)
    made = make(Identity(station_id=station_id, secret=secret, url=url), clock_of(clock), log)
    battery = Battery(
        capacity_wh=capacity_wh,
        charged_wh=capacity_wh * from_permille // 1000,
        most_w=power_w,
        target_permille=to_permille,
    )
    visit = Visit(id_tag=token, connector=connector, battery=battery, parked_s=parked_s, sample_every_s=sample_every_s)
    away = (offline_after_s, offline_for_s) if offline_after_s else None
    try:
        charged = asyncio.run(_visit(made, visit, made.clock, away))
    except Refused as error:
        print(f"the token was refused: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    finally:
        log.close()
    _show(charged)


async def _visit(made: Station, visit: Visit, clock: Clock, away: tuple[int, int] | None) -> Charged:
    await made.online()
    keeping = asyncio.create_task(made.keep_online())
    spell = asyncio.create_task(_spell(made, clock, *away)) if away else None
    try:
        charged = await made.charge(visit)
    finally:
        for task in filter(None, (keeping, spell)):
            task.cancel()
        await asyncio.gather(*filter(None, (keeping, spell)), return_exceptions=True)
        await made.offline()
    return charged


async def _spell(made: Station, clock: Clock, after_s: int, for_s: int) -> None:
    await clock.sleep_until(clock.now() + timedelta(seconds=after_s))
    made.away = True
    await made.offline()
    await clock.sleep_until(clock.now() + timedelta(seconds=for_s))
    made.away = False


@app.command()
def partner(
    *,
    port: Annotated[int, typer.Option(help="Where it listens, on loopback.")],
    party: Annotated[str, typer.Option(help="Country code and party id.")] = "NL-EMO",
    versions_url: Annotated[str, typer.Option(help="Our OCPI versions address; with a token A it registers.")] = "",
    token_a: Annotated[str, typer.Option(envvar="EV_TOKEN_A")] = "",
) -> None:
    """A roaming partner that takes CDRs until Ctrl-C; prints each as a line of JSON when it ends."""
    country, _, party_id = party.partition("-")
    made = Partner(url=f"http://127.0.0.1:{port}", country_code=country, party_id=party_id)
    asyncio.run(_serve(made, port, versions_url, token_a))
    for cdr in made.cdrs.values():
        print(json.dumps(cdr))


async def _serve(made: Partner, port: int, versions_url: str, token_a: str) -> None:
    server = uvicorn.Server(uvicorn.Config(create_app(made), host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    if token_a and not serving.done():
        async with httpx2.AsyncClient(timeout=30) as client:
            theirs = await made.register(client, versions_url, token_a)
        print(f"registered with {theirs['url']}", file=sys.stderr)
    await serving


@app.command()
def driver(
    verb: Verb,
    station_id: StationId,
    *,
    status: Annotated[Path, typer.Option(help="What `make status JSON=1` printed.")],
    user: Annotated[str, typer.Option(help="Who signs in.")] = "driver",
    token: Token = "",
    connector: Connector = 1,
    transaction_id: Annotated[str, typer.Option(help="Which transaction to stop.")] = "",
) -> None:
    """A driver's app asks the platform for a remote start or stop; prints the command and its outcome."""

    async def ask() -> dict[str, Any]:
        async with Platform(addresses=Addresses.of_status(json.loads(status.read_text(encoding="utf-8")))) as platform:
            someone = Driver(user=user, id_token=token, platform=platform)
            if verb is Verb.STOP:
                return await someone.ask_to_stop(station_id, transaction_id)
            return await someone.ask_to_start(station_id, connector)

    try:
        _show(asyncio.run(ask()))
    except Declined as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def _show(result: Any) -> None:
    print(json.dumps(asdict(result) if isinstance(result, Charged) else result, default=str))


if __name__ == "__main__":
    app()
