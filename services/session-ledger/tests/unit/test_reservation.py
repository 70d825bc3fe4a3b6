"""What is held for whom, and what becomes of it: yes, no and nothing to do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from story import PARTIES, PLACE, SESSION, STATION, at, deadline, end, start, told

from chassis.decider import Deadline, EventContext, To
from chassis.testing import Scenario
from ev_contracts.assets import StationSnapshot
from ev_contracts.common import ReservationFacts
from ev_contracts.gateway import CommandRefused, CommandSucceeded, CommandTimedOut
from ev_contracts.sessions import (
    AttachReservation,
    CancelReservation,
    HoldAnswered,
    MakeReservation,
    MeetSession,
    NoShowFound,
    NoteHold,
    ReservationBegan,
    ReservationCancelled,
    ReservationDeadlinePassed,
    ReservationExpired,
    ReservationMade,
    ReservationUsed,
    SessionClosed,
    SessionCorrected,
    SessionStarted,
)
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.domain.reservation import reservation
from session_ledger.holds import on_hold_answer
from session_ledger.policies import on_reservation, on_session_begun

SITE = "oosterdok"
EVSE_1, EVSE_2 = f"{STATION}/1", f"{STATION}/2"
CONTEXT = EventContext(
    topic="sessions.session.event.v1", key=f"volt/{STATION}", tenant="volt", event_id="e", stream_version=1, time=at(0)
)

STATION_SNAPSHOT = StationSnapshot(
    station_id=STATION, site_id=SITE, cpo_party_id="NL-VLT", vendor="Alfen", model="Eve", retired=False, version=1
)


def make(name: str = "r1", *, token: str = "token-7", evse: int | None = 1, **changes: object) -> MakeReservation:
    told: dict[str, object] = {
        "at": at(0),
        "reservation_id": name,
        "site_id": SITE,
        "station_id": None if evse is None else STATION,
        "evse_number": evse,
        "token_ref": token,
        "starts_at": at(10),
        "expires_at": at(40),
        "evses_on_site": 2,
        "evses": (EVSE_1, EVSE_2) if evse is None else (f"{STATION}/{evse}",),
        "by": "cleo",
    }
    return MakeReservation(**{**told, **changes})


def made(command: MakeReservation) -> ReservationMade:
    return ReservationMade(made_at=command.at, **command.model_dump(exclude={"at", "evses_on_site"}))


def meet(minutes: float = 20, *, token: str = "token-7", evse: int = 1, group: str | None = None) -> MeetSession:
    return MeetSession(
        at=at(minutes),
        site_id=SITE,
        session_id=SESSION,
        station_id=STATION,
        evse_number=evse,
        token_ref=token,
        started_at=at(minutes),
        group_id=group,
    )


def facts(minutes: float, *, expired: bool) -> ReservationFacts:
    return ReservationFacts(reservation_id="r1", started_at=at(10), ended_at=at(minutes), expired=expired)


def used(minutes: float = 20) -> ReservationUsed:
    return ReservationUsed(
        reservation_id="r1",
        site_id=SITE,
        session_id=SESSION,
        station_id=STATION,
        facts=facts(minutes, expired=False),
        used_at=at(minutes),
    )


HELD = Scenario(reservation).given(made(make()))


def test_an_evse_is_held_for_a_token_until_it_expires() -> None:
    Scenario(reservation).given().when(make()).then(made(make()))
    assert reservation.deadlines(HELD.state) == [
        Deadline(name="begin/r1", due_at=at(10)),
        Deadline(name="expiry/r1", due_at=at(40)),
    ]


def test_the_same_reservation_again_is_nothing_and_another_under_its_id_is_refused() -> None:
    HELD.when(make()).then_nothing()
    HELD.when(make(at=at(1))).then_nothing()
    HELD.when(make(token="token-8")).then_refused("reservation-id-used")


def test_a_window_that_cannot_be_is_refused() -> None:
    Scenario(reservation).given().when(make(expires_at=at(10))).then_refused("window-impossible")
    Scenario(reservation).given().when(make(expires_at=at(-1), starts_at=at(-9))).then_refused("window-impossible")
    long = make(expires_at=at(11) + timedelta(hours=24))
    Scenario(reservation).given().when(long).then_refused("window-impossible")


def test_an_evse_is_held_for_one_at_a_time() -> None:
    HELD.when(make("r2", token="token-8")).then_refused("evse-is-held")
    later = make("r2", token="token-8", starts_at=at(40), expires_at=at(60))
    HELD.when(later).then(made(later))


def test_a_token_holds_one_at_a_time_and_a_site_no_more_than_it_has() -> None:
    HELD.when(make("r2", evse=2)).then_refused("token-holds-another")
    anywhere = make("r2", token="token-8", evse=None)
    HELD.when(anywhere).then(made(anywhere)).when(make("r3", token="token-9", evse=None)).then_refused("site-is-full")


def test_a_session_of_its_token_uses_it_where_and_while_it_is_held() -> None:
    HELD.when(meet()).then(used()).when(meet()).then_nothing()
    HELD.when(meet(token="token-8")).then_nothing()
    HELD.when(meet(evse=2)).then_nothing()
    HELD.when(meet(5)).then_nothing()


def test_one_for_any_evse_is_used_by_any() -> None:
    anywhere = make(evse=None)
    Scenario(reservation).given(made(anywhere)).when(meet(evse=2)).then(used())


def test_who_needs_a_connector_takes_an_evse_that_has_it_from_whoever_can_use_another() -> None:
    anywhere = make("r1", token="token-8", evse=None)
    combo = make("r2", evse=None, connector_type="IEC_62196_T2_COMBO", evses=(EVSE_1,))
    site = Scenario(reservation).given(made(anywhere)).when(combo).then(made(combo))
    another = make("r3", token="token-9", evse=None, connector_type="IEC_62196_T2_COMBO", evses=(EVSE_1,))
    site.when(another).then_refused("site-is-full")


def test_one_that_was_made_before_its_evses_were_told_still_holds_its_own() -> None:
    old = made(make()).model_copy(update={"evses": ()})
    Scenario(reservation).given(old).when(make("r2", token="token-8")).then_refused("evse-is-held")
    Scenario(reservation).given(old).when(meet(evse=2)).then_nothing().when(meet()).then(used())


def test_a_token_of_the_group_uses_it_and_its_own_before_its_groups() -> None:
    fleet = made(make(group_id="G-FLEET"))
    Scenario(reservation).given(fleet).when(meet(token="token-8", group="G-FLEET")).then(used())
    Scenario(reservation).given(fleet).when(meet(token="token-8", group="G-OTHER")).then_nothing()
    Scenario(reservation).given(made(make())).when(meet(token="token-8")).then_nothing()
    own = made(make("r2", token="token-8", evse=None, group_id="G-FLEET"))
    both = Scenario(reservation).given(fleet, own)
    of_r2 = {"reservation_id": "r2"}
    its_facts = facts(20, expired=False).model_copy(update=of_r2)
    both.when(meet(token="token-8", group="G-FLEET")).then(used().model_copy(update={**of_r2, "facts": its_facts}))


def test_a_session_that_began_in_time_uses_it_though_it_is_heard_after_it_ran_out() -> None:
    passed = ReservationDeadlinePassed(at=at(40), name="expiry/r1", due_at=at(40))
    late = used().model_copy(update={"was_expired": True})
    HELD.when(passed).then(missed()).when(meet()).then(late).when(meet()).then_nothing()
    HELD.when(passed).then(missed()).when(meet(41)).then_nothing()


def missed() -> ReservationExpired:
    return ReservationExpired(
        reservation_id="r1", site_id=SITE, token_ref="token-7", facts=facts(40, expired=True), expired_at=at(40)
    )


def test_a_no_show_is_sure_when_no_session_can_turn_up_any_more_and_says_who_pays() -> None:
    waiting = Scenario(reservation).given(made(make(place=PLACE, parties=PARTIES)), missed())
    two_days_on = at(40) + timedelta(hours=48)
    assert reservation.deadlines(waiting.state) == [Deadline(name="no-show/r1", due_at=two_days_on)]
    sure = ReservationDeadlinePassed(at=two_days_on, name="no-show/r1", due_at=two_days_on)
    no_show = NoShowFound(
        reservation_id="r1",
        site_id=SITE,
        token_ref="token-7",
        facts=facts(40, expired=True),
        place=PLACE,
        parties=PARTIES,
        found_at=two_days_on,
    )
    waiting.when(sure).then(no_show).when(meet()).then_nothing().when(sure).then_nothing()
    Scenario(reservation).given(made(make()), missed(), used()).when(sure).then_nothing()


def began(minutes: float = 10) -> ReservationBegan:
    return ReservationBegan(
        reservation_id="r1",
        site_id=SITE,
        station_id=STATION,
        evse_number=1,
        token_ref="token-7",
        expires_at=at(40),
        began_at=at(minutes),
    )


TOLD = Scenario(reservation).given(made(make()), began())


def test_the_station_is_told_when_its_time_comes_and_one_for_the_whole_site_nobody() -> None:
    due = ReservationDeadlinePassed(at=at(10), name="begin/r1", due_at=at(10))
    HELD.when(due).then(began()).when(due).then_nothing()
    at_once = make(starts_at=at(0))
    Scenario(reservation).given().when(at_once).then(made(at_once), began(0))
    anywhere = make(evse=None, starts_at=at(0))
    Scenario(reservation).given().when(anywhere).then(made(anywhere))


def hold(answer: str, *, is_held: bool = False) -> NoteHold:
    return NoteHold(at=at(11), reservation_id="r1", site_id=SITE, station_id=STATION, is_held=is_held, answer=answer)


@pytest.mark.parametrize("answer", ["Occupied", "Faulted", "Unavailable"])
def test_a_station_that_cannot_keep_the_promise_ends_it(answer: str) -> None:
    gone = ReservationCancelled(reservation_id="r1", site_id=SITE, by="station", reason=answer, cancelled_at=at(11))
    TOLD.when(hold(answer)).then(gone)


@pytest.mark.parametrize(("answer", "is_held"), [("Accepted", True), ("Rejected", False), ("undeliverable", False)])
def test_whether_the_station_itself_keeps_others_away_is_told(answer: str, *, is_held: bool) -> None:
    told = HoldAnswered(
        reservation_id="r1", site_id=SITE, station_id=STATION, is_held=is_held, answer=answer, answered_at=at(11)
    )
    TOLD.when(hold(answer, is_held=is_held)).then(told)
    HELD.when(hold(answer, is_held=is_held)).then_nothing()


def test_the_station_of_one_that_is_given_up_is_named_once_it_was_told() -> None:
    command = CancelReservation(at=at(15), reservation_id="r1", site_id=SITE, by="cleo", reason="called")
    gone = ReservationCancelled(
        reservation_id="r1", site_id=SITE, by="cleo", reason="called", cancelled_at=at(15), station_id=STATION
    )
    TOLD.when(command).then(gone)


@pytest.mark.parametrize(
    ("event", "is_held", "answer"),
    [
        (CommandSucceeded(command_id="hold-r1", station_id=STATION, answer="Accepted", answered_at=at(11)), True, None),
        (CommandRefused(command_id="hold-r1", station_id=STATION, answer="Occupied", answered_at=at(11)), False, None),
        (CommandTimedOut(command_id="hold-r1", station_id=STATION, timed_out_at=at(11)), False, "timed-out"),
    ],
)
def test_the_stations_answer_is_told_to_the_site(event: Any, answer: str | None, *, is_held: bool) -> None:
    facts = SnapshotFacts()
    context = replace(CONTEXT, time=at(11))
    assert on_hold_answer(event, context, facts) == []
    facts.stations.put(f"volt/{STATION}", STATION_SNAPSHOT)
    command = hold(answer or event.answer, is_held=is_held)
    assert on_hold_answer(event, context, facts) == [To(key=f"volt/{SITE}", command=command)]
    assert on_hold_answer(event.model_copy(update={"command_id": "r1"}), context, facts) == []


def test_who_does_not_come_lets_it_expire() -> None:
    passed = ReservationDeadlinePassed(at=at(40), name="expiry/r1", due_at=at(40))
    HELD.when(passed).then(missed()).when(passed).then_nothing()
    Scenario(reservation).given(made(make()), used()).when(passed).then_nothing()


def test_it_may_be_given_up_until_it_is_over() -> None:
    command = CancelReservation(at=at(5), reservation_id="r1", site_id=SITE, by="cleo", reason="called")
    gone = ReservationCancelled(reservation_id="r1", site_id=SITE, by="cleo", reason="called", cancelled_at=at(5))
    HELD.when(command).then(gone).when(command).then_nothing()
    Scenario(reservation).given(made(make()), used()).when(command).then_refused("reservation-over")
    Scenario(reservation).given().when(command).then_refused("reservation-unknown")


def test_a_session_that_begins_is_told_to_its_site_and_a_used_reservation_to_its_session() -> None:
    (begun,) = [each for each in told([start()])[0] if isinstance(each, SessionStarted)]
    (meeting,) = on_session_begun(begun, CONTEXT, SnapshotFacts())
    assert (meeting.key, meeting.command) == (f"volt/{SITE}", meet(0))
    assert on_session_begun(begun.model_copy(update={"token_ref": None}), CONTEXT, SnapshotFacts()) == []
    (attaching,) = on_reservation(used(), CONTEXT, SnapshotFacts())
    assert attaching.key == f"volt/{STATION}"
    assert attaching.command == attach()
    assert on_reservation(made(make()), CONTEXT, SnapshotFacts()) == []


def attach() -> AttachReservation:
    return AttachReservation(at=at(20), session_id=SESSION, station_id=STATION, reservation=facts(20, expired=False))


def test_a_session_s_facts_name_its_reservation() -> None:
    events, _ = told([start(), attach(), attach(), end(), deadline("close", 61)])
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert closed.facts.reservation == facts(20, expired=False)
    assert sum(type(each).__name__ == "ReservationAttached" for each in events) == 1


def test_a_reservation_that_is_told_after_the_close_corrects_it_once() -> None:
    events, state = told([start(), end(), deadline("close", 61), attach()])
    (corrected,) = [each for each in events if isinstance(each, SessionCorrected)]
    assert (corrected.cause, corrected.facts.reservation) == ("reservation-attached", facts(20, expired=False))
    assert told([attach()], state)[0] == []
