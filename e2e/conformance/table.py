"""`python -m conformance.table` writes the table of cases into the gateway's README; `--check` fails if stale."""

import importlib
import pkgutil
import sys
from pathlib import Path

import conformance.shall
import conformance.v16
import conformance.v21
import conformance.v201
from conformance.cases import SHALL, V16, V21, V201, Case, Register
from conformance.ids import SHALL_IDS, V16_IDS, V21_IDS, V201_IDS

README = Path(__file__).resolve().parents[2] / "services" / "charger-gateway" / "README.md"
BEGIN, END = "<!-- conformance:begin -->", "<!-- conformance:end -->"
EXPECTED = {"1.6": V16_IDS, "2.0.1": V201_IDS, "2.1": V21_IDS, "2.0.1 SHALL": SHALL_IDS}


def registers() -> tuple[Register, ...]:
    """The registers, once every module of cases is read."""
    for package in (conformance.v16, conformance.v201, conformance.v21, conformance.shall):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return (V16, V201, V21, SHALL)


def all_cases() -> tuple[Case, ...]:
    """The cases of all versions."""
    return tuple(case for register in registers() for case in register.cases)


def drawn() -> str:
    """The table between its markers."""
    lines = [BEGIN, *_summary(), "", "| version | case | what must be so | passes |", "| --- | --- | --- | --- |"]
    for case in all_cases():
        verdict = "yes" if case.passes else f"no: {case.missing}"
        lines.append(f"| {case.version} | {case.case_id} | {case.says} | {verdict} |")
    return "\n".join([*lines, END])


def _summary() -> list[str]:
    return [
        f"OCPP {register.version}: {sum(case.passes for case in register.cases)} of {len(register.cases)} cases pass."
        for register in registers()
    ]


def main() -> int:
    """Write or check; 1 where it is stale."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    fresh = before + drawn() + after
    if "--check" in sys.argv[1:]:
        if fresh != text:
            print(f"{README.name}: the table of conformance is stale: python -m conformance.table", file=sys.stderr)
        return int(fresh != text)
    README.write_text(fresh, encoding="utf-8")
    print("\n".join(_summary()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
