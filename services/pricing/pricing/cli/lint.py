"""`ev-price lint`: what is questionable in a tariff, and where."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pricing.cli.output import AGREES, DIFFERS, Output, a_file, read
from pricing.domain.engine.tariff import Tariff
from pricing.domain.lint import lint
from pricing.domain.ocpi.reading import BadInput, Node, parse
from pricing.domain.ocpi.spelling import unknown_fields
from pricing.domain.ocpi.tariffs import Version, read_tariff

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no type for it

_W_PER_KW = 1_000
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def add(verbs: "Verbs") -> argparse.ArgumentParser:
    """The verb and what it takes."""
    parser = verbs.add_parser("lint", help="say what is questionable in a tariff: contradictions, gaps, odd values")
    parser.add_argument("--version", choices=[each.value for each in Version], default=Version.V221.value)
    parser.add_argument("--power-kw", help="the connector's most, for AFIR's rules on ad hoc prices")
    parser.add_argument("--beside", type=a_file, action="append", default=[], help="another tariff for the same buyers")
    parser.add_argument("file", type=a_file, help="a tariff object")
    parser.set_defaults(verb=run)
    return parser


def run(arguments: argparse.Namespace, output: Output) -> int:
    """A finding a line, most telling rules first."""
    version = Version(arguments.version)
    document = read(arguments.file)
    tariff = read_tariff(document, version)
    others = [_beside(path, version) for path in arguments.beside]
    findings = [*unknown_fields(document), *lint(tariff, power_w=_power_w(arguments.power_kw), others=others)]
    for each in findings:
        if output.as_json:
            output.line({"rule": each.rule, "place": each.place, "message": each.message})
        else:
            output.say(f"{each.place}: {each.message} [{each.rule}]")
    return DIFFERS if findings else AGREES


def _power_w(told: str | None) -> int | None:
    if told is None:
        return None
    if not _NUMBER.fullmatch(told):
        raise BadInput("--power-kw", f"{told!r} is no number")
    return int(Node(parse(told).value, "--power-kw").number(at_most=100_000) * _W_PER_KW)


def _beside(path: Path, version: Version) -> Tariff:
    try:
        return read_tariff(Node(read(path).value, "--beside"), version)
    except BadInput as fault:
        place = fault.pointer if fault.pointer.startswith("--beside") else f"--beside{fault.pointer}"
        raise BadInput(place, f"{path.name}: {fault.reason}") from None
