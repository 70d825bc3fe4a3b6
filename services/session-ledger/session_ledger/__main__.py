"""`python -m session_ledger`: settings, build, run."""

from chassis.runner import run_service
from session_ledger.app import build
from session_ledger.settings import Settings

if __name__ == "__main__":
    run_service(build(Settings()))
