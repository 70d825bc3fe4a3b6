"""A command to a station: sent once at most, one outcome exactly."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from charger_gateway.domain.actions import RECORDS, asked_in
from charger_gateway.domain.desk import INEXPRESSIBLE, MOST_WAITING, Desk, desk
from chassis.decider import Deadline, Refused
from chassis.testing import Scenario
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    DeclareConnectionLost,
    DeskDeadlinePassed,
    ReportAnswered,
    ReportSent,
    ResetStation,
    StartTransactionRemotely,
    StationResponse,
)

EXAMPLES = Path(__file__).resolve().parents[4] / "contracts" / "examples" / "gateway"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EXPIRY = NOON + timedelta(seconds=30)
STATION = "NLVOLT0001"
SHARED = {"command_id": "c1", "station_id": STATION, "requested_by": "ops@volt", "reason": "stuck plug"}

RESET = ResetStation(**SHARED, at=NOON, expires_at=EXPIRY, hard=False)
REQUESTED = CommandRequested(
    **SHARED, action="ResetStation", requested_at=NOON, expires_at=EXPIRY, hard=False, reset_station=RESET
)
REPORT_SENT = ReportSent(at=NOON, command_id="c1", station_id=STATION, epoch=7, replica_id="gw-1")
SENT = CommandSent(command_id="c1", station_id=STATION, epoch=7, replica_id="gw-1", sent_at=NOON)
LOST = DeclareConnectionLost(at=NOON, station_id=STATION, epoch=7, replica_id="gw-1")
CONNECTION_LOST = ConnectionLost(station_id=STATION, epoch=7, replica_id="gw-1", lost_at=NOON)
DEADLINE = DeskDeadlinePassed(at=EXPIRY, name="c1", due_at=EXPIRY)
SUCCEEDED = CommandSucceeded(command_id="c1", station_id=STATION, answer="Accepted", answered_at=NOON)


def answered(outcome: str = "succeeded", epoch: int = 7, answer: str = "Accepted") -> ReportAnswered:
    return ReportAnswered(at=NOON, command_id="c1", station_id=STATION, epoch=epoch, answer=answer, outcome=outcome)


@pytest.mark.parametrize("action", sorted(RECORDS))
def test_a_command_stands_whole_under_its_own_name(action: str) -> None:
    path = EXAMPLES / action / "amsterdam.json"
    read = RECORDS[action].model_validate_json(path.read_text(encoding="utf-8"))
    command = read.model_copy(update={**SHARED, "at": NOON, "expires_at": EXPIRY})
    events = desk.decide(command, Desk())
    assert not isinstance(events, Refused)
    (event,) = events
    assert isinstance(event, CommandRequested)
    assert asked_in(event) == command
    assert (event.action, event.requested_by, event.reason) == (action, "ops@volt", "stuck plug")


def test_a_start_says_its_token_flat_too() -> None:
    start = StartTransactionRemotely(
        **SHARED, at=NOON, expires_at=EXPIRY, evse_number=1, id_token_sealed=b"x", token_ref="tok-1"
    )
    Scenario(desk).when(start).then(
        CommandRequested(
            **SHARED,
            action="StartTransactionRemotely",
            requested_at=NOON,
            expires_at=EXPIRY,
            evse_number=1,
            id_token_sealed=b"x",
            token_ref="tok-1",
            start_transaction_remotely=start,
        )
    )


def test_an_action_of_a_later_release_is_known_by_name_only() -> None:
    assert asked_in(REQUESTED.model_copy(update={"action": "SomethingNew"})) is None


def test_an_expired_command_is_refused() -> None:
    late = ResetStation(**SHARED, at=EXPIRY, expires_at=EXPIRY, hard=True)
    Scenario(desk).when(late).then_refused("already-expired")


def test_a_command_that_stands_is_not_requested_again() -> None:
    Scenario(desk).given(REQUESTED).when(RESET).then_nothing()


def test_a_station_has_only_so_many_open_commands() -> None:
    waiting = [REQUESTED.model_copy(update={"command_id": f"w{n}"}) for n in range(MOST_WAITING)]
    Scenario(desk).given(*waiting).when(RESET).then_refused("too-many-commands-open")


def test_the_first_to_report_may_send() -> None:
    Scenario(desk).given(REQUESTED).when(REPORT_SENT).then(SENT)


def test_the_second_may_not() -> None:
    other = ReportSent(at=NOON, command_id="c1", station_id=STATION, epoch=8, replica_id="gw-2")
    Scenario(desk).given(REQUESTED, SENT).when(other).then_nothing()


def test_nobody_sends_what_has_its_outcome() -> None:
    Scenario(desk).given(REQUESTED, SENT, SUCCEEDED).when(REPORT_SENT).then_nothing()


def test_a_connection_that_was_declared_lost_may_not_send() -> None:
    Scenario(desk).given(REQUESTED, CONNECTION_LOST).when(REPORT_SENT).then_nothing()


def test_an_answer_is_the_outcome() -> None:
    Scenario(desk).given(REQUESTED, SENT).when(answered()).then(SUCCEEDED)


def test_a_no_of_the_station_is_a_refusal() -> None:
    Scenario(desk).given(REQUESTED, SENT).when(answered("refused", answer="Rejected")).then(
        CommandRefused(command_id="c1", station_id=STATION, answer="Rejected", answered_at=NOON)
    )


def test_a_socket_that_closed_is_undeliverable() -> None:
    Scenario(desk).given(REQUESTED, SENT).when(answered("undeliverable", answer="closed")).then(
        CommandUndeliverable(command_id="c1", station_id=STATION, why="closed", at=NOON)
    )


def test_what_cannot_be_said_is_refused_before_it_is_sent() -> None:
    Scenario(desk).given(REQUESTED).when(answered("refused", answer=INEXPRESSIBLE)).then(
        CommandRefused(command_id="c1", station_id=STATION, answer="inexpressible", answered_at=NOON)
    )


def test_a_station_cannot_refuse_what_was_not_sent() -> None:
    Scenario(desk).given(REQUESTED).when(answered("refused", answer="Rejected")).then_nothing()


def test_what_an_answer_says_beside_its_word_is_kept() -> None:
    response = StationResponse(list_version=12)
    report = answered().model_copy(update={"response": response})
    Scenario(desk).given(REQUESTED, SENT).when(report).then(SUCCEEDED.model_copy(update={"response": response}))


@pytest.mark.parametrize("history", [(), (REQUESTED,), (REQUESTED, SENT, SUCCEEDED)])
def test_an_answer_to_nothing_changes_nothing(history: tuple[CommandRequested, ...]) -> None:
    Scenario(desk).given(*history).when(answered()).then_nothing()


def test_an_answer_of_another_connection_is_dropped() -> None:
    Scenario(desk).given(REQUESTED, SENT).when(answered(epoch=6)).then_nothing()


def test_a_sent_command_times_out() -> None:
    Scenario(desk).given(REQUESTED, SENT).when(DEADLINE).then(
        CommandTimedOut(command_id="c1", station_id=STATION, timed_out_at=EXPIRY)
    )


def test_an_unsent_command_expires() -> None:
    Scenario(desk).given(REQUESTED).when(DEADLINE).then(
        CommandUndeliverable(command_id="c1", station_id=STATION, why="expired", at=EXPIRY)
    )


def test_a_deadline_of_a_decided_command_is_nothing() -> None:
    Scenario(desk).given(REQUESTED, SENT, SUCCEEDED).when(DEADLINE).then_nothing()


def test_a_lost_connection_takes_its_sent_commands_with_it() -> None:
    waiting = REQUESTED.model_copy(update={"command_id": "c2"})
    scenario = (
        Scenario(desk)
        .given(REQUESTED, SENT, waiting)
        .when(LOST)
        .then(
            CONNECTION_LOST,
            CommandUndeliverable(command_id="c1", station_id=STATION, why="connection-lost", at=NOON),
        )
    )
    assert [one.command_id for one in scenario.state.open_commands] == ["c2"]


def test_a_connection_is_lost_once() -> None:
    Scenario(desk).given(CONNECTION_LOST).when(LOST).then_nothing()


def test_a_newer_connections_command_survives_the_loss_of_an_older() -> None:
    newer = SENT.model_copy(update={"epoch": 9})
    Scenario(desk).given(REQUESTED, newer).when(LOST).then(CONNECTION_LOST)


def test_every_open_command_has_its_deadline() -> None:
    assert desk.deadlines(Scenario(desk).given(REQUESTED, SENT).state) == [Deadline(name="c1", due_at=EXPIRY)]
    assert desk.deadlines(Desk()) == []
