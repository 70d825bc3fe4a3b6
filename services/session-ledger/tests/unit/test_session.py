"""What a station's messages make true of its sessions: one rule each, yes, no and nothing to do."""

from datetime import timedelta

import pytest
from story import (
    PARTIES,
    PLACE,
    SESSION,
    STATION,
    TRANSACTION,
    at,
    charging,
    deadline,
    end,
    reading,
    readings,
    start,
    suspended,
)

from chassis.decider import Deadline
from chassis.testing import Scenario
from ev_contracts.common import ChargingPeriod, MeterPoint, MeterReading, SessionFacts
from ev_contracts.sessions import (
    EnergyDelivered,
    ResolveContext,
    SessionClosed,
    SessionContextResolved,
    SessionContextWanted,
    SessionCorrected,
    SessionEnded,
    SessionEvidenceKept,
    SessionMarkedSuspect,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
)
from session_ledger.domain.evidence import Told, with_told
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.session import session

STARTED = SessionStarted(
    **start().model_dump(include=set(SessionStarted.model_fields) - {"place", "parties"}),
    place=PLACE,
    parties=PARTIES,
    received_at=at(0),
)


def delivered(minutes: float, register_wh: int, *, parking_s: int = 0) -> EnergyDelivered:
    return EnergyDelivered(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        measured_at=at(minutes),
        register_wh=register_wh,
        energy_wh=register_wh - 1_000,
        started_at=at(0),
        charging_s=int(minutes * 60) - parking_s,
        parking_s=parking_s,
        place=PLACE,
        parties=PARTIES,
        received_at=at(minutes),
    )


def ended(minutes: float = 60, meter_stop_wh: int | None = 12_000, energy_wh: int = 11_000) -> SessionEnded:
    return SessionEnded(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        ended_at=at(minutes),
        meter_stop_wh=meter_stop_wh,
        energy_wh=energy_wh,
        reason="Local",
        offline=False,
        place=PLACE,
        parties=PARTIES,
        received_at=at(minutes),
    )


FACTS = SessionFacts(
    session_id=SESSION,
    started_at=at(0),
    ended_at=at(60),
    energy_wh=11_000,
    meter_start_wh=1_000,
    meter_stop_wh=12_000,
    periods=(ChargingPeriod(started_at=at(0), ended_at=at(60), charging=True, energy_wh=11_000),),
    curve=(MeterPoint(at=at(0), energy_wh=0), MeterPoint(at=at(60), energy_wh=11_000)),
    energy_rule="registers",
    stop_authority="without-token",
)


def closed(minutes: float, rule: str = "settled", facts: SessionFacts = FACTS) -> SessionClosed:
    return SessionClosed(
        session_id=SESSION,
        station_id=STATION,
        transaction_id=TRANSACTION,
        rule=rule,
        closed_at=at(minutes),
        end_reason="Local",
        facts=facts,
        place=PLACE,
        parties=PARTIES,
        clock_offset_s=0,
    )


def suspect(cause: str, detail: str, minutes: float) -> SessionMarkedSuspect:
    return SessionMarkedSuspect(
        session_id=SESSION, station_id=STATION, cause=cause, detail=detail, marked_at=at(minutes)
    )


ENDED: tuple[SessionEvent, ...] = (STARTED, delivered(60, 12_000), ended())


def test_a_start_starts_a_session() -> None:
    Scenario(session).given().when(start()).then(STARTED)


def test_the_same_start_again_starts_nothing() -> None:
    Scenario(session).given(STARTED).when(start()).then_nothing()
    Scenario(session).given(*ENDED, closed(61)).when(start()).then_nothing()


def test_a_reading_says_how_much_energy_the_session_has() -> None:
    Scenario(session).given(STARTED).when(readings(reading(10, 3_000))).then(delivered(10, 3_000))


def test_the_same_reading_again_says_nothing() -> None:
    Scenario(session).given(STARTED, delivered(10, 3_000)).when(readings(reading(10, 3_000))).then_nothing()


def test_a_late_reading_is_kept_and_not_shown() -> None:
    late = readings(reading(3, 1_600), at=at(12))
    kept = SessionEvidenceKept(
        session_id=SESSION,
        station_id=STATION,
        transaction_id=TRANSACTION,
        evse_number=1,
        connector_number=1,
        received_at=at(12),
        occurred_at=at(3),
        offline=False,
        readings=(reading(3, 1_600),),
    )
    Scenario(session).given(STARTED, delivered(10, 3_000)).when(late).then(kept)


def test_a_register_that_falls_shows_no_negative_energy() -> None:
    events = session.decide(readings(reading(20, 40)), Scenario(session).given(STARTED, delivered(10, 3_000)).state)
    assert isinstance(events, list)
    assert [type(each) for each in events] == [SessionEvidenceKept]


