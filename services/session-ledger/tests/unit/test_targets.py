"""At what a session stops: which target is reached by what, how often the station is asked, and when it is given up."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from story import PARTIES, SESSION, START_ID, STATION, TRANSACTION, at, end, readings, remote_start, start, told
from story import reading as register

from chassis.decider import Deadline, EventContext, Refused
from ev_contracts.common import CommercialModel, MeterReading, Money, Relation, RelationKind, SessionTargets
from ev_contracts.pricing import RunningCostComputed
from ev_contracts.sessions import (
    KeepTargets,
    NoteCost,
    SessionDeadlinePassed,
    SessionNotStopped,
    SessionStopWanted,
    SetTargets,
    TargetDropped,
    TargetReached,
    TargetSet,
    TargetsKept,
    TargetsLapsed,
    TargetSnapshot,
)
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.domain.aims_shown import payer_of
from session_ledger.domain.session import Command, session
from session_ledger.domain.station import Station
from session_ledger.domain.targets import TargetCommand
from session_ledger.policies import on_cost, on_remote_start

FIVE_KWH = SessionTargets(energy_wh=5_000)
TEN_EUROS = SessionTargets(cost=Decimal(10), currency="EUR")


def wish(targets: SessionTargets, minutes: float = 1, **changes: str) -> SetTargets:
    given: dict[str, Any] = {
        "at": at(minutes),
        "session_id": SESSION,
        "station_id": STATION,
        "targets": targets,
        "by": "dora",
        "reason": "",
    }
    return SetTargets(**{**given, **changes})


def kept(**changes: object) -> KeepTargets:
    given: dict[str, object] = {
        "at": at(-1),
        "command_id": START_ID,
        "station_id": STATION,
        "token_ref": "token-7",
        "targets": FIVE_KWH,
        "by": "dora",
        "expires_at": at(15),
    }
    return KeepTargets(**{**given, **changes})


def price(euros: str, minutes: float = 20, **changes: object) -> NoteCost:
    given: dict[str, object] = {
        "at": at(minutes),
        "session_id": SESSION,
        "station_id": STATION,
        "relation_kind": RelationKind.EMSP_TO_DRIVER,
        "cost": Decimal(euros),
        "currency": "EUR",
        "measured_at": at(minutes),
    }
    return NoteCost(**{**given, **changes})


def due(deadline: Deadline) -> SessionDeadlinePassed:
    return SessionDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)


def of(events: Sequence[object], *kinds: type) -> list[object]:
    return [each for each in events if isinstance(each, kinds)]


def reached(kind: str, minutes: float, **met: object) -> TargetReached:
    return TargetReached(session_id=SESSION, station_id=STATION, kind=kind, reached_at=at(minutes), **met)


def wanted(kind: str, minutes: float, attempt: int = 1, for_minutes: float = 2) -> SessionStopWanted:
    return SessionStopWanted(
        session_id=SESSION,
        station_id=STATION,
        transaction_id=TRANSACTION,
        attempt=attempt,
        wanted_by="dora",
        because=f"target-{kind}",
        wanted_at=at(minutes),
        expires_at=at(minutes + for_minutes),
    )


def next_due(state: Station, kind: str) -> Deadline:
    (found,) = [each for each in session.deadlines(state) if each.name.startswith(f"target-{kind}/")]
    return found


@pytest.mark.parametrize(
    ("begin_wh", "odd"),
    [(1_000, [register(2, 9_000_000)]), (0, [register(2, 910_000), register(3, 910_040)])],
    ids=["a wild value", "a lifetime after a begin of 0"],
)
def test_what_will_not_be_billed_reaches_no_target(begin_wh: int, odd: list[MeterReading]) -> None:
    begun, read = start(meter_start_wh=begin_wh), readings(*odd)
    for commands in ((begun, wish(FIVE_KWH, 1), read), (begun, read, wish(FIVE_KWH, 5))):
        events, _ = told(commands)
        assert of(events, TargetReached, SessionStopWanted) == []


def test_the_reading_that_reaches_the_energy_stops_the_session_and_no_later_one_does_again() -> None:
    events, state = told([start(), wish(FIVE_KWH), readings(register(5, 5_999))])
    assert of(events, TargetReached) == []
    events, state = told([readings(register(6, 6_000)), readings(register(7, 6_500))], state)
    assert of(events, TargetReached, SessionStopWanted) == [
        reached("energy", 6, energy_wh=5_000, register_wh=6_000),
        wanted("energy", 6),
    ]


def test_the_stop_is_wanted_by_our_clock_though_the_station_s_is_wrong() -> None:
    late = readings(register(6, 6_000)).model_copy(update={"at": at(90)})
    events, _ = told([start(), wish(FIVE_KWH), late])
    assert of(events, TargetReached, SessionStopWanted) == [
        reached("energy", 6, energy_wh=5_000, register_wh=6_000),
        wanted("energy", 90),
    ]


def test_what_is_reached_when_it_is_set_stops_at_once() -> None:
    events, _ = told([start(), readings(register(5, 7_000)), wish(FIVE_KWH, 6)])
    assert of(events, TargetReached) == [reached("energy", 6, energy_wh=6_000, register_wh=7_000)]


def test_the_vehicle_s_state_of_charge_stops_it_with_a_register_and_without() -> None:
    full = wish(SessionTargets(soc_percent=80))
    with_register = register(5, 2_000).model_copy(update={"soc_percent": 80})
    events, _ = told([start(), full, readings(with_register)])
    assert of(events, TargetReached) == [reached("soc", 5, energy_wh=1_000, soc_percent=80, register_wh=2_000)]
    alone = MeterReading(sampled_at=at(6), soc_percent=81)
    events, _ = told([start(), full, readings(register(5, 2_000)), readings(alone)])
    assert of(events, TargetReached) == [reached("soc", 6, soc_percent=81, register_wh=2_000)]


def test_time_is_counted_from_the_session_s_begin_and_ends_it_without_any_message() -> None:
    _, state = told([start(), wish(SessionTargets(duration_s=1_800), 10)])
    deadline = next_due(state, "time")
    assert deadline.due_at == at(30)
    events, state = told([due(deadline)], state)
    assert events == [reached("duration", 30, duration_s=1_800), wanted("duration", 30)]
    assert [each.name for each in session.deadlines(state)] == [f"silence/{SESSION}", f"target-stop/{SESSION}"]


def test_the_payer_s_price_stops_it_and_no_other_price() -> None:
    _, state = told([start(), wish(TEN_EUROS)])
    assert told([price("9.99"), price("40", relation_kind=RelationKind.CPO_TO_EMSP)], state)[0] == []
    told_of = {"cost": Decimal("10.03"), "currency": "EUR", "relation_kind": RelationKind.EMSP_TO_DRIVER}
    events, state = told([price("10.03"), price("10.50", 21)], state)
    assert events == [reached("cost", 20, **told_of), wanted("cost", 20)]


def test_a_price_in_another_currency_drops_the_target_once_and_leaves_the_others() -> None:
    both = SessionTargets(cost=Decimal(10), currency="SEK", energy_wh=5_000)
    events, state = told([start(), wish(both), price("1"), price("2", 21)])
    dropped = TargetDropped(
        session_id=SESSION, station_id=STATION, kind="cost", because="currency-differs", dropped_at=at(20)
    )
    assert of(events, TargetDropped) == [dropped]
    assert of(told([readings(register(30, 9_000))], state)[0], TargetReached) != []


def test_the_station_is_asked_again_ever_more_rarely_then_given_up_for_a_person_to_see() -> None:
    _, state = told([start(), wish(FIVE_KWH), readings(register(6, 6_000))])
    asked, last = [], at(6)
    for _ in range(5):
        (again,), state = told([due(next_due(state, "stop"))], state)
        assert isinstance(again, SessionStopWanted)
        asked.append(int((again.wanted_at - last) / timedelta(minutes=1)))
        last = again.wanted_at
    assert asked == [2, 4, 8, 15, 15]
    given_up, after = told([due(next_due(state, "stop"))], state)
    assert given_up == [
        SessionNotStopped(
            session_id=SESSION,
            station_id=STATION,
            attempts=6,
            because="target-energy",
            first_asked_at=at(6),
            given_up_at=at(65),
        )
    ]
    queued = [each.record for each in session.snapshots(state, after) if each.key == f"@{SESSION}-stop"]
    assert [(each.kind, each.cause, each.detail) for each in queued] == [
        ("stop", "not-stopped", "target energy, asked 6 times")
    ]
    _, ended = told([end(70)], after)
    assert [each.record for each in session.snapshots(after, ended) if each.key == f"@{SESSION}-stop"] == [None]


def test_once_the_session_has_ended_nobody_is_asked_any_more() -> None:
    _, state = told([start(), wish(FIVE_KWH), readings(register(6, 6_000))])
    deadline = next_due(state, "stop")
    _, state = told([end(7, 6_100)], state)
    assert [each.name for each in session.deadlines(state)] == [f"close/{SESSION}"]
    assert of(told([due(deadline)], state)[0], SessionStopWanted, SessionNotStopped) == []


def test_new_targets_take_the_place_of_the_old_and_none_takes_them_back() -> None:
    _, state = told([start(), wish(FIVE_KWH), wish(SessionTargets(energy_wh=8_000), 2)])
    events, _ = told([readings(register(6, 7_000))], state)
    assert of(events, TargetReached) == []
    events, _ = told([wish(SessionTargets(), 3), readings(register(6, 20_000))], state)
    assert of(events, TargetReached) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (wish(FIVE_KWH, session_id="another"), "session-unknown"),
        (wish(FIVE_KWH, driver_ref="driver-8"), "session-unknown"),
        (wish(FIVE_KWH, emsp_party_id="NL-OTH"), "session-unknown"),
        (wish(FIVE_KWH, 7), "target-reached"),
    ],
)
def test_targets_of_a_session_that_is_another_s_or_already_asked_to_stop_are_refused(
    command: SetTargets, reason: str
) -> None:
    _, state = told([start(), wish(FIVE_KWH), readings(register(6, 6_000))])
    decided = session.decide(command, state)
    assert isinstance(decided, Refused)
    assert decided.reason == reason


def test_a_driver_and_his_provider_may_set_targets_and_nobody_for_a_session_that_is_over() -> None:
    _, state = told([start()])
    claims: tuple[dict[str, Any], ...] = ({"driver_ref": "driver-7"}, {"emsp_party_id": "NL-EMO"})
    for mine in claims:
        (event,) = told([wish(FIVE_KWH, **mine)], state)[0]
        assert event == TargetSet(
            session_id=SESSION, station_id=STATION, targets=FIVE_KWH, set_by="dora", reason="", set_at=at(1)
        )
    over = session.decide(wish(FIVE_KWH, 61), told([end()], state)[1])
    assert over == Refused(reason="session-ended")


@pytest.mark.parametrize("order", ["start-first", "targets-first"])
def test_targets_of_a_remote_start_are_those_of_the_session_that_it_begins(order: str) -> None:
    messages: list[Command | TargetCommand] = [start(), kept()] if order == "start-first" else [kept(), start()]
    events, state = told(messages)
    assert len(of(events, TargetsKept)) == 1
    assert of(events, TargetSet) == [
        TargetSet(
            session_id=SESSION,
            station_id=STATION,
            targets=FIVE_KWH,
            set_by="dora",
            set_at=at(-1),
            command_id=START_ID,
        )
    ]
    assert not state.aims.waiting


@pytest.mark.parametrize(
    "other",
    [
        start(token_ref="token-8", parties=PARTIES.model_copy(update={"token_ref": "token-8"})),
        start(evse_number=2),
        start(started_at=at(-30), at=at(-30)),
        start(started_at=at(-30), at=at(-30), offline=True),
    ],
)
def test_another_session_does_not_take_them_and_after_a_time_they_lapse(other: object) -> None:
    events, state = told([kept(evse_number=1), other])  # type: ignore[list-item]  # a StartSession
    assert of(events, TargetSet) == []
    lapsed, state = told([due(next_due(state, "lapse"))], state)
    assert lapsed == [TargetsLapsed(command_id=START_ID, station_id=STATION, lapsed_at=at(15))]
    assert of(told([start()], state)[0], TargetSet) == []


def test_whose_price_counts_follows_from_the_contract() -> None:
    assert payer_of(PARTIES) is RelationKind.EMSP_TO_DRIVER
    assert payer_of(PARTIES.model_copy(update={"driver_ref": None})) is RelationKind.CPO_TO_EMSP
    direct = {"commercial_model": CommercialModel.DIRECT}
    assert payer_of(PARTIES.model_copy(update=direct)) is RelationKind.CPO_TO_DRIVER
    assert payer_of(None) is RelationKind.UNKNOWN


CONTEXT = EventContext(topic="t", key=f"emo/{SESSION}", tenant="emo", event_id="e", stream_version=1, time=at(20))


def running_cost(euros: str, *, kind: RelationKind = RelationKind.EMSP_TO_DRIVER) -> RunningCostComputed:
    gross = Money(amount=Decimal(euros), rounded_minor=0, currency="EUR")
    net = Money(amount=Decimal(euros) - 2, rounded_minor=0, currency="EUR")
    return RunningCostComputed(
        session_id=SESSION,
        station_id=STATION,
        relation=Relation(kind=kind, seller_party_id="NL-EMO", seller_tenant="emo"),
        tariff_id="t",
        tariff_version=1,
        energy_wh=1,
        total_excl_vat=net,
        total_incl_vat=gross,
        measured_at=at(20),
    )


def facts_with(*commands: object) -> SnapshotFacts:
    facts = SnapshotFacts()
    _, state = told([start(), *commands])  # type: ignore[list-item]  # commands of the story
    for each in session.snapshots(Station(), state):
        if isinstance(each.record, TargetSnapshot):
            facts.targets.put(f"volt/{STATION}{each.key}", each.record)
    return facts


def test_only_a_session_with_a_cost_target_is_told_its_price_and_only_when_that_is_enough() -> None:
    priced = facts_with(wish(TEN_EUROS))
    assert on_cost(running_cost("10"), CONTEXT, facts_with()) == []
    assert on_cost(running_cost("10"), CONTEXT, facts_with(wish(FIVE_KWH))) == []
    assert on_cost(running_cost("9.99"), CONTEXT, priced) == []
    assert on_cost(running_cost("99", kind=RelationKind.CPO_TO_EMSP), CONTEXT, priced) == []
    (told_of,) = on_cost(running_cost("10"), CONTEXT, priced)
    assert (told_of.key, told_of.command) == (f"volt/{STATION}", price("10"))
    reached_already = facts_with(wish(TEN_EUROS), price("10"))
    assert on_cost(running_cost("11"), CONTEXT, reached_already) == []


def test_a_remote_start_with_targets_is_told_and_one_without_is_not() -> None:
    event, context = remote_start(targets=FIVE_KWH)
    (told_of,) = on_remote_start(event, context, SnapshotFacts())
    assert (told_of.key, told_of.command) == (f"volt/{STATION}", kept())
    plain, _ = remote_start()
    assert on_remote_start(plain, context, SnapshotFacts()) == []
