"""What the ledger remembers of a station: its open sessions, what its connectors told, which sessions are closed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from chassis.decider import Deadline, pause_before
from ev_contracts.common import Parties, Place, ProfileType, ReservationFacts
from ev_contracts.sessions import GapFound, Stopper, UnmatchedMessageRecorded
from session_ledger.domain.account import Span
from session_ledger.domain.aims import Aims
from session_ledger.domain.chain import Link, latest, with_link
from session_ledger.domain.evidence import Evidence, Sample, Told, is_gapless
from session_ledger.domain.finals import Final, connector_key, export_key
from session_ledger.domain.metering import Hole
from session_ledger.domain.meters import Exchange, changes_at, within
from session_ledger.domain.rows import ms_of
from session_ledger.domain.signatures import Signatures

CORRECTABLE_FOR = timedelta(hours=48)
CORRECTABLE_AT_MOST = 8
KNOWN_FOR = timedelta(days=40)
GAPS_AT_MOST = 50
UNMATCHED_AT_MOST = 50

V = TypeVar("V")

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
    assumed: bool = False
    """Nobody said so: the silence was too long, or the connector was taken again."""
    message_id: str | None = None
    """The message that was matched to the session; a stop that names the session takes its place."""
    stopper: Stopper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Still taking facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Held from billing until a person has looked."""

    cause: str
    detail: str
    since: datetime


