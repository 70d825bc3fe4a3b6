"""The ledger's edge: each route names its act, and the sum of the gaps follows the queue."""

from pathlib import Path

from story import STATION, at

from chassis.auth import declared_acts, undeclared_routes
from chassis.log import MemoryLog
from chassis.runner import HttpEdge
from chassis.telemetry import Metrics
from ev_contracts.sessions import ReviewItem
from session_ledger.adapters.http import ReviewTable
from session_ledger.app import build
from session_ledger.settings import Settings

PEOPLES = {
    ("GET", "/v1/review", "review-sessions"),
    ("POST", "/v1/sessions/{session_id}/correction", "correct-session"),
    ("POST", "/v1/sessions/{session_id}/release", "correct-session"),
    ("POST", "/v1/sessions/{session_id}/dispute", "correct-session"),
    ("POST", "/v1/sessions/{session_id}/dispute/resolution", "correct-session"),
    ("POST", "/v1/messages/{message_id}/settlement", "correct-session"),
    ("POST", "/v1/reservations", "reserve"),
    ("POST", "/v1/sessions/{session_id}/targets", "set-target"),
    ("GET", "/v1/sessions/{session_id}/targets", "read-target"),
    ("POST", "/v1/reservations/{reservation_id}/cancellation", "reserve"),
}


def test_every_route_names_its_act(tmp_path: Path) -> None:
    for name in ("page-token-key", "signed-value-key"):
        (tmp_path / name).write_text("not a secret outside this test")
    service = build(Settings(secrets_dir=tmp_path, log_level="error"), log=MemoryLog())
    (app,) = (part.app for part in service.parts if isinstance(part, HttpEdge))
    assert undeclared_routes(app) == []
    assert set(declared_acts(app)) >= PEOPLES


def gap(energy_wh: int, cause: str = "between-sessions") -> ReviewItem:
    return ReviewItem(
        item_id="g", kind="gap", station_id=STATION, cause=cause, detail="", energy_wh=energy_wh, raised_at=at(0)
    )


def test_the_sum_of_the_gaps_follows_each_that_is_found_and_filled() -> None:
    metrics = Metrics()
    table = ReviewTable(metrics)
    table.put("volt/a@g1", gap(600))
    table.put("volt/a@g2", gap(150))
    table.put("volt/b@g3", gap(70, "begin-missing"))
    assert metrics.get("unaccounted", "between-sessions") == 750
    table.put("volt/a@g1", None)
    assert metrics.get("unaccounted", "between-sessions") == 150
    assert [each.energy_wh for each in table.of("volt")] == [150, 70]
    assert table.of("ampere") == []
