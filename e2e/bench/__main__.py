"""All measurements one after the other, as one JSON object: `python e2e/bench [--out FILE]` on a running lab."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# The floor is measured beside the gateway, in the same run.
MEASURED = ("ratings", "gateway", "growth", "storm", "ledger", "loops", "chain")


def measured(name: str) -> object:
    """What one program found. Raises CalledProcessError where it fails; its own words stand on stderr."""
    print(f"bench: {name}", file=sys.stderr, flush=True)
    program = [sys.executable, str(HERE / f"{name}.py")]
    return json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = json.dumps({name: measured(name) for name in MEASURED}, indent=1)
    print(found)
    if asked.out is not None:
        asked.out.write_text(found + "\n", encoding="utf-8")
