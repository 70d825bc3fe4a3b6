"""Which sessions run with which token is told when it changes, and not otherwise."""

from story import PARTIES, SESSION, STATION, end, reading, readings, start, told

from chassis.decider import Snapshot
from ev_contracts.sessions import OpenSession, OpenSessions
from session_ledger.domain.shown import OPEN, open_snapshots
from session_ledger.domain.station import Station

NOBODY = Station()
_, RUNNING = told([start()])


def test_a_session_that_begins_is_told_with_its_token() -> None:
    record = OpenSessions(station_id=STATION, sessions=(OpenSession(session_id=SESSION, token_ref="token-7"),))
    assert list(open_snapshots(NOBODY, RUNNING)) == [Snapshot(topic=OPEN, key="", record=record)]


def test_a_reading_tells_nothing_and_the_end_that_none_runs() -> None:
    _, read = told([readings(reading(10, 2_000))], RUNNING)
    assert list(open_snapshots(RUNNING, read)) == []
    _, ended = told([end()], read)
    assert list(open_snapshots(read, ended)) == [Snapshot(topic=OPEN, key="", record=None)]


def test_a_session_whose_token_was_refused_counts_for_nobody() -> None:
    _, refused = told([start(parties=PARTIES.model_copy(update={"emsp_party_id": None}))])
    assert list(open_snapshots(NOBODY, refused)) == []
