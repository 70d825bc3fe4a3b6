"""What a boot is answered by the registry's word, and what a station may say and be asked after it."""

from datetime import UTC, datetime

import pytest

from charger_gateway.domain import translate_v16 as v16
from charger_gateway.domain import translate_v201 as v201
from charger_gateway.domain.registration import BootIntervals, BootStatus, Standing, status_of
from charger_gateway.domain.station import Heard, Translated
from charger_gateway.policies import on_registry
from chassis.decider import EventContext
from ev_contracts.assets import DesiredVariable, RegistrationState, StationAccepted, StationRegistered, StationSuspended
from ev_contracts.gateway import ForeignCertificateRefused, SetDesiredVariables, TriggerStationMessage, VariableSetting

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
INTERVALS = BootIntervals(accepted_s=300, pending_s=60, rejected_s=900)
ACCEPTED = Standing(status=BootStatus.ACCEPTED)
PENDING = Standing(status=BootStatus.PENDING)
REJECTED = Standing(status=BootStatus.REJECTED)


def heard(registration: RegistrationState, *, version: str = "2.0.1", **more: str) -> Heard:
    return Heard(
        tenant="volt",
        station_id="NLVOLT0001",
        epoch=17,
        received_at=NOON,
        frame_ref="17-4",
        version=version,
        registration=registration,
        **more,  # type: ignore[arg-type]  # the names of two fields of text
    )


def booted_v16(registration: RegistrationState) -> Translated:
    payload = {"chargePointVendor": "Alfen", "chargePointModel": "Eve"}
    return v16.boot(payload, heard(registration, version="1.6"), INTERVALS)


def booted(heard: Heard, serial_number: str | None = None) -> Translated:
    station = {"vendorName": "Alfen", "model": "Eve"} | ({"serialNumber": serial_number} if serial_number else {})
    return v201.boot({"reason": "PowerUp", "chargingStation": station}, heard, INTERVALS)


@pytest.mark.parametrize(
    ("registration", "status", "interval"),
    [
        (RegistrationState.ACCEPTED, "Accepted", 300),
        (RegistrationState.AWAITING_SET_UP, "Pending", 60),
        (RegistrationState.SUSPENDED, "Rejected", 900),
        (RegistrationState.UNKNOWN, "Pending", 60),
    ],
)
def test_a_boot_is_answered_by_the_registrys_word(registration: RegistrationState, status: str, interval: int) -> None:
    for said in (booted_v16(registration), booted(heard(registration))):
        assert (said.answer["status"], said.answer["interval"]) == (status, interval)
        assert said.answer["currentTime"] == "2026-11-20T12:00:00.000Z"
        assert [fact.record.answered for fact in said.facts] == [status]  # type: ignore[attr-defined]  # a boot
        assert said.standing == Standing(status=status_of(registration))


def test_before_it_is_accepted_a_station_may_only_boot() -> None:
    for standing in (PENDING, REJECTED):
        assert standing.may_say("BootNotification")
        assert not any(standing.may_say(action) for action in ("Heartbeat", "StatusNotification", "TransactionEvent"))
    assert ACCEPTED.may_say("Heartbeat")


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Heartbeat"),
        ("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"}, "SignCertificate"),
        ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "NotifyEvent"),
        (
            "ExtendedTriggerMessage",
            {"requestedMessage": "FirmwareStatusNotification"},
            "SignedFirmwareStatusNotification",
        ),
        ("GetBaseReport", {}, "NotifyReport"),
        ("GetReport", {}, "NotifyReport"),
    ],
)
def test_a_pending_station_may_say_what_it_was_asked_to(action: str, payload: dict[str, str], said: str) -> None:
    assert not PENDING.may_say(said)
    asked = PENDING.after_asking(action, payload)
    assert asked.may_say(said)
    assert not asked.may_say("MeterValues")


def test_other_commands_let_a_pending_station_say_nothing_more() -> None:
    assert PENDING.after_asking("GetVariables", {}) == PENDING


@pytest.mark.parametrize("action", ["RequestStartTransaction", "RequestStopTransaction", "RemoteStartTransaction"])
def test_a_pending_station_is_set_up_but_starts_nothing(action: str) -> None:
    assert PENDING.may_be_asked("SetVariables")
    assert not PENDING.may_be_asked(action)
    assert ACCEPTED.may_be_asked(action)


def test_to_a_rejected_station_nothing_is_sent() -> None:
    assert not any(REJECTED.may_be_asked(action) for action in ("SetVariables", "TriggerMessage", "Reset"))


def test_a_station_with_a_certificate_is_its_own() -> None:
    plain = heard(RegistrationState.ACCEPTED)
    shown = heard(RegistrationState.ACCEPTED, certificate_name="NLVOLT0001")
    known = heard(RegistrationState.ACCEPTED, certificate_name="NLVOLT0001", serial_number="ACE-1")
    assert booted(plain, "ANOTHER").closes is None
    assert booted(shown).closes is None
    assert booted(shown, "NLVOLT0001").closes is None
    assert booted(known, "ACE-1").closes is None
    assert booted(shown, "ACE-1").closes == "serial-number-differs"
    assert [fact.record for fact in booted(shown, "ACE-1").facts] == [
        ForeignCertificateRefused(
            station_id="NLVOLT0001",
            certificate_name="NLVOLT0001",
            why="serial-number-differs",
            serial_number="ACE-1",
            refused_at=NOON,
        )
    ]


CONTEXT = EventContext(
    topic="assets.station.event.v1", key="volt/NLVOLT0001", tenant="volt", event_id="e-1", stream_version=1, time=NOON
)


def test_a_new_station_is_given_how_it_shall_stand() -> None:
    wanted = DesiredVariable(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="600")
    registered = StationRegistered(
        station_id="NLVOLT0001",
        site_id="S",
        cpo_party_id="NL-VLT",
        vendor="Alfen",
        model="Eve",
        registered_at=NOON,
        desired_variables=(wanted,),
        template_id="eve-22",
    )
    (reaction,) = on_registry(registered, CONTEXT, None)
    assert isinstance(reaction.command, SetDesiredVariables)
    setting = VariableSetting(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="600")
    assert (reaction.command.variables, reaction.command.reason) == ((setting,), "template eve-22")
    assert on_registry(registered.model_copy(update={"desired_variables": ()}), CONTEXT, None) == []


def test_an_accepted_station_is_asked_to_boot_and_a_suspended_one_nothing() -> None:
    accepted = StationAccepted(station_id="NLVOLT0001", reason="stands as desired", accepted_at=NOON)
    (reaction,) = on_registry(accepted, CONTEXT, None)
    assert isinstance(reaction.command, TriggerStationMessage)
    assert reaction.command.message == "BootNotification"
    suspended = StationSuspended(station_id="NLVOLT0001", reason="recall", suspended_at=NOON)
    assert on_registry(suspended, CONTEXT, None) == []
