"""`python -m pricing.cli` and the console script `ev-price`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from pricing.cli import cases, cdr, explain, lint
from pricing.cli.output import AGREES, BAD_INPUT, Output
from pricing.domain.ocpi.reading import BadInput

_STATUS = """exit status: 0 all is well; 1 a difference or a finding; 2 bad input, with its place as a JSON pointer"""

Verb = Callable[[argparse.Namespace, Output], int]


def main(arguments: Sequence[str] | None = None, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Returns the exit status."""
    parsed = _parser().parse_args(arguments)
    output = Output(out=out or sys.stdout, err=err or sys.stderr, as_json=parsed.json)
    verb: Verb = parsed.verb
    try:
        return verb(parsed, output)
    except BadInput as fault:
        output.refuse(str(parsed.file), fault)
        return BAD_INPUT
    except OSError as error:
        output.refuse(str(error.filename), BadInput("", error.strerror or "cannot be read"))
        return BAD_INPUT
    except BrokenPipeError:
        return AGREES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ev-price", description=__doc__, epilog=_STATUS)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for add in (cases.add, cdr.add, explain.add, lint.add):
        added = add(verbs)
        added.add_argument("--json", action="store_true", help="one JSON object a line")
        added.epilog = _STATUS
    return parser


def a_file(text: str) -> Path:
    """A path; `-` is the standard input."""
    return Path("/dev/stdin" if text == "-" else text)


if __name__ == "__main__":
    sys.exit(main())
