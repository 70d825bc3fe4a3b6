"""Whatever the order and however often a session's messages come, the session comes to the same facts."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from story import SESSION, at, charging, end, reading, readings, start, suspended

from chassis.decider import Refused
from ev_contracts.common import SessionFacts
from ev_contracts.sessions import SessionClosed, SessionCorrected, SessionDeadlinePassed, Stopper
from session_ledger.domain.session import Command, session_decider
from session_ledger.domain.station import Station

STRANGER = Stopper(token_ref="token-9", token_status="Accepted")
DECIDER = session_decider(settle_s=30, grace_s=900)


@dataclass(frozen=True)
class Played:
    closed: Sequence[SessionFacts]
    corrected: int
    station: Station


def play(commands: Sequence[Command]) -> Played:
    """Runs the commands and then every deadline that stands, as the worker would."""
    station, closed, corrected = DECIDER.initial, [], 0
    queue = list(commands)
    while queue or DECIDER.deadlines(station):
        if queue:
            command: Command = queue.pop(0)
        else:
            due = min(DECIDER.deadlines(station), key=lambda each: each.due_at)
            command = SessionDeadlinePassed(at=due.due_at, name=due.name, due_at=due.due_at)
        events = DECIDER.decide(command, station)
        assert not isinstance(events, Refused)
        for event in events:
            station = DECIDER.evolve(station, event)
            if isinstance(event, SessionClosed):
                closed.append(event.facts)
            corrected += isinstance(event, SessionCorrected)
    return Played(closed, corrected, station)


V16: tuple[Command, ...] = (
    readings(reading(5, 2_100)),
    readings(reading(10, 3_000), reading(11, 3_150)),
    suspended(20),
    readings(reading(25, 4_800)),
    charging(40),
    readings(reading(45, 6_000)),
    readings(reading(60, 12_000, "Transaction.End")),
    end(60, 12_000, stopper=STRANGER),
)


@given(st.data())
def test_a_1_6_session_comes_to_the_same_whatever_follows_its_start_in_any_order(data: st.DataObject) -> None:
    expected = play((start(), *V16)).closed
    repeats = data.draw(st.lists(st.sampled_from(V16), max_size=6))
    shuffled = data.draw(st.permutations([*V16, start(), *repeats]))
    # Without its start's transaction number a 1.6 message could not exist; connectors may speak before.
    early = [each for each in shuffled if each in {suspended(20), charging(40)} and data.draw(st.booleans())]
    rest = [each for each in shuffled if each not in early]
    played = play((*early, start(), *rest))
    assert played.closed == expected
    assert played.corrected == 0


V201: tuple[Command, ...] = (
    start(
        ocpp_version="2.0.1",
        seq_no=0,
        meter_start_wh=None,
        charging=False,
        readings=(reading(0, 1_000, "Transaction.Begin"),),
    ),
    readings(reading(2, 1_000), session_id=SESSION, seq_no=1, charging=True),
    readings(reading(10, 3_000), session_id=SESSION, seq_no=2, charging=True),
    readings(reading(20, 5_000), session_id=SESSION, seq_no=3, charging=False),
    readings(reading(30, 5_000), session_id=SESSION, seq_no=4, charging=False),
    readings(reading(40, 5_000), session_id=SESSION, seq_no=5, charging=True),
    readings(reading(50, 8_000), session_id=SESSION, seq_no=6, charging=True),
    readings(reading(55, 9_000), session_id=SESSION, seq_no=7, stopper=STRANGER),
    end(60, None, session_id=SESSION, seq_no=8, readings=(reading(60, 12_000, "Transaction.End"),)),
)


@given(st.permutations([*V201, *V201[2:6]]))
def test_a_2_x_session_closes_at_once_and_the_same_when_its_last_number_is_in(shuffled: list[Command]) -> None:
    expected = play(V201).closed
    assert [(each.energy_wh, each.stop_authority) for each in expected] == [(11_000, "foreign-token")]
    station, closed = DECIDER.initial, []
    for command in shuffled:
        events = DECIDER.decide(command, station)
        assert not isinstance(events, Refused)
        for event in events:
            station = DECIDER.evolve(station, event)
            closed += [event.facts] if isinstance(event, SessionClosed) else []
            assert not isinstance(event, SessionCorrected)
    assert closed == expected
    assert not DECIDER.deadlines(station)


def test_a_repeat_after_the_close_adds_nothing() -> None:
    once = play((start(), *V16))
    twice = play((start(), *V16, start(), *V16))
    assert (len(once.closed), len(twice.closed)) == (1, 1)
    assert play((start(), *V16, V16[-1])).corrected == 0
    station = once.station
    for command in (start(), *V16):
        if command in {suspended(20), charging(40)}:
            continue  # a connector's word names no session and is kept for one that may still come
        assert DECIDER.decide(command, station) == []


def test_periods_say_what_charged_and_what_parked() -> None:
    (facts,) = play((start(), *V16)).closed
    assert [(p.charging, p.started_at, p.ended_at) for p in facts.periods] == [
        (True, at(0), at(20)),
        (False, at(20), at(40)),
        (True, at(40), at(60)),
    ]
    assert sum(p.energy_wh for p in facts.periods) == facts.energy_wh == 11_000
    assert facts.periods[1].energy_wh == 0
