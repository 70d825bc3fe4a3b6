"""Runs one role's read model until it is told to stop."""

from chassis.runner import run_service
from projections.app import build
from projections.settings import Settings

if __name__ == "__main__":
    run_service(build(Settings()))
