"""`python -m billing`: settings, build, run."""

from billing.app import build
from billing.settings import Settings
from chassis.runner import run_service

if __name__ == "__main__":
    run_service(build(Settings()))
