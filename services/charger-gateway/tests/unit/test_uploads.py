"""Logs that stations bring: there once they came, whatever the station says of them."""

import pytest

from ev_contracts.gateway import (
    CommandProgressed,
    CommandSucceeded,
    GetDiagnostics,
    JobRetryScheduled,
    JobStep,
    JobSucceeded,
)

from .test_jobs import LOG, NOON, TEMPLATE, UPLOAD, Play, job  # noqa: TID252 - tests are no package of the installation


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (JobStep(get_log=LOG), "log"),
        (JobStep(get_diagnostics=GetDiagnostics(**TEMPLATE, remote_location="ev-file:upload/1")), "diagnostics"),
    ],
)
def test_a_log_that_is_said_to_be_uploaded_and_never_came_is_asked_for_again(step: JobStep, kind: str) -> None:
    play = Play().tell(job("log-upload", step)).sent().answered().progressed(kind, "Uploaded")
    words = [(one.kind, one.status, one.last, one.good) for one in play.said if isinstance(one, CommandProgressed)]
    assert words == [(kind, "Uploaded", False, True), ("file", "NothingArrived", True, False)]
    again = play.said[-1]
    assert isinstance(again, JobRetryScheduled)
    assert again.why == "NothingArrived"
    play.due("job-retry/j1", NOON).sent()
    assert play.brought(play.open).answered().progressed(kind, "Uploaded").kinds[-1] is JobSucceeded


def test_what_is_brought_elsewhere_is_the_stations_word_alone() -> None:
    elsewhere = LOG.model_copy(update={"remote_location": "https://files.example/x"})
    play = Play().tell(job("log-upload", JobStep(get_log=elsewhere))).sent().answered()
    assert play.progressed("log", "Uploaded").kinds[-1] is JobSucceeded


def test_a_last_word_that_overtakes_the_answer_counts() -> None:
    play = Play().tell(UPLOAD).sent()
    play.brought(play.open).progressed("log", "Uploaded")
    assert play.kinds == [CommandProgressed]
    assert play.answered().kinds == [CommandSucceeded, JobSucceeded]


def test_a_bad_last_word_that_overtakes_the_answer_is_tried_again() -> None:
    play = Play().tell(UPLOAD).sent().progressed("log", "UploadFailure").answered()
    assert play.kinds == [CommandSucceeded, JobRetryScheduled]
