"""`python -m roaming`: settings, build, run."""

from chassis.runner import run_service
from roaming.app import build
from roaming.settings import Settings

if __name__ == "__main__":
    run_service(build(Settings()))
