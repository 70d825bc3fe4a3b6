"""The messages of one driver's session at a station in Amsterdam, as the ledger is told of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from chassis.decider import EventContext, Folded, Refused
from ev_contracts.common import CommercialModel, MeterReading, Parties, Place
from ev_contracts.gateway import CommandRequested, StartTransactionRemotely
from ev_contracts.sessions import AddReadings, ChangeChargingState, EndSession, SessionDeadlinePassed, StartSession
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.session import Command, session
from session_ledger.domain.signed import SideCommand
from session_ledger.domain.station import Station

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STATION = "NLVOLT0001"
SESSION = "0f8fad5b-d9cb-569f-a165-70867728950e"
TRANSACTION = "771234561"
START_ID = "5f1c1a52-4f0b-5d0e-9a77-3c1e1f3a2b10"
"""The command of a remote start."""

PLACE = Place(
    site_id="oosterdok",
    station_id=STATION,
    evse_number=1,
    connector_number=1,
    evse_id="NL*VLT*E1",
    feeder_id="feeder-7",
    connection_id="connection-12",
    time_zone="Europe/Amsterdam",
    country="NL",
)
PARTIES = Parties(
    cpo_party_id="NL-VLT",
    owner_party_id="NL-OWN",
    ownership_contract_id="own-1",
    ownership_contract_version=1,
    owner_share_permille=300,
    emsp_party_id="NL-EMO",
    emsp_tenant="emo",
    commercial_contract_id="trade-1",
    commercial_contract_version=1,
    commercial_model=CommercialModel.RESALE,
    driver_ref="driver-7",
    token_ref="token-7",
    token_type="RFID",
)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def reading(minutes: float, register_wh: int, context: str | None = None) -> MeterReading:
    return MeterReading(sampled_at=at(minutes), register_wh=register_wh, context=context)


def start(**changes: object) -> StartSession:
    told: dict[str, object] = {
        "at": at(0),
        "session_id": SESSION,
        "station_id": STATION,
        "transaction_id": TRANSACTION,
        "ocpp_version": "1.6",
        "evse_number": 1,
        "connector_number": 1,
        "token_ref": "token-7",
        "token_status": "Accepted",
        "started_at": at(0),
        "meter_start_wh": 1_000,
        "offline": False,
        "place": PLACE,
        "parties": PARTIES,
    }
    return StartSession(**{**told, **changes})


def readings(*told: MeterReading, **changes: object) -> AddReadings:
    when = max((each.sampled_at for each in told), default=at(1))
    fields: dict[str, object] = {
        "at": when,
        "station_id": STATION,
        "transaction_id": TRANSACTION,
        "evse_number": 1,
        "connector_number": 1,
        "occurred_at": when,
        "offline": False,
        "readings": told,
    }
    return AddReadings(**{**fields, **changes})


def suspended(minutes: float) -> ChangeChargingState:
    return _state(minutes, charging=False)


def charging(minutes: float) -> ChangeChargingState:
    return _state(minutes, charging=True)


def _state(minutes: float, *, charging: bool) -> ChangeChargingState:
    return ChangeChargingState(
        at=at(minutes),
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        charging=charging,
        suspended_by=None if charging else "EV",
        occurred_at=at(minutes),
    )


def end(minutes: float = 60, meter_stop_wh: int | None = 12_000, **changes: object) -> EndSession:
    fields: dict[str, object] = {
        "at": at(minutes),
        "station_id": STATION,
        "transaction_id": TRANSACTION,
        "ended_at": at(minutes),
        "meter_stop_wh": meter_stop_wh,
        "reason": "Local",
        "offline": False,
    }
    return EndSession(**{**fields, **changes})


def deadline(name: str, minutes: float) -> SessionDeadlinePassed:
    return SessionDeadlinePassed(at=at(minutes), name=f"{name}/{SESSION}", due_at=at(minutes))


def name_of(number: int) -> str:
    return f"{number:08x}-0000-5000-8000-000000000000"


def one(number: int, begin_wh: int, stop_wh: int) -> list[Command]:
    """A whole session in the hour of its number."""
    began = 60.0 * number
    return [
        start(
            session_id=name_of(number),
            transaction_id=str(number),
            at=at(began),
            started_at=at(began),
            meter_start_wh=begin_wh,
        ),
        end(began + 50, stop_wh, transaction_id=str(number)),
        deadline("close", began + 55).model_copy(update={"name": f"close/{name_of(number)}"}),
    ]


def told(
    commands: Sequence[Command | SideCommand], state: Station = session.initial
) -> tuple[list[SessionEvent], Station]:
    """The events of these commands, none of which may be refused, and the station after them."""
    events: list[SessionEvent] = []
    for command in commands:
        decided = session.decide(command, state)
        assert not isinstance(decided, Refused)
        for event in decided:
            state = session.evolve(state, event)
        assert not isinstance(decided, Folded) or decided.state == state
        events += decided
    return events, state


def remote_start(**wishes: object) -> tuple[CommandRequested, EventContext]:
    """What the gateway tells of a start that somebody asked for, with what he wished of it."""
    asked: dict[str, object] = {
        "at": at(-1),
        "command_id": START_ID,
        "station_id": STATION,
        "requested_by": "dora",
        "expires_at": at(0),
        "id_token_sealed": b"sealed",
        "token_ref": "token-7",
    }
    event = CommandRequested(
        command_id=START_ID,
        station_id=STATION,
        action="StartTransactionRemotely",
        requested_by="dora",
        requested_at=at(-1),
        expires_at=at(0),
        start_transaction_remotely=StartTransactionRemotely(**{**asked, **wishes}),
    )
    context = EventContext(topic="t", key=f"volt/{STATION}", tenant="volt", event_id="e", stream_version=1, time=at(0))
    return event, context