Verdict = Open | Suspect


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
    shown_wh: int = 0
    """The energy that it told."""
    place: Place | None = None
    parties: Parties | None = None
    asked: int = 0
    asked_at: datetime | None = None
    reservation: ReservationFacts | None = None
    profile_type: ProfileType | None = None
    """What its driver would rather have, as the remote start said that began it."""
    lag_ms: int | None = None
    """The least delay of a message that was not queued: the offset of the station's clock, and the way here."""
    verdict: Verdict = field(default_factory=Open)
    stopped: tuple[datetime, Stopper] | None = None
    """The latest token that stopped the session before its end, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """The aggregate. `told` is by connector, for 1.6 tells of charging by connector and not by transaction."""

    sessions: Mapping[str, Session] = field(default_factory=dict)
    told: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    final: Mapping[str, Final] = field(default_factory=dict)
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Day of closing -> short forms of the ids closed on it; 40 days of them fit in a few kilobytes."""
    chains: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    """Connector -> the latest sessions that account for its register, in order of time."""
    gaps: Mapping[str, GapFound] = field(default_factory=dict)
    """Gaps with energy, as long as nothing accounts for it."""
    unmatched: Mapping[str, UnmatchedMessageRecorded] = field(default_factory=dict)
    """Messages that named no session, as long as nobody said whose they are."""
    settled: Mapping[str, str | None] = field(default_factory=dict)
    """Message -> the session it was found to belong to, so that a repeat of it is known; None: to none."""
    questions: Mapping[str, Suspect] = field(default_factory=dict)
    """What is contested of closed sessions."""
    aims: Aims = field(default_factory=Aims)
    meters: Mapping[str, tuple[Exchange, ...]] = field(default_factory=dict)
    """By connector: the changes of the meter behind it."""
    withdrawn_at: datetime | None = None
    """When the station left the network."""
    signed: Mapping[str, Signatures] = field(default_factory=dict)
    """What the signed records of the latest sessions come to."""

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

    def knows_told(self, connector: str, told: Told) -> bool:
        """Whether this connector told the same before."""
        return told in self.told.get(connector, ())

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

    def has_suspect(self, connector: str, since: datetime, until: datetime) -> bool:
        """Whether a session that is held began on this connector between these two instants."""
        held = (each for each in self.sessions.values() if isinstance(each.verdict, Suspect))
        return any(
            each.start and since <= each.start.started_at <= until for each in held if _connector_of(each) == connector
        )

    def taken_again_at(self, session: Session) -> datetime | None:
        """When the next session began on the same connector, as far as it is remembered."""
        start, here = session.start, _connector_of(session)
        if start is None:
            return None
        begun = [each.start.started_at for each in self.sessions.values() if each.start and _connector_of(each) == here]
        begun += [each.started_at for each in self.final.values() if each.connector == here]
        return min((each for each in begun if each > start.started_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRules:
    """How long a session waits for late facts: `settle` after the last fact (1.6), `grace` after its end.

    A session without an end is over after `silence`, or `grace` after its connector was taken again, or after the
    station has left the network.
    """

    settle: timedelta
    grace: timedelta
    silence: timedelta

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
        if session.end.assumed:
            return "no-stop-heard"
        if is_gapless(session.evidence.seen, session.start.seq_no, session.end.seq_no):
            return "all-events-seen"
        if _may_settle(session) and at >= session.heard_at + self.settle:
            return "settled"
        return "grace-over" if at >= session.end.heard_at + self.grace else None

    def deadlines(self, station: Station) -> Sequence[Deadline]:
        """What each open session waits for: its context where that is unknown, else its close."""
        return [due for each in station.sessions.values() for due in self._deadlines(station, each)]

    def _deadlines(self, station: Station, session: Session) -> Iterator[Deadline]:
        if not isinstance(session.verdict, Open):
            return
        due_at, is_asking = self.due_at(session), session.start is not None and is_context_missing(session)
        if is_asking:
            pause = pause_before(session.asked, first=_FIRST_ASKING, longest=_RAREST_ASKING)
            yield Deadline(name=f"context/{session.session_id}", due_at=(session.asked_at or session.heard_at) + pause)
        if due_at is None:
            yield Deadline(name=f"silence/{session.session_id}", due_at=self._silent_at(station, session))
        elif not is_asking:
            yield Deadline(name=f"close/{session.session_id}", due_at=due_at)

    def _silent_at(self, station: Station, session: Session) -> datetime:
        """When a session without an end is taken for over; sooner where its connector was taken again or left."""
        taken_at = station.taken_again_at(session)
        over_at = session.heard_at + self.silence
        last_word_at = min((each for each in (taken_at, station.withdrawn_at) if each is not None), default=None)
        return over_at if last_word_at is None else min(over_at, max(session.heard_at, last_word_at) + self.grace)


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


def span_of(station: Station, session: Session, start: Start, end: End) -> Span:
    """The session as the account takes it."""
    connector = connector_key(start.evse_number, start.connector_number)
    return Span(
        session_id=session.session_id,
        started_at=start.started_at,
        ended_at=end.ended_at,
        charging=start.charging,
        meter_start_wh=start.meter_start_wh,
        meter_stop_wh=end.meter_stop_wh,
        evidence=session.evidence,
        told=station.told_of(session),
        end_reason=end.reason,
        changes=within(changes_at(station.meters, connector), start.started_at, end.ended_at),
        export_changes=within(changes_at(station.meters, export_key(connector)), start.started_at, end.ended_at),
    )


def without_old(station: Station, now: datetime) -> Station:
    """The station without what no rule asks for any more: closed sessions past correcting, ids past knowing."""
    latest = set(sorted(station.final, key=lambda name: station.final[name].closed_at)[-CORRECTABLE_AT_MOST:])
    final = {
        name: each
        for name, each in station.final.items()
        if name in station.questions or (name in latest and each.closed_at > now - CORRECTABLE_FOR)
    }
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


def with_part(station: Station, connector: str, link: Link | None) -> Station:
    """The station with one more session in its connector's chain."""
    if link is None:
        return station
    links = latest(with_link(station.chains.get(connector, ()), link))
    return replace(station, chains={**station.chains, connector: links})


def with_gap(station: Station, gap: GapFound) -> Station:
    """The station with this gap; one without energy is told, and not remembered."""
    if not gap.energy_wh:
        return station
    return replace(station, gaps=_latest({**station.gaps, gap.gap_id: gap}, GAPS_AT_MOST))


def with_hole(station: Station, gap: GapFound) -> Station:
    """The station whose closed session remembers that this gap lies within it."""
    final_id = gap.from_session_id or ""
    final = station.final.get(final_id)
    # Holes of the export register are told apart by their cause; they say nothing of what was taken.
    if final is None or gap.from_session_id != gap.to_session_id or gap.cause.startswith("export-"):
        return station
    hole = Hole(
        cause=gap.cause,
        from_ms=ms_of(gap.from_at),
        from_wh=gap.from_wh,
        to_ms=ms_of(gap.to_at),
        to_wh=gap.to_wh,
    )
    return replace(station, final={**station.final, final_id: replace(final, holes=(*final.holes, hole))})


def with_unmatched(station: Station, message: UnmatchedMessageRecorded) -> Station:
    """The station with this message parked; what was told before messages had ids is history only."""
    if message.message_id is None:
        return station
    unmatched = _latest({**station.unmatched, message.message_id: message}, UNMATCHED_AT_MOST)
    return replace(station, unmatched=unmatched, settled=without(station.settled, message.message_id))


def with_settled(station: Station, message_id: str, session_id: str | None) -> Station:
    """The station with this message in its place."""
    settled = _latest({**station.settled, message_id: session_id}, UNMATCHED_AT_MOST)
    return replace(station, unmatched=without(station.unmatched, message_id), settled=settled)


def with_question(station: Station, session_id: str, question: Suspect | None) -> Station:
    """The station with this closed session contested or, with None, no longer."""
    others = without(station.questions, session_id)
    return replace(station, questions=others if question is None else {**others, session_id: question})


def without(known: Mapping[str, V], name: str) -> Mapping[str, V]:
    """The mapping without one of its names."""
    return {each: value for each, value in known.items() if each != name} if name in known else known


def _latest(known: Mapping[str, V], at_most: int) -> Mapping[str, V]:
    return dict(list(known.items())[-at_most:])


def _connector_of(session: Session) -> str | None:
    start = session.start
    return None if start is None else connector_key(start.evse_number, start.connector_number)


def _runs_at(session: Session, at: datetime) -> bool:
    begun = session.start is not None and session.start.started_at <= at
    return begun and (session.end is None or at <= session.end.ended_at)


def _short(session_id: str) -> str:
    return session_id.replace("-", "")[:16]
