"""A third opinion: the Rust program `ocpi-tariffs` on OCPI's worked examples and on random sessions.

Where it differs, the session is priced by both once more without what may be the cause, until they agree: so the cause
is found, not guessed. Each cause stands below with who is right and why; a difference without one is an exit status 1.
`python foreign.py [how many random sessions] [seed]`; it installs the program by cargo when it is not there.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from causes import CAUSES, Json
from test_periods_in_json import case_text, throw_even

from pricing.domain.ocpi.cases import read_case
from pricing.domain.ocpi.reading import parse

ROOT = Path(__file__).parents[4]
TOOL = "ocpi-tariffs-cli@0.54.0"
HOME = ROOT / ".lab" / "foreign"
PROGRAM = HOME / "bin" / "ocpi-tariffs"
WORKED = ROOT / "e2e/data/ocpi/tariff_cases.json"
TOLERANCE = Fraction(1, 200)
"""The program rounds each part to four decimals, and with a step of one second leaves what is below a second."""
TOTAL = re.compile(r"Total Cost \((Excl|Incl)\.\)\s*\|\s*\D*?(-?[0-9.]+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

Prices: TypeAlias = tuple[Fraction | None, ...]


def installed() -> bool:
    """By cargo, of whichever toolchain is new enough."""
    if PROGRAM.exists():
        return True
    for toolchain in ([], ["+nightly"]):
        command = ["cargo", *toolchain, "install", "--quiet", "--locked", "--root", str(HOME), TOOL]
        try:
            if subprocess.run(command, check=False).returncode == 0:
                return True
        except FileNotFoundError:
            break
    return False


def theirs(case: Json) -> Prices:
    """The program's price; None where it gives none."""
    with tempfile.TemporaryDirectory() as folder:
        tariff = {
            **case["tariff"],
            "country_code": "NL",
            "party_id": "VLT",
            "id": "t",
            "last_updated": "2020-01-01T00:00:00Z",
        }
        paths = {name: Path(folder) / f"{name}.json" for name in ("cdr", "tariff")}
        for name, told in (("cdr", cdr_of(case["session"], tariff)), ("tariff", tariff)):
            paths[name].write_text(plain_json(told), encoding="utf-8")
        command = [str(PROGRAM), "price", "-o", "v221", "-c", str(paths["cdr"]), "-t", str(paths["tariff"])]
        command += ["-z", case["session"]["time_zone"]]
        said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    found = {view: Fraction(amount) for view, amount in TOTAL.findall(COLOUR.sub("", said))}
    return found.get("Excl"), found.get("Incl")


def plain_json(told: Json) -> str:
    """Without exponents, which the program does not read."""
    return re.sub(r"(?<=: )-?[0-9.]+e-[0-9]+", lambda found: f"{float(found[0]):.15f}", json.dumps(told))


def cdr_of(session: Json, tariff: Json) -> Json:
    """All that a CDR must have."""
    volumes: Counter[str] = Counter()
    for period in session["charging_periods"]:
        for each in period["dimensions"]:
            volumes[each["type"]] += each["volume"]
    names = ("id", "address", "city", "evse_uid", "evse_id", "connector_id")
    return {
        **{name: session[name] for name in ("start_date_time", "end_date_time", "charging_periods")},
        "country_code": "NL",
        "party_id": "VLT",
        "id": "c",
        "session_id": "s",
        "cdr_token": {"country_code": "NL", "party_id": "EMO", "uid": "u", "type": "RFID", "contract_id": "x"},
        "auth_method": "WHITELIST",
        "cdr_location": {
            **dict.fromkeys(names, "1"),
            "country": "NLD",
            "coordinates": {"latitude": "52.0", "longitude": "4.0"},
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": tariff["currency"],
        "tariffs": [tariff],
        "total_cost": {"excl_vat": 0, "incl_vat": 0},
        "total_energy": volumes["ENERGY"],
        "total_time": volumes["TIME"] + volumes["PARKING_TIME"],
        "last_updated": session["end_date_time"],
    }


def ours(case: Json) -> Prices:
    priced = read_case(parse(json.dumps(case))).priced
    return priced.excl_vat, priced.incl_vat


def agree(case: Json) -> bool:
    pairs = zip(theirs(case), ours(case), strict=True)
    return all(mine is None or (it is not None and abs(it - mine) <= TOLERANCE) for it, mine in pairs)


def causes_of(case: Json) -> list[str] | None:
    """Each that is cause enough by itself; else as many as it takes, in order; None where all together are not."""
    alone = [each.name for each in CAUSES if agree(each.without(case))]
    if alone:
        return alone[:1]
    taken: list[str] = []
    for each in CAUSES:
        case = each.without(case)
        taken.append(each.name)
        if agree(case):
            return taken
    return None


def random_cases(how_many: int, seed: str) -> Iterator[Json]:
    dice = random.Random(seed)
    for number in range(how_many):
        case: Json = json.loads(case_text(throw_even(dice)))
        if "tax_included" not in case["tariff"]:  # the program reads 2.2.1
            yield {**case, "id": f"random {number}"}


def compare(title: str, cases: Iterator[Json], *, names_each: bool) -> int:
    """Prints what was found; how many differences have no known cause."""
    causes: Counter[str] = Counter()
    unexplained = agreed = 0
    for case in cases:
        if agree(case):
            agreed += 1
            continue
        found = causes_of(case)
        unexplained += found is None
        causes.update(found or ["no known cause"])
        if names_each or found is None:
            print(
                f"  {case['id']}: theirs {shown(theirs(case))}, ours {shown(ours(case))}: {found or 'no known cause'}"
            )
    print(f"{title}: {agreed} agree; differ by cause: {dict(causes) or 'none'}")
    return unexplained


def shown(prices: Prices) -> str:
    return " / ".join("-" if each is None else f"{float(each):.4f}" for each in prices)


def main(how_many: int, seed: str) -> int:
    if not installed():
        print(f"no third opinion: {TOOL} could not be installed by cargo", file=sys.stderr)
        return 1
    worked: Sequence[Mapping[str, Any]] = json.loads(WORKED.read_text(encoding="utf-8"))["cases"]
    unexplained = compare("worked examples", (dict(each) for each in worked), names_each=True)
    unexplained += compare(f"random sessions, seed {seed}", random_cases(how_many, seed), names_each=False)
    for each in CAUSES:
        print(f"- {each.name}: {each.verdict}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    asked = sys.argv[1:]
    sys.exit(main(int(asked[0]) if asked else 300, asked[1] if len(asked) > 1 else os.environ.get("EV_SEED", "1")))
