"""What the ledger remembers of a station: its open sessions, what its connectors told, which sessions are closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chassis.decider import Deadline
from ev_contracts.common import Parties, Place
from session_ledger.domain.account import Span
from session_ledger.domain.evidence import Evidence, Sample, Told, is_gapless

CORRECTABLE_FOR = timedelta(hours=48)
CORRECTABLE_AT_MOST = 8
KNOWN_FOR = timedelta(days=40)
END_TOLD_AGAIN = "end-told-again"

_FIRST_ASKING = timedelta(seconds=10)
_RAREST_ASKING = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The station's word that a transaction began."""

    ocpp_version: str
    evse_number: int
    connector_number: int
    started_at: datetime
    meter_start_wh: int | None
    token_ref: str | None
    token_status: str
    seq_no: int | None
    charging: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The station's word that it is over; `heard_at` is our clock's."""

    ended_at: datetime
    meter_stop_wh: int | None
    reason: str
    seq_no: int | None
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Still taking facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Held from billing until a person has looked."""

    cause: str


Verdict = Open | Suspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """A closed session while it may be corrected: what decide asks for at once, the rest as it was told.

    `told` is the JSON of its SessionClosed with the facts as they stand: most are never looked at again, and a state
    that is written with every batch must not spell them out each time.
    """

    transaction_id: str
    connector: str
    started_at: datetime
    ended_at: datetime
    closed_at: datetime
    has_register: bool
    """Whether the stop named its register; else a later reading may still be the last."""
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session; without `start` its start has not been heard yet, without `end` it runs."""

    session_id: str
    station_id: str
    transaction_id: str
    heard_at: datetime
    start: Start | None = None
    end: End | None = None
    evidence: Evidence = field(default_factory=Evidence)
    shown: Sample | None = None
    """The latest register that an EnergyDelivered told."""
    place: Place | None = None
    parties: Parties | None = None
    asked: int = 0
    asked_at: datetime | None = None
    verdict: Verdict = field(default_factory=Open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """The aggregate. `told` is by connector, for 1.6 tells of charging by connector and not by transaction."""

    sessions: Mapping[str, Session] = field(default_factory=dict)
    told: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    final: Mapping[str, Final] = field(default_factory=dict)
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Day of closing -> short forms of the ids closed on it; 40 days of them fit in a few kilobytes."""

    def find(self, session_id: str | None, transaction_id: str | None) -> str | None:
        """The session a message speaks of; a bare transaction id is an alias of the latest start that bore it."""
        if session_id is not None or transaction_id is None:
            return session_id
        starts = {
            name: each.start.started_at
            for name, each in self.sessions.items()
            if each.start is not None and each.transaction_id == transaction_id
        }
        for name, each in self.final.items():
            if each.transaction_id == transaction_id:
                starts[name] = each.started_at
        return max(starts, key=lambda name: starts[name], default=None)

    def is_forgotten(self, session_id: str) -> bool:
        """Closed, and too long ago to be corrected."""
        if session_id in self.sessions or session_id in self.final:
            return False
        return any(_short(session_id) in ids for ids in self.closed.values())

    def knows_told(self, evse_number: int, connector_number: int, at: datetime, *, charging: bool) -> bool:
        """Whether this connector told the same before."""
        return Told(at=at, charging=charging) in self.told.get(connector_key(evse_number, connector_number), ())

    def told_of(self, session: Session) -> tuple[Told, ...]:
        """The charging states of a session's connector and of its own messages, in order."""
        if session.start is None:
            return session.evidence.told
        by_connector = self.told.get(connector_key(session.start.evse_number, session.start.connector_number), ())
        if not by_connector:
            return session.evidence.told
        return tuple(sorted((*by_connector, *session.evidence.told), key=lambda each: each.at))

    def running_at(self, evse_number: int, connector_number: int, at: datetime) -> Session | None:
        """The open session on a connector at this instant."""
        wanted = connector_key(evse_number, connector_number)
        at_connector = [each for each in self.sessions.values() if _connector_of(each) == wanted]
        return next((each for each in at_connector if _runs_at(each, at)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRules:
    """How long a session waits for late facts: `settle` after the last fact (1.6), `grace` after its end."""

    settle: timedelta
    grace: timedelta

    def due_at(self, session: Session) -> datetime | None:
        """When the session may close without more evidence; None while it has no end."""
        if session.end is None:
            return None
        grace_over = session.end.heard_at + self.grace
        return min(grace_over, session.heard_at + self.settle) if _may_settle(session) else grace_over

    def met(self, session: Session, at: datetime) -> str | None:
        """The name of the rule by which the session closes now; None while it must wait."""
        if session.start is None or session.end is None:
            return None
        if is_gapless(session.evidence.seen, session.start.seq_no, session.end.seq_no):
            return "all-events-seen"
        if _may_settle(session) and at >= session.heard_at + self.settle:
            return "settled"
        return "grace-over" if at >= session.end.heard_at + self.grace else None

    def deadlines(self, station: Station) -> Sequence[Deadline]:
        """What each open session waits for: its context where that is unknown, else its close."""
        return [due for each in station.sessions.values() if (due := self._deadline(each))]

    def _deadline(self, session: Session) -> Deadline | None:
        if not isinstance(session.verdict, Open):
            return None
        if session.start is not None and is_context_missing(session):
            pause = min(_FIRST_ASKING * 2 ** min(session.asked, 16), _RAREST_ASKING)
            return Deadline(name=f"context/{session.session_id}", due_at=(session.asked_at or session.heard_at) + pause)
        due_at = self.due_at(session)
        return None if due_at is None else Deadline(name=f"close/{session.session_id}", due_at=due_at)


def _may_settle(session: Session) -> bool:
    # OCPP 1.6 numbers nothing: the stop with its register says that the station is done, silence that nothing follows.
    return bool(
        session.start and session.start.seq_no is None and session.end and session.end.meter_stop_wh is not None
    )


def end_order(end: End) -> tuple[datetime, int]:
    """Of two contradicting ends the later one holds, whichever came first."""
    return end.ended_at, -1 if end.meter_stop_wh is None else end.meter_stop_wh


def is_context_missing(session: Session) -> bool:
    """Whether the place or the parties are unknown; such a session is not closed."""
    return session.place is None or session.parties is None


def preferred(first: Parties | None, second: Parties | None) -> Parties | None:
    """The first, unless only the second knows a token (in 2.x a session may begin before anybody shows one)."""
    if first is None or (first.token_ref is None and second is not None and second.token_ref is not None):
        return second
    return first


def connector_key(evse_number: int, connector_number: int) -> str:
    """A connector's name within its station."""
    return f"{evse_number}/{connector_number}"


def span_of(station: Station, session: Session, start: Start, end: End) -> Span:
    """The session as the account takes it."""
    return Span(
        session_id=session.session_id,
        started_at=start.started_at,
        ended_at=end.ended_at,
        charging=start.charging,
        meter_start_wh=start.meter_start_wh,
        meter_stop_wh=end.meter_stop_wh,
        evidence=session.evidence,
        told=station.told_of(session),
    )


def without_old(station: Station, now: datetime) -> Station:
    """The station without what no rule asks for any more: closed sessions past correcting, ids past knowing."""
    latest = sorted(station.final, key=lambda name: station.final[name].closed_at)[-CORRECTABLE_AT_MOST:]
    final = {name: station.final[name] for name in latest if station.final[name].closed_at > now - CORRECTABLE_FOR}
    horizon = (now - KNOWN_FOR).date().isoformat()
    days = {day: ids for day, ids in station.closed.items() if day >= horizon}
    return replace(station, told=_still_needed(station), final=final, closed=days)


def _still_needed(station: Station) -> Mapping[str, tuple[Told, ...]]:
    """What connectors told since the oldest open session there began, or since the last closed one was over."""
    told = {}
    for name, states in station.told.items():
        running = [
            each.start.started_at for each in station.sessions.values() if each.start and _connector_of(each) == name
        ]
        over = [each.ended_at for each in station.final.values() if each.connector == name]
        since = min(running) if running else max(over, default=None)
        kept = tuple(each for each in states if since is None or each.at >= since)
        if kept:
            told[name] = kept
    return told


def with_closed_id(station: Station, session_id: str, at: datetime) -> Mapping[str, tuple[str, ...]]:
    """The closed ids and one more."""
    day = at.date().isoformat()
    return {**station.closed, day: (*station.closed.get(day, ()), _short(session_id))}


def _connector_of(session: Session) -> str | None:
    start = session.start
    return None if start is None else connector_key(start.evse_number, start.connector_number)


def _runs_at(session: Session, at: datetime) -> bool:
    begun = session.start is not None and session.start.started_at <= at
    return begun and (session.end is None or at <= session.end.ended_at) and isinstance(session.verdict, Open)


def _short(session_id: str) -> str:
    return session_id.replace("-", "")[:16]
