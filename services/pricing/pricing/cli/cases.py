"""`ev-price cases FILE`: worked examples, a JSON line each."""

import argparse
from typing import TYPE_CHECKING

from pricing.cli.output import AGREES, BAD_INPUT, DIFFERS, Output, a_file, read
from pricing.domain.ocpi.cases import Case, read_case
from pricing.domain.ocpi.reading import BadInput, Node
from pricing.domain.ocpi.telling import Told, shown, trace_of

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no type for it


def add(verbs: "Verbs") -> argparse.ArgumentParser:
    """The verb and what it takes."""
    parser = verbs.add_parser("cases", help="price worked examples: a JSON line a case, with id, prices and trace")
    parser.add_argument("file", type=a_file, help="cases: tariff, session with charging periods, expected amounts")
    parser.set_defaults(verb=run)
    return parser


def run(arguments: argparse.Namespace, output: Output) -> int:
    """A case that makes no sense has a line of its own, and the others are priced all the same."""
    worst = AGREES
    for node in read(arguments.file).need("cases").items():
        try:
            case = read_case(node)
        except BadInput as fault:
            worst = BAD_INPUT
            output.line({"id": _id(node), "error": fault.reason, "place": fault.pointer})
            if not output.as_json:
                print(f"ev-price: {arguments.file}: {fault}", file=output.err)
            continue
        output.line(_told(case))
        worst = max(worst, AGREES if case.is_equal else DIFFERS)
    return worst


def _id(node: Node) -> Told:
    found = node.get("id") if isinstance(node.value, dict) else None
    return found.value if found is not None and isinstance(found.value, str) else None


def _told(case: Case) -> Told:
    return {
        "id": case.id,
        "version": case.version.value,
        "currency": case.currency,
        "excl_vat": shown(case.priced.excl_vat),
        "incl_vat": shown(case.priced.incl_vat),
        "equal": case.is_equal,
        "expected": {
            "excl_vat": shown(case.expected_excl_vat),
            "incl_vat": shown(case.expected_incl_vat),
        },
        "exact": {
            "excl_vat": None if case.priced.excl_vat is None else str(case.priced.excl_vat),
            "incl_vat": None if case.priced.incl_vat is None else str(case.priced.incl_vat),
        },
        "rounding": "none; shown with eight decimals",
        "trace": trace_of(case.priced),
    }
