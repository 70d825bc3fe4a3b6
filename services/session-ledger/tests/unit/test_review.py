"""What people settle: held sessions become billable, closed ones are corrected, disputes are kept until resolved."""

from story import SESSION, STATION, at, charging, deadline, end, name_of, one, reading, readings, start, suspended, told

from chassis.decider import Refused
from ev_contracts.sessions import (
    CorrectSession,
    DisputeSession,
    ReleaseSession,
    ResolveDispute,
    SessionClosed,
    SessionCorrected,
    SessionReviewed,
)
from session_ledger.domain.session import Command, session
from session_ledger.domain.station import Station
from session_ledger.domain.work_queue import snapshots

WHO = {"session_id": SESSION, "station_id": STATION, "by": "cleo", "reason": "photo of the meter"}
HELD: list[Command] = [start(), end(60, 900), deadline("close", 61)]
CLOSED: list[Command] = [start(), suspended(20), charging(40), end(60, 12_000), deadline("close", 61)]


def correct(**figures: object) -> CorrectSession:
    return CorrectSession(at=at(200), **WHO, **figures)


def refusal(command: Command, state: Station) -> str:
    refused = session.decide(command, state)
    assert isinstance(refused, Refused)
    return refused.reason


def test_a_held_session_is_closed_by_a_persons_figures_and_says_who_and_why() -> None:
    _, state = told(HELD)
    events, after = told([correct(meter_stop_wh=12_000)], state)
    review, closed = events
    assert isinstance(review, SessionReviewed)
    assert isinstance(closed, SessionClosed)
    assert (review.act, review.by, review.reason) == ("corrected", "cleo", "photo of the meter")
    assert (closed.rule, closed.facts.energy_wh, closed.facts.energy_rule) == ("by-person", 11_000, "by-person")
    assert sum(each.energy_wh for each in closed.facts.periods) == closed.facts.curve[-1].energy_wh == 11_000
    assert after.sessions == {}


def test_the_queue_shows_a_held_session_until_it_is_settled() -> None:
    before, state = session.initial, told(HELD)[1]
    (shown,) = snapshots(before, state)
    assert (shown.key, shown.record.kind, shown.record.cause) == (f"@{SESSION}", "session", "energy-negative")
    after = told([correct(meter_stop_wh=12_000)], state)[1]
    assert [(each.key, each.record) for each in snapshots(state, after)] == [(f"@{SESSION}", None)]
    assert snapshots(state, state) == ()


def test_a_person_may_say_the_energy_itself() -> None:
    _, state = told(HELD)
    events, _ = told([correct(energy_wh=7_500, ended_at=at(50))], state)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert (closed.facts.energy_wh, closed.facts.ended_at, closed.facts.meter_stop_wh) == (7_500, at(50), 900)


def test_figures_that_lack_or_make_no_sense_are_refused() -> None:
    _, state = told(HELD)
    assert refusal(correct(), state) == "figures-impossible"
    assert refusal(correct(meter_stop_wh=12_000, ended_at=at(-5)), state) == "figures-impossible"
    _, state = told([start(meter_start_wh=None), end(60, None), deadline("close", 80)])
    assert refusal(correct(meter_stop_wh=12_000), state) == "figures-missing"
    assert refusal(correct(meter_stop_wh=12_000).model_copy(update={"session_id": "no"}), state) == "session-unknown"


def test_a_session_that_runs_is_not_corrected() -> None:
    _, state = told([start()])
    assert refusal(correct(meter_stop_wh=12_000), state) == "session-runs"


def test_a_held_session_may_be_released_as_it_stands() -> None:
    _, state = told([start(), end(60, 500_000), deadline("close", 61)])
    events, _ = told([ReleaseSession(at=at(200), **WHO)], state)
    assert [getattr(each, "act", "") for each in events] == ["released", ""]
    assert isinstance(events[1], SessionClosed)
    assert events[1].facts.energy_wh == 499_000
    _, state = told(HELD)
    assert refusal(ReleaseSession(at=at(200), **WHO), state) == "figures-impossible"


def test_a_closed_session_is_corrected_and_its_periods_share_the_new_energy_as_the_old() -> None:
    _, state = told(CLOSED)
    events, after = told([correct(meter_stop_wh=6_500)], state)
    review, corrected = events
    assert isinstance(review, SessionReviewed)
    assert isinstance(corrected, SessionCorrected)
    assert (corrected.cause, corrected.facts.energy_wh) == ("by-person", 5_500)
    assert [(each.charging, each.energy_wh) for each in corrected.facts.periods] == [
        (True, 2_750),
        (False, 0),
        (True, 2_750),
    ]
    assert told([correct(meter_stop_wh=6_500)], after)[0] == []


def test_a_correction_moves_the_gap_beside_it() -> None:
    first = correct(meter_stop_wh=5_600).model_copy(update={"session_id": name_of(0)})
    _, state = told([*one(0, 1_000, 5_000), *one(1, 5_600, 9_000)])
    assert len(state.gaps) == 1
    assert told([first], state)[1].gaps == {}


def test_a_dispute_stands_in_the_queue_until_it_is_resolved() -> None:
    _, state = told(CLOSED)
    events, disputed = told([DisputeSession(at=at(200), **WHO)], state)
    assert [getattr(each, "act", "") for each in events] == ["disputed"]
    (shown,) = snapshots(state, disputed)
    assert (shown.record.kind, shown.record.cause, shown.record.energy_wh) == ("dispute", "disputed", 11_000)
    assert told([DisputeSession(at=at(201), **WHO)], disputed)[0] == []
    _, resolved = told([ResolveDispute(at=at(300), **WHO)], disputed)
    assert [each.record for each in snapshots(disputed, resolved)] == [None]
    assert told([ResolveDispute(at=at(301), **WHO)], resolved)[0] == []
    assert (
        refusal(DisputeSession(at=at(200), **WHO).model_copy(update={"session_id": "no"}), state) == "session-unknown"
    )


def test_a_disputed_session_stays_correctable_however_many_follow() -> None:
    _, state = told([*CLOSED, DisputeSession(at=at(200), **WHO)])
    later = [each for number in range(5, 20) for each in one(number, 12_000, 12_000)]
    _, state = told(later, state)
    assert len(state.final) <= 9
    events, _ = told([correct(meter_stop_wh=11_000)], state)
    assert isinstance(events[1], SessionCorrected)


def test_a_correction_settles_the_dispute() -> None:
    _, state = told([*CLOSED, DisputeSession(at=at(200), **WHO)])
    assert told([correct(meter_stop_wh=6_500)], state)[1].questions == {}


def test_a_held_session_is_judged_again_by_what_still_comes() -> None:
    _, state = told([start(meter_start_wh=None), end(60, 12_000), deadline("close", 80)])
    assert refusal(ReleaseSession(at=at(200), **WHO), state) == "figures-missing"
    events, _ = told([readings(reading(2, 1_500), at=at(300))], state)
    assert [type(each).__name__ for each in events] == ["SessionEvidenceKept", "SessionClosed"]


def test_a_late_fact_that_cannot_be_asks_a_person_once() -> None:
    _, state = told(CLOSED)
    wild = end(61, 900_000, at=at(90))
    events, after = told([wild], state)
    assert [getattr(each, "cause", "") for each in events] == ["late-fact-implausible"]
    assert list(after.questions) == [SESSION]
    assert told([wild], after)[0] == []
