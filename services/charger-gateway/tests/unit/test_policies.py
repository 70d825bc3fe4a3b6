"""Stations' later words as reports to the desk, and the certificates that the station CA signs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charger_gateway.adapters.signing import Signing
from charger_gateway.policies import on_session, on_station_word
from charger_gateway.ports import CsrRefused
from chassis.clock import FixedClock
from chassis.decider import EventContext, To, derived_id
from ev_contracts.gateway import (
    BatterySwapReported,
    CertificateSigningRequested,
    DeliverSignedCertificate,
    DiagnosticsStatusChanged,
    FaultReported,
    FirmwarePublicationChanged,
    FirmwareStatusChanged,
    LogStatusChanged,
    ReportCompleted,
    ReportProgress,
    StationBooted,
    StopTransactionRemotely,
)
from ev_contracts.sessions import SessionNotStopped, SessionStopWanted

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STATION = "NLVOLT0001"
KEY = f"volt/{STATION}"
CONTEXT = EventContext(
    topic="gateway.station.event.v1", key=KEY, tenant="volt", event_id="e1", stream_version=1, time=NOON
)
HEARD: dict[str, Any] = {"station_id": STATION, "received_at": NOON}
BOOTED = StationBooted(station_id=STATION, ocpp_version="1.6", epoch=1, vendor="V", model="M", booted_at=NOON)


def asked(*, accepted: bool = True, request_id: int | None = None) -> CertificateSigningRequested:
    return CertificateSigningRequested(
        **HEARD, csr="PEM", certificate_type="ChargingStationCertificate", request_id=request_id, accepted=accepted
    )


@pytest.mark.parametrize(
    ("event", "kind", "status", "request_id"),
    [
        (FirmwareStatusChanged(**HEARD, status="Installed", request_id=7, signed=True), "firmware", "Installed", 7),
        (LogStatusChanged(**HEARD, status="Uploading", request_id=8), "log", "Uploading", 8),
        (DiagnosticsStatusChanged(**HEARD, status="Uploaded"), "diagnostics", "Uploaded", None),
        (FirmwarePublicationChanged(**HEARD, status="Published", request_id=9), "publication", "Published", 9),
        (
            ReportCompleted(**HEARD, report="NotifyReport", request_id=1, parts=2, whole=True, missing=()),
            "report",
            "Complete",
            1,
        ),
        (
            ReportCompleted(**HEARD, report="NotifyReport", request_id=1, parts=1, whole=False, missing=(1,)),
            "report",
            "Incomplete",
            1,
        ),
        (asked(request_id=5), "signing", "Requested", None),
        (asked(accepted=False), "signing", "Rejected", None),
        (BOOTED, "boot", "Booted", None),
        (
            BatterySwapReported(**HEARD, event_type="BatteryIn", request_id=6, token_status="Accepted", batteries=()),
            "swap",
            "BatteryIn",
            6,
        ),
    ],
)
def test_a_later_word_is_told_to_the_desk(event: object, kind: str, status: str, request_id: int | None) -> None:
    report = ReportProgress(at=NOON, station_id=STATION, kind=kind, status=status, request_id=request_id)
    assert on_station_word(event, CONTEXT, None) == [To(key=KEY, command=report)]


def test_other_words_are_not() -> None:
    fault = FaultReported(
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        error_code="GroundFailure",
        occurred_at=NOON,
        received_at=NOON,
    )
    assert on_station_word(fault, CONTEXT, None) == []


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class OneCa:
    """Signs what is PEM."""

    def sign(self, csr_pem: str, *, station_id: str, now: datetime, renews: bool = False) -> str:
        if csr_pem != "PEM":
            raise CsrRefused("no request")
        return f"chain of {station_id}"


async def test_the_ca_signs_and_the_desk_delivers() -> None:
    signing = Signing({"ChargingStationCertificate": OneCa()}, FixedClock(NOON))
    (to,) = await signing.act(asked(request_id=5), CONTEXT)
    delivery = to.command
    assert isinstance(delivery, DeliverSignedCertificate)
    assert to.key == KEY
    assert (delivery.certificate_chain, delivery.request_id) == (f"chain of {STATION}", 5)
    assert delivery.command_id == derived_id("signed-certificate", "e1")


async def test_what_the_ca_refuses_is_told_and_what_was_refused_is_not_signed() -> None:
    signing = Signing({"ChargingStationCertificate": OneCa()}, FixedClock(NOON))
    (to,) = await signing.act(asked().model_copy(update={"csr": "nonsense"}), CONTEXT)
    assert to.command == ReportProgress(at=NOON, station_id=STATION, kind="signing", status="Refused")
    assert await signing.act(asked(accepted=False), CONTEXT) == []
    assert await signing.act(BOOTED, CONTEXT) == []


def test_a_session_that_shall_stop_is_one_stop_an_attempt_and_a_given_up_one_is_none() -> None:
    names: dict[str, Any] = {"session_id": "s1", "station_id": STATION, "because": "target-energy"}
    later = NOON + timedelta(minutes=2)
    wanted = SessionStopWanted(
        **names, transaction_id="77", attempt=1, wanted_by="dora", wanted_at=NOON, expires_at=later
    )
    stop = StopTransactionRemotely(
        at=NOON,
        command_id=derived_id("stop", "s1", "1"),
        station_id=STATION,
        requested_by="dora",
        reason="target-energy",
        expires_at=later,
        transaction_id="77",
    )
    assert on_session(wanted, CONTEXT, None) == [To(key=KEY, command=stop)]
    (again,) = on_session(wanted.model_copy(update={"attempt": 2}), CONTEXT, None)
    assert again.command.command_id != stop.command_id
    given_up = SessionNotStopped(**names, attempts=6, first_asked_at=NOON, given_up_at=later)
    assert on_session(given_up, CONTEXT, None) == []
