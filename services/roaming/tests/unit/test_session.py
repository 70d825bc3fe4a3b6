"""A partner is told the latest state of a session, its final one once; the figures are the CDR's."""

from datetime import timedelta

import ocpi_model
from samples import BEGIN, COMPLETE_SESSION, CONNECTOR, FACTS, NOON, ONE, RATED, SEND, SITE, TARIFF, euro

from chassis.decider import Snapshot
from chassis.testing import Scenario
from ev_contracts.roaming import (
    CdrSendRequested,
    NoteSessionCost,
    ReportSessionPushed,
    ReportSessionPushRefused,
    SessionPushed,
    SessionPushRefused,
    SessionPushRequested,
    SessionPushSnapshot,
)
from roaming.adapters.ocpi.wire import dumps
from roaming.domain.cdr_json import CdrFacts, CdrToken, cdr_of
from roaming.domain.session import Finished, Told, session, snapshots
from roaming.domain.session_json import session_of

SESSION_ID = FACTS.session_id
TOKEN = CdrToken(uid="04A1B2C3", type="RFID", contract_id="NL-EMO-C00000001-1")
STARTED = SessionPushRequested(**BEGIN.model_dump(exclude={"at"}), sequence=1, stood_at=NOON, requested_at=NOON)
FINAL = SessionPushRequested(
    **COMPLETE_SESSION.model_dump(exclude={"at"}), sequence=2, stood_at=ONE, requested_at=RATED
)  # fmt: skip


def cost(minutes: float, wh: int = 2_100) -> NoteSessionCost:
    """What it has come to so many minutes after noon; told at most every minute."""
    return NoteSessionCost(
        at=NOON + timedelta(minutes=minutes), session_id=SESSION_ID, energy_wh=wh, total_excl_vat=euro("0.84", 84),
        total_incl_vat=euro("1.0164", 102), pause_s=60,
    )  # fmt: skip


def requested(said: NoteSessionCost, sequence: int) -> SessionPushRequested:
    figures = said.model_dump(include={"energy_wh", "total_excl_vat", "total_incl_vat"})
    return STARTED.model_copy(
        update={
            **figures, "total_excl_vat": said.total_excl_vat, "total_incl_vat": said.total_incl_vat,
            "sequence": sequence, "stood_at": said.at, "requested_at": said.at,
        }
    )  # fmt: skip


def taken(sequence: int) -> tuple[ReportSessionPushed, SessionPushed]:
    return (
        ReportSessionPushed(at=RATED, session_id=SESSION_ID, sequence=sequence),
        SessionPushed(session_id=SESSION_ID, partner_id="NL-VLT-NL-EMO", sequence=sequence, pushed_at=RATED),
    )


def refused(sequence: int) -> tuple[ReportSessionPushRefused, SessionPushRefused]:
    no = {"session_id": SESSION_ID, "sequence": sequence, "reason": "refused-by-partner", "status_code": 2001}
    return (
        ReportSessionPushRefused.model_validate({**no, "at": RATED}),
        SessionPushRefused.model_validate({**no, "partner_id": "NL-VLT-NL-EMO", "refused_at": RATED}),
    )


def test_a_session_is_told_at_its_start_once() -> None:
    Scenario(session).when(BEGIN).then(STARTED).when(BEGIN).then_nothing()


def test_its_first_price_is_told_at_once_and_the_next_after_the_pause() -> None:
    told = Scenario(session).given(STARTED).when(cost(0.1)).then(requested(cost(0.1), 2))
    told.when(cost(1)).then_nothing()
    told.when(cost(1.1)).then(requested(cost(1.1), 3))


def test_an_older_cost_is_passed_over() -> None:
    Scenario(session).given(STARTED, requested(cost(10), 2)).when(cost(5)).then_nothing()


def test_a_cost_of_a_session_that_nobody_is_told_of_says_nothing() -> None:
    Scenario(session).when(cost(10)).then_nothing()


def test_the_final_figure_is_told_at_once_and_nothing_follows_it() -> None:
    told = Scenario(session).given(STARTED).when(COMPLETE_SESSION).then(FINAL)
    told.when(COMPLETE_SESSION).then_nothing()
    told.when(cost(70)).then_nothing()
    report, outcome = taken(2)
    done = told.when(report).then(outcome)
    for late in (BEGIN, cost(70), COMPLETE_SESSION, report):
        done.when(late).then_nothing()


def test_a_session_first_heard_of_at_its_end_is_told_as_completed_and_not_begun_again() -> None:
    only = FINAL.model_copy(update={"sequence": 1})
    Scenario(session).when(COMPLETE_SESSION).then(only).when(BEGIN).then_nothing()


def test_to_the_partner_a_session_never_grows_younger() -> None:
    ahead = requested(cost(90), 2)
    final = FINAL.model_copy(update={"sequence": 3, "requested_at": ahead.requested_at})
    Scenario(session).given(STARTED, ahead).when(COMPLETE_SESSION).then(final)


def test_the_first_outcome_of_a_state_stands() -> None:
    (report, outcome), (no, _) = taken(1), refused(1)
    told = Scenario(session).given(STARTED).when(report).then(outcome)
    told.when(report).then_nothing()
    told.when(no).then_nothing()


def test_a_partner_that_refused_is_told_the_end_alone() -> None:
    no, outcome = refused(1)
    told = Scenario(session).given(STARTED).when(no).then(outcome)
    told.when(cost(10)).then_nothing()
    told.when(COMPLETE_SESSION).then(FINAL)


def test_nobody_reports_on_a_session_that_was_never_told() -> None:
    Scenario(session).when(taken(1)[0]).then_refused("unknown-session")


def test_the_latest_sequence_is_shown_until_the_final_state_has_an_outcome() -> None:
    topic = "roaming.session.snapshot.v1"
    running, over = Told(latest=requested(cost(10), 2), answered=1), Finished()
    shown = SessionPushSnapshot(session_id=SESSION_ID, sequence=2)
    assert snapshots(running, running) == [Snapshot(topic=topic, key="", record=shown)]
    assert snapshots(running, over) == [Snapshot(topic=topic, key="", record=None)]
    assert Scenario(session).given(STARTED, FINAL, refused(2)[1]).state == over


def test_every_state_is_ocpi_and_the_last_has_the_figures_of_the_cdr() -> None:
    for each in (STARTED, requested(cost(10), 2), FINAL):
        ocpi_model.Session.model_validate_json(dumps(session_of(each, TOKEN, "EUR")))
    begun, final = session_of(STARTED, TOKEN, "EUR"), session_of(FINAL, TOKEN, "NOK")
    assert (begun["status"], begun["kwh"], begun.get("total_cost"), begun["currency"]) == ("ACTIVE", 0, None, "EUR")

    request = CdrSendRequested(**SEND.model_dump(exclude={"at"}), session_id=SESSION_ID, requested_at=RATED)
    told = cdr_of(request, CdrFacts(token=TOKEN, site=SITE, connector=CONNECTOR, tariff=TARIFF))
    assert (final["total_cost"], final["kwh"]) == (told["total_cost"], told["total_energy"])
    same = ("currency", "cdr_token", "start_date_time", "end_date_time", "country_code", "party_id", "auth_method")
    assert [final[name] for name in same] == [told[name] for name in same]
    assert (final["id"], final["status"]) == (told["session_id"], "COMPLETED")
