"""Runs the registry until it is told to stop."""

from asset_registry.app import build
from asset_registry.settings import Settings
from chassis.runner import run_service

if __name__ == "__main__":
    run_service(build(Settings()))
