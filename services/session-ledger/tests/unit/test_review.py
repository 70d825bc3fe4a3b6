"""What people settle: held sessions become billable, closed ones are corrected, disputes are kept until resolved."""

from story import (
    PARTIES,
    PLACE,
    SESSION,
    STATION,
    at,
    charging,
    deadline,
    end,
    name_of,
    one,
    reading,
    readings,
    start,
    suspended,
    told,
)

from chassis.decider import Refused
from ev_contracts.sessions import (
    CorrectSession,
    DisputeSession,
    RecallSession,
    ReleaseSession,
    ResolveDispute,
    SessionClosed,
    SessionCorrected,
    SessionReviewed,
    Stopper,
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


def test_a_held_session_keeps_the_parking_and_the_powers_that_its_station_told() -> None:
    stopped = {"stopper": Stopper(token_ref="token-9", token_status="Accepted")}
    half = reading(10, 6_000).model_copy(update={"power_w": 22_000})
    commands: list[Command] = [
        start(),
        suspended(20),
        readings(half),
        charging(40),
        end(60, 900, **stopped),
        deadline("close", 61),
    ]
    _, state = told(commands)
    events, after = told([correct(meter_stop_wh=12_000)], state)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert [(each.started_at, each.charging, each.suspended_by, each.energy_wh) for each in closed.facts.periods] == [
        (at(0), True, None, 7_000),
        (at(20), False, "EV", 0),
        (at(40), True, None, 4_000),
    ]
    assert [(each.at, each.energy_wh, each.power_w) for each in closed.facts.curve] == [
        (at(0), 0, None),
        (at(10), 5_000, 22_000),
        (at(60), 11_000, None),
    ]
    assert (closed.facts.stop_authority, closed.clock_offset_s) == ("foreign-token", 0)
    assert after.questions[SESSION].cause == "foreign-stop"


def test_a_persons_energy_follows_the_shape_of_the_readings() -> None:
    _, state = told([start(), readings(reading(10, 6_000)), end(60, 500_000), deadline("close", 61)])
    events, _ = told([correct(meter_stop_wh=11_000, energy_wh=5_000)], state)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert [(each.at, each.energy_wh) for each in closed.facts.curve] == [(at(0), 0), (at(10), 2_500), (at(60), 5_000)]


def test_a_session_without_any_stop_is_closed_by_a_persons_times() -> None:
    _, state = told([start(started_at=at(-9_000_000)), deadline("silence", 9_000)])
    figures = {"started_at": at(0), "ended_at": at(60), "meter_stop_wh": 12_000}
    events, _ = told([correct(**figures)], state)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert (closed.facts.started_at, closed.facts.ended_at, closed.facts.energy_wh) == (at(0), at(60), 11_000)
    assert [(each.started_at, each.ended_at, each.energy_wh) for each in closed.facts.periods] == [
        (at(0), at(60), 11_000)
    ]


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


UNHEARD: list[Command] = [
    readings(reading(30, 6_000), session_id=SESSION, at=at(30)),
    end(60, 12_000, session_id=SESSION),
    deadline("silence", 9_000),
]
"""Of a session whose start got lost."""


def test_a_session_whose_start_was_never_heard_is_closed_where_a_person_says_when_where_and_for_whom_it_began() -> None:
    _, state = told(UNHEARD)
    assert refusal(ReleaseSession(at=at(200), **WHO), state) == "figures-missing"
    assert refusal(correct(started_at=at(0), meter_start_wh=1_000), state) == "context-unknown"
    said = {"started_at": at(0), "meter_start_wh": 1_000, "place": PLACE, "parties": PARTIES}
    events, after = told([correct(**said)], state)
    assert [type(each).__name__ for each in events] == ["SessionReviewed", "SessionStarted", "SessionClosed"]
    assert isinstance(events[2], SessionClosed)
    assert (events[2].place, events[2].parties, events[2].end_reason) == (PLACE, PARTIES, "Local")
    assert [(each.at, each.energy_wh) for each in events[2].facts.curve] == [
        (at(0), 0),
        (at(30), 5_000),
        (at(60), 11_000),
    ]
    assert after.sessions == {}


def test_an_ended_session_whose_payer_stays_unknown_stands_in_the_queue_and_a_person_may_say_who_it_was() -> None:
    _, state = told([start(parties=None), end(60, 12_000), *(deadline("context", 61 + each) for each in range(5))])
    assert refusal(ReleaseSession(at=at(200), **WHO), state) == "context-unknown"
    _, waiting = told([deadline("context", 70)], state)
    (shown,) = snapshots(state, waiting)
    assert (shown.record.kind, shown.record.cause, shown.record.detail) == (
        "session",
        "context-unknown",
        "no payer is known",
    )
    events, after = told([correct(parties=PARTIES)], waiting)
    assert [type(each).__name__ for each in events] == ["SessionReviewed", "SessionContextResolved", "SessionClosed"]
    assert [each.record for each in snapshots(waiting, after)] == [None]


def test_what_a_session_knows_of_itself_is_better_than_what_a_person_says() -> None:
    _, state = told([start(), end(60, 900), deadline("close", 61)])
    elsewhere = PLACE.model_copy(update={"connector_number": 2})
    events, _ = told([correct(meter_stop_wh=12_000, place=elsewhere)], state)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert closed.place == PLACE


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


LATER: list[Command] = [each for number in range(5, 20) for each in one(number, 12_000, 12_000)]


def recalled(state: Station) -> RecallSession:
    """As the log has the session of noon."""
    closed = told(CLOSED)[0][-1]
    assert isinstance(closed, SessionClosed)
    context = {"facts": closed.facts, "place": closed.place, "parties": closed.parties}
    assert SESSION not in state.final
    return RecallSession(at=at(9_000), transaction_id="771234561", end_reason="Local", **WHO, **context)


def test_a_session_that_is_forgotten_is_refused_with_the_reason_and_may_be_recalled_from_the_log() -> None:
    _, state = told([*CLOSED, *LATER])
    for command in (
        correct(meter_stop_wh=6_500),
        DisputeSession(at=at(9_000), **WHO),
        ReleaseSession(at=at(9_000), **WHO),
    ):
        assert refusal(command, state) == "session-forgotten"
    _, back = told([recalled(state)], state)
    (shown,) = snapshots(state, back)
    assert (shown.record.kind, shown.record.cause, shown.record.energy_wh) == ("dispute", "recalled", 11_000)
    assert told([recalled(state)], back)[0] == []
    events, after = told([correct(meter_stop_wh=6_500)], back)
    assert [type(each).__name__ for each in events] == ["SessionReviewed", "SessionCorrected", "GapFound"]
    assert isinstance(events[1], SessionCorrected)
    assert (events[1].facts.energy_wh, len(events[1].facts.periods)) == (5_500, 3)
    assert after.questions == {}


def test_a_recalled_session_is_correctable_until_it_is_resolved_however_many_follow() -> None:
    _, state = told([*CLOSED, *LATER])
    more = [each for number in range(160, 175) for each in one(number, 12_000, 12_000)]
    _, state = told([recalled(state), *more], state)
    assert SESSION in state.final
    last = one(175, 12_000, 12_000)
    _, state = told([ResolveDispute(at=at(10_400), **WHO), *last, *one(240, 12_000, 12_000)], state)
    assert SESSION not in state.final


def test_a_session_that_runs_is_not_recalled() -> None:
    _, state = told([start()])
    assert refusal(recalled(session.initial), state) == "session-runs"
