"""`ev-price explain`: how a price came about, in words a driver can follow."""

import argparse
from typing import TYPE_CHECKING

from pricing.cli.cdr import add_session, checked
from pricing.cli.output import AGREES, Output
from pricing.domain.ocpi.telling import shown, trace_of
from pricing.domain.rating import rule_of

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no type for it


def add(verbs: "Verbs") -> argparse.ArgumentParser:
    """The verb and what it takes."""
    parser = verbs.add_parser("explain", help="say how the price of a CDR comes about")
    add_session(parser)
    parser.set_defaults(verb=run)
    return parser


def run(arguments: argparse.Namespace, output: Output) -> int:
    """A line a price component, one for a limit, and the sum."""
    priced = checked(arguments).priced
    if output.as_json:
        totals = {"excl_vat": shown(priced.excl_vat), "incl_vat": shown(priced.incl_vat)}
        output.line({**totals, "trace": trace_of(priced)})
        return AGREES
    if not priced.lines:
        output.say("nothing that this tariff prices was used: it is free")
    for line in priced.lines:
        taxed = f" + {shown(line.vat)} tax" if line.candidate.component.taxes else ""
        output.say(f"{rule_of(line)} = {shown(line.excl_vat)}{taxed}")
    if priced.moved is not None:
        output.say(f"{priced.moved.bound.value}: {shown(priced.moved.excl_vat)} and {shown(priced.moved.vat)} of tax")
    output.say(f"total {shown(priced.excl_vat)} without and {shown(priced.incl_vat)} with taxes, exact until here")
    return AGREES
