"""How many meter readings a second ledger and pricing keep up with, behind a gateway, on the same cores.

`python e2e/bench/readings.py [--stations 200] [--seconds 30] [--rate 1000] [--out FILE]` on a running lab; JSON to
stdout. As `chain.py`, but only with what a reading passes until it has a price: registry and accounts for the facts,
gateway, ledger and pricing. `readings_per_s` is how many of them were worked off a second, from the first to when
neither ledger nor pricing was behind; 2,000 over `cpu_ms_per_call` is what two cores can do.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from chain import WARMUP_S, Run, main
from driver import CALLS_OF_A_SESSION, METER_MESSAGES

PARTS = ("issuer", "asset-registry", "accounts", "session-ledger", "pricing", "charger-gateway")
SHARE = METER_MESSAGES / CALLS_OF_A_SESSION
"""Of a station's calls, those that bring a reading within a session."""


async def measure(run: Run) -> dict[str, Any]:
    """Load, and wait until ledger and pricing have read all of it."""
    loaded = await run.loaded()
    # They say how far they are every five seconds: the last word before the load ended would be too good.
    await asyncio.sleep(max(0.0, 6 - (time.monotonic() - loaded.stopped)))
    done = await run.until_read()
    readings, took_s = loaded.calls * SHARE, run.seconds + WARMUP_S + done - loaded.stopped
    return {
        **loaded.figures,
        "cpu_ms_per_call": run.cost(loaded),
        "readings_per_s": round(readings / took_s),
        "caught_up_after_s": round(done - loaded.stopped, 1),
    }


if __name__ == "__main__":
    main(measure, PARTS, __doc__)
