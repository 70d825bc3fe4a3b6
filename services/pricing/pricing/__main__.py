"""`python -m pricing`: settings, build, run."""

from chassis.runner import run_service
from pricing.app import build
from pricing.settings import Settings

if __name__ == "__main__":
    run_service(build(Settings()))
