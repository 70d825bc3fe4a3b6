"""What is held for whom, and what becomes of it: yes, no and nothing to do."""

from datetime import timedelta

from story import SESSION, STATION, at, deadline, end, start, told

from chassis.decider import Deadline, EventContext
from chassis.testing import Scenario
from ev_contracts.common import ReservationFacts
from ev_contracts.sessions import (
    AttachReservation,
    CancelReservation,
    MakeReservation,
    MeetSession,
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
from session_ledger.policies import on_reservation, on_session_begun

SITE = "oosterdok"
CONTEXT = EventContext(
    topic="sessions.session.event.v1", key=f"volt/{STATION}", tenant="volt", event_id="e", stream_version=1, time=at(0)
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
        "by": "cleo",
    }
    return MakeReservation(**{**told, **changes})


def made(command: MakeReservation) -> ReservationMade:
    return ReservationMade(made_at=command.at, **command.model_dump(exclude={"at", "evses_on_site"}))


def meet(minutes: float = 20, *, token: str = "token-7", evse: int = 1) -> MeetSession:
    return MeetSession(
        at=at(minutes),
        site_id=SITE,
        session_id=SESSION,
        station_id=STATION,
        evse_number=evse,
        token_ref=token,
        started_at=at(minutes),
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
    assert reservation.deadlines(HELD.state) == [Deadline(name="expiry/r1", due_at=at(40))]


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


def test_who_does_not_come_lets_it_expire() -> None:
    passed = ReservationDeadlinePassed(at=at(40), name="expiry/r1", due_at=at(40))
    expired = ReservationExpired(
        reservation_id="r1", site_id=SITE, token_ref="token-7", facts=facts(40, expired=True), expired_at=at(40)
    )
    HELD.when(passed).then(expired).when(passed).then_nothing()
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
