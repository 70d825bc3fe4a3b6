"""Which of the gateway's facts nobody acts on, as the code of all services says; the README may not claim otherwise."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ev_contracts.catalogue import TOPICS

SERVICES = Path(__file__).resolve().parents[3]
README = SERVICES / "charger-gateway" / "README.md"
GATEWAY, OWN = "charger-gateway", "charger_gateway"
# Puts facts on a timeline for people and does nothing with them; its samples are for tests.
SHOWS_ONLY = ("projections/projections/cpo/notices.py", "projections/projections/testing/")


def said() -> set[str]:
    """Every record of the topics that the gateway says to others."""
    return {
        record.rpartition(".")[2]
        for topic in TOPICS.values()
        if topic.owner == GATEWAY and any(reader.service != GATEWAY for reader in topic.consumers)
        for record in topic.records
    }


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """The services' own code that names records of the gateway, without tests."""
    found = []
    for service in SERVICES.iterdir():
        for path in (service / service.name.replace("-", "_")).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "ev_contracts.gateway" in text:
                found.append((path.relative_to(SERVICES).as_posix(), ast.parse(text)))
    return tuple(found)


def imported(tree: ast.Module) -> Iterator[str]:
    """The gateway's records that a module names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "ev_contracts.gateway":
            yield from (alias.name for alias in node.names)


def told_apart(tree: ast.Module) -> Iterator[str]:
    """What a module asks an event whether it is: whoever says a record himself does not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.MatchClass):
            yield from _names(node.cls)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            yield from _names(node.args[1])


def _names(node: ast.AST) -> Iterator[str]:
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def acted_on() -> set[str]:
    """What some service does something with."""
    found: set[str] = set()
    for name, tree in modules():
        if not name.startswith(SHOWS_ONLY):
            found.update(told_apart(tree) if f"/{OWN}/" in name else imported(tree))
    return found


def shown() -> set[str]:
    """What stands on the operator's timeline at least."""
    return {record for name, tree in modules() if name.startswith("projections/") for record in imported(tree)}


def drawn() -> str:
    """The README's list."""
    idle, on_timelines = said() - acted_on(), shown()
    lines = ["| fact | shown on the station's timeline |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {one} | {'yes' if one in on_timelines else 'no'} |" for one in sorted(idle))])


def test_the_readme_lists_the_facts_that_nobody_acts_on_yet() -> None:
    assert drawn() in README.read_text(encoding="utf-8"), f"stale; it should be:\n{drawn()}"


def test_what_is_acted_on_is_not_taken_for_idle() -> None:
    assert {"TransactionStarted", "CertificateSigningRequested", "ChargingNeedsReported", "StationBooted"} <= acted_on()
    assert {"SettlementReported", "MonitorsReported"} <= said() - acted_on()
