"""The chassis moves bytes and knows none of the trade's words."""

import ast
import re
from collections.abc import Iterator

from house_rules.finding import Finding, Source, on_line

TRADE = frozenset(
    {
        *(
            "charger",
            "charging",
            "charge",
            "station",
            "stations",
            "evse",
            "evses",
            "connector",
            "connectors",
            "vehicle",
        ),
        *("tariff", "tariffs", "cdr", "cdrs", "ocpp", "ocpi", "emsp", "cpo", "dso", "driver", "drivers", "roaming"),
        *("kwh", "wh", "meter", "meters", "invoice", "invoices", "feeder", "feeders", "rating", "ratings", "posting"),
        *("postings", "rfid", "vehicles"),
    }
)
THIRD_PARTY = frozenset(
    {
        "session_timeout_ms",  # aiokafka's
        *("MeterProvider", "get_meter"),  # OpenTelemetry's
    }
)
SAYS_NOTHING = frozenset({"utils", "common", "helpers", "base", "core"})
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def the_chassis_knows_no_trade(source: Source) -> Iterator[Finding]:
    """No identifier of the chassis is or holds a word of the trade."""
    if source.path.parts[:3] != ("services", "_chassis", "chassis") or not source.is_python:
        return
    if source.path.stem in SAYS_NOTHING:
        yield on_line(source, 1, f"a module named {source.path.stem} says nothing of what it is for")
    for node in ast.walk(ast.parse(source.text)):
        for name in _names(node):
            words = {word.lower() for word in WORD.findall(name)} & TRADE
            if words and name not in THIRD_PARTY:
                yield on_line(
                    source, getattr(node, "lineno", 1), f"{name} speaks of the trade: {', '.join(sorted(words))}"
                )


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.keyword(arg=str(name)):
            yield name
        case _:
            return
