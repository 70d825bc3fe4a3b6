"""`python -m charger_gateway`: settings from the environment, build, run."""

from charger_gateway.app import build
from charger_gateway.settings import Settings
from chassis.runner import run_service

if __name__ == "__main__":
    run_service(build(Settings()))