def test_suspension_is_told_when_it_begins_and_when_it_is_over() -> None:
    begun = SuspensionStarted(session_id=SESSION, station_id=STATION, suspended_by="EV", at=at(20), received_at=at(20))
    over = SuspensionEnded(session_id=SESSION, station_id=STATION, at=at(30), received_at=at(30))
    scenario = Scenario(session).given(STARTED).when(suspended(20)).then(begun).when(charging(30)).then(over)
    scenario.when(suspended(20)).then_nothing()
    scenario.when(readings(reading(40, 5_000))).then(delivered(40, 5_000, parking_s=600))


def test_an_end_is_the_stations_word_and_not_yet_ours() -> None:
    scenario = Scenario(session).given(STARTED).when(end()).then(delivered(60, 12_000), ended())
    assert session.deadlines(scenario.state) == [Deadline(name=f"close/{SESSION}", due_at=at(60.5))]
    scenario.when(end()).then_nothing()


def test_an_end_of_2_x_tells_its_own_register_before_it_ends_and_closes_the_session() -> None:
    begun = STARTED.model_copy(update={"ocpp_version": "2.0.1", "seq_no": 0})
    last = end(60, None, session_id=SESSION, seq_no=1, readings=(reading(60, 12_000, "Transaction.End"),))
    told = session.decide(last, Scenario(session).given(begun).state)
    numbered = [each.model_copy(update={"seq_no": 1}) for each in (delivered(60, 12_000), ended(meter_stop_wh=None))]
    assert told == [*numbered, closed(60, "all-events-seen")]


def test_a_1_6_session_settles_when_nothing_follows_its_stop() -> None:
    Scenario(session).given(*ENDED).when(deadline("close", 60.5)).then(closed(60.5))


def test_a_fact_that_follows_puts_the_settling_off() -> None:
    late = readings(reading(30, 5_000), at=at(60.4))
    state = Scenario(session).given(*ENDED).state
    (kept,) = session.decide(late, state)  # type: ignore[misc]  # a ledger never refuses
    state = session.evolve(state, kept)
    assert session.deadlines(state) == [Deadline(name=f"close/{SESSION}", due_at=at(60.9))]


def test_a_stop_without_a_register_waits_for_the_whole_grace_and_takes_the_last_reading() -> None:
    unknown = end(meter_stop_wh=-1)
    scenario = Scenario(session).given(STARTED, delivered(50, 9_000))
    scenario = scenario.when(unknown).then(ended(meter_stop_wh=None, energy_wh=8_000))
    assert session.deadlines(scenario.state) == [Deadline(name=f"close/{SESSION}", due_at=at(75))]
    (final,) = session.decide(deadline("close", 75), scenario.state)  # type: ignore[misc]  # a ledger never refuses
    assert isinstance(final, SessionClosed)
    assert (final.rule, final.facts.meter_stop_wh, final.facts.energy_wh) == ("grace-over", 9_000, 8_000)


@pytest.mark.parametrize(
    ("meter_stop_wh", "cause", "detail"),
    [
        (999, "energy-negative", "1000 Wh to 999 Wh"),
        (402_001, "energy-implausible", "401001 Wh in 1:00:00"),
    ],
)
def test_energy_that_cannot_be_is_held_from_billing(meter_stop_wh: int, cause: str, detail: str) -> None:
    ending = ended(meter_stop_wh=meter_stop_wh, energy_wh=meter_stop_wh - 1_000)
    Scenario(session).given(STARTED, ending).when(deadline("close", 60.5)).then(suspect(cause, detail, 60.5))


def test_energy_at_the_very_limit_is_believed() -> None:
    ending = ended(meter_stop_wh=402_000, energy_wh=401_000)
    state = Scenario(session).given(STARTED, ending).state
    (final,) = session.decide(deadline("close", 60.5), state)  # type: ignore[misc]  # a ledger never refuses
    assert isinstance(final, SessionClosed)


def test_a_start_that_never_comes_is_told() -> None:
    early = end(session_id=SESSION, seq_no=9)
    events = session.decide(early, session.initial)
    assert isinstance(events, list)
    state = Scenario(session).given(*events).state
    assert session.deadlines(state) == [Deadline(name=f"close/{SESSION}", due_at=at(75))]
    expected = suspect("start-missing", "its start was never heard", 75)
    assert session.decide(deadline("close", 75), state) == [expected]


