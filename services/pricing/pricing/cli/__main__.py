"""`python -m pricing.cli` and the console script `ev-price`."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TextIO

from pricing.cli import cases, cdr, explain, lint
from pricing.cli.output import BAD_INPUT, Output
from pricing.domain.ocpi.reading import BadInput

_WHAT = "Prices OCPI tariffs, sessions and CDRs, exactly, and says how; no service and no network is needed."
_AS_JSON = "one JSON object a line"
_STATUS = """exit status: 0 all is well; 1 a difference or a finding; 2 bad input, with its place as a JSON pointer"""

Verb = Callable[[argparse.Namespace, Output], int]


class _Misused(Exception):
    """An argument that lacks or makes no sense: the usage, and what is the matter."""

    def __init__(self, usage: str, message: str) -> None:
        super().__init__(message)
        self.usage = usage
        self.message = message


class _Parser(argparse.ArgumentParser):
    """Says a misuse to whoever called, who knows whether a program or a person reads."""

    def error(self, message: str) -> NoReturn:
        raise _Misused(self.format_usage(), message)


def main(arguments: Sequence[str] | None = None, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parsed = _parser().parse_args(given)
    except _Misused as misuse:
        return _misused(misuse, Output(out=out or sys.stdout, err=err or sys.stderr, as_json="--json" in given))
    output = Output(out=out or sys.stdout, err=err or sys.stderr, as_json=parsed.json)
    verb: Verb = parsed.verb
    try:
        return verb(parsed, output)
    except BadInput as fault:
        output.refuse(str(parsed.file), fault)
        return BAD_INPUT
    except BrokenPipeError:
        return _nobody_reads(output)
    except OSError as error:
        output.refuse(str(error.filename), BadInput("", error.strerror or "cannot be read"))
        return BAD_INPUT


def _misused(misuse: _Misused, output: Output) -> int:
    """As bad input is told, with the argument for its place."""
    kind, _, rest = misuse.message.partition(" ")
    place, _, reason = rest.partition(": ")
    if output.as_json:
        is_placed = kind == "argument" and bool(reason)
        error, where = (reason, place) if is_placed else (misuse.message, "/")
        output.line({"error": error, "file": None, "place": where})
    else:
        print(f"{misuse.usage}ev-price: {misuse.message}", file=output.err)
    return BAD_INPUT


def _nobody_reads(output: Output) -> int:
    """As any filter ends whose reader has left, such as `head`: quietly, and not as if all had been well."""
    # What is still buffered would be tried again at the interpreter's end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), output.out.fileno())
    return 128 + signal.SIGPIPE


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(prog="ev-price", description=_WHAT, epilog=_STATUS)
    parser.add_argument("--json", action="store_true", help=_AS_JSON)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for add in (cases.add, cdr.add, explain.add, lint.add):
        added = add(verbs)
        # Without a default of its own, so that it may stand before the verb as well.
        added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=_AS_JSON)
        added.epilog = _STATUS
    return parser


if __name__ == "__main__":
    sys.exit(main())
