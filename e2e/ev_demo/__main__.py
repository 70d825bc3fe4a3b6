"""`python -m ev_demo`: brings everything up, seeds a network, lets stations charge, and stops it all on Ctrl-C."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from chassis.clock import LabClock, wall_now
from ev_actors.fleet import Fleet, Habits
from ev_actors.journal import Journal
from ev_demo import roaming, watch
from ev_demo.time import DemoTime, setting
from ev_lab import contracts, engine, ports, processes
from ev_lab import services as ours
from ev_lab.endpoints import endpoints
from ev_lab.errors import LabError
from ev_lab.issuer.users import UserBook
from ev_lab.paths import LabPaths
from ev_seed.client import Addresses, Declined, Platform
from ev_seed.network import Plan
from ev_seed.seed import Seeded, seed, users

console = Console(soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One run. `began` is on the monotonic clock; `for_s` 0 runs until Ctrl-C."""

    services: ours.Fleet
    plan: Plan
    clock: LabClock
    past: DemoTime
    began: float
    for_s: int

    async def run(self) -> None:
        """Seed the network, connect the partner, let the stations charge until told to stop."""
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        paths = self.services.paths
        home = roaming.PartnerHome(
            port=ports.choose(paths.ports, ["demo.partner"])["demo.partner"],
            file=paths.home / "demo" / "partner.json",
            names=self.plan.names,
        )
        book = UserBook(paths.users)
        addresses = Addresses.of_services(self.services)
        async with Platform(addresses=addresses) as platform, roaming.serving(home.remembered(), home.port) as partner:
            book.write(users(self.plan))
            seeded = await seed(platform, self.plan)
            book.write(users(self.plan, seeded.drivers))
            await roaming.register(platform, "cpo", home, partner)
            _welcome(self.services, self.plan, seeded)
            await self._charge(seeded, stop)

    async def _charge(self, seeded: Seeded, stop: asyncio.Event) -> None:
        journal = Journal(path=self.services.paths.home / "demo" / "journal.jsonl", keep_said=False)
        habits = Habits(id_tags=[driver.uid for driver in seeded.drivers])
        fleet = Fleet(seeded.members, habits, self.clock, journal, seed=int(self.clock.start.timestamp()))
        invoices = watch.InvoiceCount(bootstrap=endpoints(self.services.paths).kafka)
        names = [name for name in ours.SPECS if name not in {"issuer", "dashboards"} and self.services.running(name)]
        lag = watch.Lag(urls={name: self.services.url(name) for name in names})
        tasks = [asyncio.create_task(each.run()) for each in (invoices, lag, fleet)]
        try:
            await self._report(stop, tasks, lambda: watch.line(fleet, journal, invoices, lag), lambda: invoices.count)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            journal.close()

    async def _report(
        self,
        stop: asyncio.Event,
        tasks: Sequence[asyncio.Task[None]],
        line: Callable[[], str],
        invoiced: Callable[[], int],
    ) -> None:
        on_terminal = sys.stdout.isatty()
        until = time.monotonic() + self.for_s if self.for_s else None
        first = False
        while not stop.is_set() and (until is None or time.monotonic() < until):
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1 if on_terminal else 5)
            self.past.remember(self.clock.now())
            if invoiced() and not first:
                first = True
                console.print(f"first invoice after {time.monotonic() - self.began:.0f} s")
            console.print(line(), end="\r" if on_terminal else "\n")
            for task in tasks:
                if task.done():
                    task.result()


def main(
    stations: Annotated[int, typer.Option(min=1, max=5_000, help="Virtual stations.")] = 50,
    speed: Annotated[int, typer.Option(min=1, max=600, help="How many times as fast business time runs.")] = 60,
    for_s: Annotated[int, typer.Option(help="Stop by itself after so many seconds; 0: on Ctrl-C.")] = 0,
) -> None:
    """The whole system with stations charging. Ctrl-C stops it cleanly; what it did is kept for the next time."""
    paths = LabPaths.of_checkout()
    began = time.monotonic()
    past = DemoTime(path=paths.home / "demo" / "time.json")
    try:
        where = engine.up(paths, console.print)
        contracts.release(paths, where)
        contracts.make_topics(where)
        clock = past.resume(wall=wall_now(), rate=speed)
        services = ours.Fleet(paths=paths, clock=setting(clock))
        services.stop()  # services of an earlier clock would disagree on what time it is
        services.start()
        console.print(f"services ready after {time.monotonic() - began:.0f} s")
        demo = Demo(services=services, plan=Plan(stations=stations), clock=clock, past=past, began=began, for_s=for_s)
        asyncio.run(demo.run())
    except (LabError, Declined) as error:
        console.print(f"demo: {error}", style="red")
        raise typer.Exit(1) from error
    finally:
        console.print("stopping")
        processes.stop_all(paths, list(ours.SPECS))
        engine.down(paths)


def _welcome(services: ours.Fleet, plan: Plan, seeded: Seeded) -> None:
    console.print(f"\n[bold]{len(seeded.members)} stations[/] on {plan.sites} sites of {plan.owners} owners")
    dashboards = services.url("dashboards")
    for role in ours.ROLES:
        console.print(f"  {role:<7} {dashboards}/{role}   sign in as [bold]{role}[/]")
    console.print(
        f"  every address: make status · a token for scripts: make token ROLE=cpo · stations: {services.ocpp_url}\n"
    )


typer.run(main)
