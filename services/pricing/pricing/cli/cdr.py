"""`ev-price cdr`: a CDR priced anew, and where it says otherwise."""

import argparse
from typing import TYPE_CHECKING

from pricing.cli.output import AGREES, DIFFERS, Output, a_file, as_json, read
from pricing.domain.ocpi.cdrs import Checked, check_cdr
from pricing.domain.ocpi.reading import BadInput, Node
from pricing.domain.ocpi.tariffs import Version
from pricing.domain.ocpi.telling import trace_of

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no type for it


def add(verbs: "Verbs") -> argparse.ArgumentParser:
    """The verb and what it takes."""
    parser = verbs.add_parser("cdr", help="price a CDR anew and compare its totals")
    add_session(parser)
    parser.set_defaults(verb=run)
    return parser


def add_session(parser: argparse.ArgumentParser) -> None:
    """What a CDR or session needs beside itself."""
    parser.add_argument("--version", choices=[each.value for each in Version], default=Version.V221.value)
    parser.add_argument("--tariff", type=a_file, help="a tariff object; without it the CDR's own")
    parser.add_argument("--time-zone", required=True, help="of the location, such as Europe/Amsterdam")
    parser.add_argument("--expired", action="store_true", default=None, help="its reservation ran out unused")
    parser.add_argument("file", type=a_file, help="a CDR")


def checked(arguments: argparse.Namespace) -> Checked:
    """Raises BadInput, whose place begins with the name of the argument where it is not in the CDR."""
    tariff = None if arguments.tariff is None else _in_tariff(arguments)
    zone = Node(arguments.time_zone, "--time-zone").time_zone()
    cdr = read(arguments.file)
    return check_cdr(cdr, tariff, Version(arguments.version), zone, expired=arguments.expired)


def _in_tariff(arguments: argparse.Namespace) -> Node:
    try:
        return Node(read(arguments.tariff).value, "--tariff")
    except BadInput as fault:
        raise BadInput(f"--tariff{fault.pointer}", fault.reason) from None


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Totals, then differences."""
    found = checked(arguments)
    if output.as_json:
        output.line(
            {
                "id": found.id,
                "currency": found.currency,
                "rounding": "half-even to four decimals",
                "totals": found.totals,
                "differences": [
                    {"place": each.place, "computed": each.computed, "in_file": each.in_file}
                    for each in found.differences
                ],
                "notes": found.notes,
                "trace": trace_of(found.priced),
            }
        )
    else:
        for name, total in found.totals.items():
            output.say(f"{name:24} {as_json(total)}")
        for each in found.differences:
            output.say(f"differs: {each.place} is {each.in_file}, computed {each.computed}")
        for note in found.notes:
            output.say(f"note: {note}")
    return DIFFERS if found.differences else AGREES
