"""`python -m charger_gateway`: settings from the environment, build, run."""

import gc

from charger_gateway.app import build
from charger_gateway.settings import Settings
from chassis.runner import run_service

# Records live for milliseconds and hold no cycles: looking for cycles every 700 allocations costs a tenth of the calls.
_ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000

if __name__ == "__main__":
    service = build(Settings())
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    run_service(service)
