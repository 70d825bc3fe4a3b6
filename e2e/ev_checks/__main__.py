"""`python -m ev_checks [namespace]`: checks the money of the running lab; status 1 where anything is found."""

import asyncio
import sys

from ev_checks.money import findings
from ev_checks.reading import read_ledger
from ev_lab.endpoints import endpoints
from ev_lab.paths import LabPaths


def main() -> int:
    """Prints what was read and what was found."""
    paths = LabPaths.of_checkout()
    namespace = sys.argv[1] if len(sys.argv) > 1 else ""
    ledger = asyncio.run(read_ledger(endpoints(paths).kafka, paths.schema_ids, namespace=namespace))
    print(
        f"{len(ledger.closed)} sessions closed, {len(ledger.rated)} ratings, {len(ledger.unratable)} unratable, "
        f"{len(ledger.entries)} entries, {len(ledger.invoices)} invoices, {len(ledger.notes)} notes"
    )
    found = findings(ledger)
    for finding in found:
        print(f"{finding.rule}: {finding.subject} {finding.detail}".rstrip())
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
