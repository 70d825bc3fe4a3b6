"""What the gateway knows of a station and of one message when it translates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from charger_gateway.domain.places import Here
from charger_gateway.domain.registration import BootIntervals, Standing, status_of
from charger_gateway.domain.running import Running
from charger_gateway.domain.values import Payload, iso
from chassis.values import fleeting
from ev_contracts.accounts import ChargingPlaces
from ev_contracts.assets import Connector, RegistrationState
from ev_contracts.gateway import StationBooted
from ev_contracts.record import Record

STATION_EVENTS = "gateway.station.event.v1"
EVENT_STREAMS = "gateway.event-stream.sample.v1"
TRANSACTION_EVENTS = "gateway.transaction.event.v1"
HEARTBEATS = "gateway.heartbeat.sample.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimit:
    """So many sessions may run at once, and these do."""

    at_most: int
    running: frozenset[str]

    def leaves_room_for(self, session_id: str) -> bool:
        """Whether this session may run beside the others; a start that is told again is its own."""
        return len(self.running - {session_id}) < self.at_most


@fleeting
class TokenVerdict:
    """What a station is told of a token, in OCPP's words; the reference is there where the token is known to us."""

    status: str
    token_ref: str | None = None
    valid_until: datetime | None = None
    """When an accepted token ends; a station may keep the verdict no longer."""
    group_id: str | None = None
    """What one token of a group began, each good one of it may stop."""
    master_pass_of: str | None = None
    """The tenant whose sessions this token stops, whoever began them."""
    limits: tuple["SessionLimit", ...] = ()
    """How many sessions it may have at once, and its group; none where any number."""
    places: tuple[ChargingPlaces, ...] = ()
    """Where it may start sessions, and where its group may; none where anywhere."""
    language: str | None = None
    """In which its holder reads, ISO 639-1."""
    here: Here | None = None
    """At which EVSEs of the station it may start a session; None: at all of them."""

    @property
    def accepted(self) -> bool:
        """Whether it may start a session."""
        return self.status == "Accepted"


NO_TOKEN = TokenVerdict(status="None")
"""The message names no token."""


@fleeting
class Heard:
    """The circumstances of one message from a proven station; `connectors` are (EVSE, connector) in registry order."""

    tenant: str
    station_id: str
    epoch: int
    received_at: datetime
    frame_ref: str
    version: str = "1.6"
    connectors: Sequence[tuple[int, int]] = ()
    cpo_party_id: str | None = None
    remote_starts: Mapping[int, str] = field(default_factory=dict)
    """The remote starts that this connection carried: OCPP's number -> our command id."""
    registration: RegistrationState = RegistrationState.ACCEPTED
    """Whether the registry lets the station work, as of now."""
    serial_number: str | None = None
    """As registered."""
    certificate_name: str | None = None
    """Of the certificate by which the station proved itself, where it did."""
    parts_so_far: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """The parts that came of each open report, by record and request."""
    running: Mapping[int, Running] = field(default_factory=dict)
    """The 2.x transactions that run at the station, by EVSE, as far as they were heard of."""
    plugs: Mapping[int, Sequence[Connector]] = field(default_factory=dict)
    """The connectors of each EVSE as they are registered."""

    def connector_of(self, connector_id: int) -> tuple[int, int]:
        """The (EVSE, connector) that 1.6 numbers through the whole station; what is not registered is its own EVSE."""
        if connector_id <= 0:
            return (0, 0)
        if connector_id <= len(self.connectors):
            return self.connectors[connector_id - 1]
        return (connector_id, 1)

    def connector_id_of(self, evse_number: int) -> int:
        """The 1.6 connectorId of an EVSE's first connector."""
        numbers = (i for i, (evse, _) in enumerate(self.connectors, start=1) if evse == evse_number)
        return next(numbers, evse_number)

    def only_connector_of(self, evse_number: int) -> int:
        """The connector of an EVSE that has just one, where a 2.x message names the EVSE alone; else 0, not said."""
        numbers = [connector for evse, connector in self.connectors if evse == evse_number]
        return numbers[0] if len(numbers) == 1 else 0


@fleeting
class Fact:
    """A record that must be on the log before the station is answered; a sample need not be."""

    topic: str
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a report that comes in several messages; `report` is the record that its parts become."""

    report: str
    request_id: int
    number: int
    last: bool


@fleeting
class Translated:
    """A message in canonical words, and the answer that its station waits for."""

    answer: Payload
    facts: tuple[Fact, ...] = ()
    part: Part | None = None
    standing: Standing | None = None
    """How the station stands from this answer on; None where the message changes nothing."""
    closes: str | None = None
    """Why the connection is closed instead of an answer."""


def booted(record: StationBooted, heard: Heard, intervals: BootIntervals) -> Translated:
    """The answer to a boot is the registry's word; a clock is told with it, whatever it is (B01.FR.06)."""
    status = status_of(heard.registration)
    answer = {
        "status": status.value,
        "currentTime": iso(heard.received_at),
        "interval": intervals.after(status),
    }
    record = record.model_copy(update={"answered": status.value})
    facts = (Fact(topic=STATION_EVENTS, record=record),)
    return Translated(answer=answer, facts=facts, standing=Standing(status=status))


def noticed(heard: Heard) -> dict[str, Any]:
    """What every record of a station's own word says of its circumstances."""
    return {"station_id": heard.station_id, "received_at": heard.received_at, "frame_ref": heard.frame_ref}


def told(record: Record, *, answer: Payload | None = None, part: Part | None = None) -> Translated:
    """A fact of the station's topic, and its answer (empty for most)."""
    facts = (Fact(topic=STATION_EVENTS, record=record),)
    return Translated(answer={} if answer is None else answer, facts=facts, part=part)
