"""Fixtures of the chassis' tests: a quiet log, a clock at noon, and the real log where the lab runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from chassis.telemetry import configure_logs

configure_logs("error")