def test_a_session_of_an_unknown_place_asks_again_and_closes_when_told() -> None:
    unknown = STARTED.model_copy(update={"place": None, "parties": None})
    scenario = Scenario(session).given().when(start(place=None, parties=None)).then(unknown)
    assert session.deadlines(scenario.state)[0] == Deadline(name=f"context/{SESSION}", due_at=at(1 / 6))
    wanted = SessionContextWanted(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        token_ref="token-7",
        token_status="Accepted",
        started_at=at(0),
        attempt=1,
        wanted_at=at(1),
    )
    scenario = scenario.when(deadline("context", 1)).then(wanted)
    assert session.deadlines(scenario.state)[0].due_at == at(1) + timedelta(seconds=20)
    scenario = Scenario(session).given(unknown, wanted, *ENDED[1:])
    told = ResolveContext(at=at(100), session_id=SESSION, station_id=STATION, place=PLACE, parties=PARTIES)
    resolved = SessionContextResolved(
        session_id=SESSION, station_id=STATION, place=PLACE, parties=PARTIES, resolved_at=at(100)
    )
    scenario.when(told).then(resolved, closed(100)).when(told).then_nothing()


def corrected(facts: SessionFacts, cause: str, minutes: float) -> SessionCorrected:
    return SessionCorrected(
        session_id=SESSION,
        station_id=STATION,
        cause=cause,
        corrected_at=at(minutes),
        facts=facts,
        place=PLACE,
        parties=PARTIES,
    )


def test_another_end_after_the_close_corrects_it_once() -> None:
    period = ChargingPeriod(started_at=at(0), ended_at=at(62), charging=True, energy_wh=11_500)
    facts = FACTS.model_copy(
        update={
            "ended_at": at(62),
            "meter_stop_wh": 12_500,
            "energy_wh": 11_500,
            "periods": (period,),
            "curve": (*FACTS.curve, MeterPoint(at=at(62), energy_wh=11_500)),
        }
    )
    other = end(62, 12_500, at=at(90))
    scenario = Scenario(session).given(*ENDED, closed(61)).when(other).then(corrected(facts, "end-told-again", 90))
    scenario.when(other).then_nothing()
    scenario.when(end()).then_nothing()


def test_a_late_reading_corrects_only_where_the_stop_named_no_register() -> None:
    late = readings(reading(59, 11_000), at=at(90))
    Scenario(session).given(*ENDED, closed(61)).when(late).then_nothing()
    short = FACTS.model_copy(
        update={
            "meter_stop_wh": 9_000,
            "energy_wh": 8_000,
            "periods": (FACTS.periods[0].model_copy(update={"energy_wh": 8_000}),),
            "curve": (FACTS.curve[0], MeterPoint(at=at(60), energy_wh=8_000)),
        }
    )
    longer = short.model_copy(
        update={
            "meter_stop_wh": 11_000,
            "energy_wh": 10_000,
            "periods": (FACTS.periods[0].model_copy(update={"energy_wh": 10_000}),),
            "curve": (FACTS.curve[0], MeterPoint(at=at(60), energy_wh=10_000)),
        }
    )
    unread = (
        STARTED,
        delivered(50, 9_000),
        ended(meter_stop_wh=None, energy_wh=8_000),
        closed(75, "grace-over", short),
    )
    Scenario(session).given(*unread).when(late).then(corrected(longer, "late-reading", 90))


def test_a_correction_that_cannot_be_is_a_doubt() -> None:
    other = end(61, 900_000, at=at(90))
    Scenario(session).given(*ENDED, closed(61)).when(other).then(
        suspect("late-fact-implausible", "1000 Wh to 900000 Wh", 90)
    )


def test_after_40_days_of_other_sessions_a_closed_one_is_only_an_id_and_still_known() -> None:
    state = Scenario(session).given(*ENDED, closed(61)).state
    for number in range(1, 12):
        hours = 60 * 24 * 3 * number
        name = f"{number:08x}-0000-5000-8000-000000000000"
        for command in (
            start(session_id=name, transaction_id=str(number), at=at(hours), started_at=at(hours)),
            end(hours + 60, transaction_id=str(number)),
        ):
            events = session.decide(command, state)
            assert isinstance(events, list)
            for event in events:
                state = session.evolve(state, event)
        (due,) = session.deadlines(state)
        final = session.decide(deadline("close", 0).model_copy(update={"name": due.name, "at": due.due_at}), state)
        assert isinstance(final, list)
        state = session.evolve(state, final[0])
    assert SESSION not in state.sessions
    assert session.decide(start(), state) == []
    assert len(state.sessions) <= 8


def test_a_reading_without_a_register_or_power_changes_nothing() -> None:
    state_of_charge = MeterReading(sampled_at=at(5), soc_percent=40)
    Scenario(session).given(STARTED).when(readings(state_of_charge)).then_nothing()


def test_a_station_that_never_stops_telling_is_remembered_in_bounds() -> None:
    told: tuple[Told, ...] = ()
    for number in range(1_200):
        told = with_told(told, Told(at=at(number), charging=number % 2 == 0))
    assert (len(told), told[-1].at) == (200, at(1_199))
