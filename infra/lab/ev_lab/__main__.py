"""`python -m ev_lab`: the lab's verbs, which the Makefile calls. Exit 0, 1 (something in the way) or 2 (bad use)."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.table import Table

from ev_lab import artifacts_lock, contracts, engine, processes
from ev_lab.endpoints import endpoints
from ev_lab.errors import LabError
from ev_lab.issuer.users import NoSuchUser, UserBook
from ev_lab.paths import LabPaths
from ev_lab.services import SPECS, Fleet
from ev_lab.status import edges

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(width=None if sys.stdout.isatty() else 140)
COLOURS = {"ready": "green", "stopped": "dim", "not built": "dim"}
As_json = Annotated[bool, typer.Option("--json", "--as-json", help="JSON instead of a table.")]
Names = Annotated[list[str] | None, typer.Argument(help="Services; all when none is named.")]


@app.command()
def up() -> None:
    """Start Kafka, registry and Cassandra, register the contracts, make the topics."""
    paths = LabPaths.of_checkout()
    where = engine.up(paths, console.print)
    schemas, created = contracts.release(paths, where), contracts.make_topics(where, Fleet.of_environment().namespace)
    console.print(f"{schemas} schemas registered, {len(created)} topics created")


@app.command()
def down() -> None:
    """Stop our services and the lab; data stays."""
    paths = LabPaths.of_checkout()
    services = processes.stop_all(paths, [name for name in processes.known(paths) if name not in engine.LACKS])
    stopped = [*services, *engine.down(paths)]
    console.print(f"stopped {', '.join(stopped)}" if stopped else "nothing ran")


@app.command()
def clean(*, downloads: Annotated[bool, typer.Option(help="The downloaded Java artifacts too.")] = False) -> None:
    """Stop everything and remove all data of the lab."""
    down()
    engine.clean(LabPaths.of_checkout(), downloads=downloads)


@app.command()
def status(*, as_json: As_json = False) -> None:
    """Print every edge: what it is, where it is reached, whether it is ready."""
    fleet = Fleet.of_environment()
    found = list(edges(fleet))
    if as_json:
        sys.stdout.write(json.dumps({"namespace": fleet.namespace, "edges": [asdict(edge) for edge in found]}) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for head in ("name", "kind", "address", "state", "pid", "MB"):
        table.add_column(head, justify="right" if head in {"pid", "MB"} else "left", overflow="fold")
    for edge in found:
        colour = COLOURS.get(edge.state, "yellow")
        weight = (str(edge.pid or ""), str(edge.resident_mb or ""))
        table.add_row(edge.name, edge.kind, edge.address, f"[{colour}]{edge.state}[/]", *weight)
    console.print(table)


@app.command()
def logs(name: Annotated[str, typer.Argument()] = "", lines: int = 60) -> None:
    """Print the end of the log of one part or service, or of all that have one."""
    fleet = Fleet.of_environment()
    if name:
        label = name if name in engine.LACKS else fleet.process_name(name)
        sys.stdout.write(processes.tail(fleet.paths, label, lines) + "\n")
        return
    for path in sorted(fleet.paths.log_of("x").parent.glob("*.log")):
        console.rule(path.stem)
        sys.stdout.write(processes.tail(fleet.paths, path.stem, 8) + "\n")


@app.command()
def run(names: Names = None) -> None:
    """Start our services (those named, else all that are built) and wait until they are ready."""
    fleet = Fleet.of_environment()
    started = fleet.start(names or ())
    for name in names or [name for name in SPECS if fleet.running(name)]:
        words = "started" if name in started else "runs already"
        console.print(f"{name} {words}: {fleet.url(name)}  log {fleet.paths.log_of(fleet.process_name(name))}")


@app.command()
def stop(names: Names = None) -> None:
    """Stop our services (those named, else all)."""
    stopped = Fleet.of_environment().stop(names or ())
    console.print(f"stopped {', '.join(stopped)}" if stopped else "none of them ran")


@app.command()
def token(role: str) -> None:
    """Print a bearer token for the demo user of a role, and nothing else."""
    fleet = Fleet.of_environment()
    user = UserBook(fleet.paths.users).in_role(role)
    if fleet.running("issuer") is None:
        raise LabError("the issuer does not run: make run S=issuer")
    form = {"grant_type": "password", "username": user.username, "client_id": "make-token"}
    answer = httpx2.post(f"{fleet.url('issuer')}/token", data=form, timeout=5)
    answer.raise_for_status()
    sys.stdout.write(answer.json()["access_token"] + "\n")


@app.command()
def release() -> None:
    """Register every schema in the lab's registry and write the ids down."""
    paths = LabPaths.of_checkout()
    console.print(f"{contracts.release(paths, endpoints(paths))} schemas registered; ids in {paths.schema_ids}")


@app.command()
def addresses() -> None:
    """Print the lab's addresses as JSON, without starting or asking anything."""
    sys.stdout.write(json.dumps(asdict(endpoints())) + "\n")


@app.command()
def lock() -> None:
    """Resolve the Java artifacts anew and write their lock."""
    console.print(f"{artifacts_lock.write_lock(LabPaths.of_checkout().artifacts)} artifacts locked")


def main() -> int:
    """The exit status; what a person did wrong is said without a trace."""
    try:
        app(standalone_mode=True)
    except (LabError, NoSuchUser) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
