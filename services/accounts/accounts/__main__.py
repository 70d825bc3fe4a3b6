"""Runs the accounts until they are told to stop."""

from accounts.app import build
from accounts.settings import Settings
from chassis.runner import run_service

if __name__ == "__main__":
    run_service(build(Settings()))
