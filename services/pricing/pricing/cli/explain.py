"""`ev-price explain`: how a price came about, in words a driver can follow."""

import argparse
from typing import TYPE_CHECKING

from pricing.cli.cdr import add_session, checked
from pricing.cli.output import AGREES, Output
from pricing.domain.ocpi.telling import shown, trace_of
from pricing.domain.ocpi.words import words_of_price

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no type for it


def add(verbs: "Verbs") -> argparse.ArgumentParser:
    """The verb and what it takes."""
    parser = verbs.add_parser("explain", help="say how the price of a CDR comes about")
    add_session(parser)
    parser.set_defaults(verb=run)
    return parser


def run(arguments: argparse.Namespace, output: Output) -> int:
    """A line a price component, one for a limit, the sum, and what else one should know."""
    found = checked(arguments)
    words = list(words_of_price(found.priced, found.currency))
    if output.as_json:
        output.line(
            {
                "id": found.id,
                "currency": found.currency,
                "excl_vat": shown(found.priced.excl_vat),
                "incl_vat": shown(found.priced.incl_vat),
                "words": words,
                "notes": found.notes,
                "trace": trace_of(found.priced),
            }
        )
        return AGREES
    for sentence in words:
        output.say(sentence)
    for note in found.notes:
        output.say(f"note: {note}")
    return AGREES
