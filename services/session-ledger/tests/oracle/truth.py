"""Sessions as they truly were, and a ledger that keeps all it said: what the machine of histories compares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chassis.decider import Deadline, Folded, Refused
from ev_contracts.common import CommercialModel, Parties, Place, SessionFacts
from ev_contracts.sessions import (
    AddReadings,
    ChangeChargingState,
    ChangeMeter,
    EndSession,
    SessionClosed,
    SessionCorrected,
    SessionDeadlinePassed,
    StartSession,
)
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.session import Command, session_decider
from session_ledger.domain.station import Station

DECIDER = session_decider()
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STATION = "NLVOLT0001"
PARTIES = Parties(cpo_party_id="NL-VLT", commercial_model=CommercialModel.DIRECT)
Message = StartSession | AddReadings | ChangeChargingState | EndSession | ChangeMeter


def place_of(connector: int) -> Place:
    return Place(
        site_id="oosterdok",
        station_id=STATION,
        evse_number=connector,
        connector_number=1,
        evse_id=f"NL*VLT*E{connector}",
        feeder_id="feeder-7",
        connection_id="connection-12",
        time_zone="Europe/Amsterdam",
        country="NL",
    )


@dataclass(kw_only=True)
class Truth:
    """A session as it truly was."""

    session_id: str
    kind: str
    connector: int
    started_at: datetime
    begin_wh: int
    seq_no: int = 0
    ended_at: datetime | None = None
    stop_wh: int | None = None
    stop_is_lost: bool = False
    is_delivered: bool = False
    """Whether its start was: a 1.6 station learns its transaction id by it."""
    unlike_wh: int = 0
    """How far apart the meters stood that were changed while it ran: no energy."""

    @property
    def transaction_id(self) -> str:
        return "-1" if self.kind == "1.6, lost" else self.session_id[:8]

    @property
    def energy_wh(self) -> int:
        assert self.stop_wh is not None
        return self.stop_wh - self.begin_wh - self.unlike_wh


@dataclass
class Ledger:
    """A ledger, and all it said."""

    station: Station = field(default_factory=lambda: DECIDER.initial)
    events: list[SessionEvent] = field(default_factory=list)

    def take(self, command: Command) -> None:
        decided = DECIDER.decide(command, self.station)
        assert not isinstance(decided, Refused)
        for event in decided:
            self.station = DECIDER.evolve(self.station, event)
        assert not isinstance(decided, Folded) or decided.state == self.station
        self.events += decided

    def pass_time(self, now: datetime) -> None:
        """Every deadline that is due, in order, as the worker would."""
        while due := min((d for d in DECIDER.deadlines(self.station) if d.due_at <= now), key=_due, default=None):
            self.take(SessionDeadlinePassed(at=due.due_at, name=due.name, due_at=due.due_at))

    def facts(self) -> dict[str, SessionFacts]:
        """What each session came to, at last."""
        told = [each for each in self.events if isinstance(each, SessionClosed | SessionCorrected)]
        return {each.session_id: each.facts for each in told}


def _due(deadline: Deadline) -> tuple[datetime, str]:
    return deadline.due_at, deadline.name


def figures(facts: SessionFacts) -> tuple[object, ...]:
    return facts.started_at, facts.ended_at, facts.meter_start_wh, facts.meter_stop_wh, facts.energy_wh


def in_order(messages: Sequence[Message]) -> Ledger:
    """A ledger that hears each message when it was sent."""
    ledger = Ledger()
    for message in sorted(messages, key=lambda each: each.at):
        ledger.pass_time(message.at)
        ledger.take(message)
    ledger.pass_time(NOON + timedelta(days=90))
    return ledger
