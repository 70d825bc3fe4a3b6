"""What a person should look at, as others may follow it: held, contested and unstoppable sessions, messages, gaps."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from chassis.decider import Snapshot
from ev_contracts.sessions import GapFound, ReviewItem, UnmatchedMessageRecorded
from session_ledger.domain.aims import Aim
from session_ledger.domain.finals import Final, connector_numbers
from session_ledger.domain.registers import begin_of
from session_ledger.domain.station import Open, Session, Station, Suspect, is_context_missing

TOPIC = "sessions.review.snapshot.v1"
ASKED_AT_LEAST = 6
"""How often registry and accounts are asked before a person should look: some ten minutes."""


def snapshots(before: Station, after: Station) -> Sequence[Snapshot]:
    """The items that came, changed or are settled."""
    if _is_told_alike(before, after):
        return ()
    was, now = _marks(before), _marks(after)
    if was == now:
        return ()
    changed = {name for name in now if name not in was or now[name] != was[name]}
    items = {each.item_id: each for each in _items(after, changed)}
    gone = [name for name in was if name not in now]
    return [
        *(Snapshot(topic=TOPIC, key=f"@{name}", record=items[name]) for name in now if name in changed),
        *(Snapshot(topic=TOPIC, key=f"@{name}", record=None) for name in gone),
    ]


def _is_told_alike(before: Station, after: Station) -> bool:
    """Whether at a glance nothing here has changed: a reading adds evidence to a session that runs on as it did."""
    is_same = before.unmatched is after.unmatched and before.gaps is after.gaps and before.aims is after.aims
    if not is_same or before.questions is not after.questions or len(before.sessions) != len(after.sessions):
        return False
    for name, now in after.sessions.items():
        was = before.sessions.get(name)
        if was is now:
            continue
        if was is None or was.verdict is not now.verdict or was.end is not None or now.end is not None:
            return False
    return True


def _marks(station: Station) -> Mapping[str, object]:
    """Item -> what tells whether it changed."""
    held = {name: each.verdict for name, each in station.sessions.items() if isinstance(each.verdict, Suspect)}
    nowhere = {session.session_id: doubt for session, doubt in _without_context(station)}
    unstopped = {_stop_id(session): aim.given_up_at for session, aim in _unstopped(station)}
    told = {**dict.fromkeys(station.unmatched), **dict.fromkeys(station.gaps), **station.questions}
    return {**held, **nowhere, **told, **unstopped}


def _without_context(station: Station) -> Iterator[tuple[Session, Suspect]]:
    """Sessions that are over, and of which nobody has known for long where, or for whom, they were."""
    for session in station.sessions.values():
        is_waiting = session.end is not None and isinstance(session.verdict, Open) and is_context_missing(session)
        if is_waiting and session.asked >= ASKED_AT_LEAST:
            lacks = "place" if session.place is None else "payer"
            yield session, Suspect(cause="context-unknown", detail=f"no {lacks} is known", since=session.heard_at)


def _unstopped(station: Station) -> Iterator[tuple[Session, Aim]]:
    """Sessions that run on though their station was asked to stop them, until it was given up."""
    for session_id, aim in station.aims.of.items():
        session = station.sessions[session_id]
        if aim.given_up_at is not None and session.end is None:
            yield session, aim


def _stop_id(session: Session) -> str:
    return f"{session.session_id}-stop"


def _items(station: Station, wanted: Collection[str]) -> Iterator[ReviewItem]:
    """Those of the sessions, and of the rest those that are wanted: a station may hold hundreds."""
    for session in station.sessions.values():
        if isinstance(session.verdict, Suspect):
            yield _held(session, session.verdict)
    yield from (_held(session, doubt) for session, doubt in _without_context(station))
    yield from (_runs_on(session, aim) for session, aim in _unstopped(station))
    yield from (_parked(message) for name, message in station.unmatched.items() if name in wanted)
    yield from (_open(gap) for name, gap in station.gaps.items() if name in wanted)
    for session_id, question in station.questions.items():
        final = station.final.get(session_id)
        if final is not None:
            yield _contested(session_id, final, question)


def _held(session: Session, doubt: Suspect) -> ReviewItem:
    start, end = session.start, session.end
    return ReviewItem(
        item_id=session.session_id,
        kind="session",
        station_id=session.station_id,
        session_id=session.session_id,
        cause=doubt.cause,
        detail=doubt.detail,
        started_at=start and start.started_at,
        ended_at=end and end.ended_at,
        meter_start_wh=None if start is None else begin_of(start.meter_start_wh, session.evidence.imported),
        meter_stop_wh=None if end is None else end.meter_stop_wh,
        evse_number=None if start is None else start.evse_number,
        connector_number=None if start is None else start.connector_number,
        raised_at=doubt.since,
    )


def _runs_on(session: Session, aim: Aim) -> ReviewItem:
    start = session.start
    return ReviewItem(
        item_id=_stop_id(session),
        kind="stop",
        station_id=session.station_id,
        session_id=session.session_id,
        cause="not-stopped",
        detail=f"target {aim.reached}, asked {aim.attempts} times",
        started_at=start and start.started_at,
        evse_number=None if start is None else start.evse_number,
        connector_number=None if start is None else start.connector_number,
        raised_at=aim.given_up_at or aim.set_at,
    )


def _parked(message: UnmatchedMessageRecorded) -> ReviewItem:
    return ReviewItem(
        item_id=message.message_id or "",
        kind="message",
        station_id=message.station_id,
        cause=message.because or "no-session",
        detail=f"{message.kind} of transaction {message.transaction_id}",
        ended_at=message.occurred_at if message.kind == "end" else None,
        meter_stop_wh=message.meter_wh,
        evse_number=message.evse_number,
        connector_number=message.connector_number,
        raised_at=message.received_at or message.occurred_at,
    )


def _open(gap: GapFound) -> ReviewItem:
    return ReviewItem(
        item_id=gap.gap_id,
        kind="gap",
        station_id=gap.station_id,
        session_id=gap.to_session_id,
        cause=gap.cause,
        detail=f"{gap.from_wh} Wh to {gap.to_wh} Wh",
        started_at=gap.from_at,
        ended_at=gap.to_at,
        meter_start_wh=gap.from_wh,
        meter_stop_wh=gap.to_wh,
        energy_wh=gap.energy_wh,
        evse_number=gap.evse_number,
        connector_number=gap.connector_number,
        raised_at=gap.found_at,
    )


def _contested(session_id: str, final: Final, question: Suspect) -> ReviewItem:
    closed = final.closed()
    facts = closed.facts
    evse_number, connector_number = connector_numbers(final.connector)
    return ReviewItem(
        item_id=session_id,
        kind="dispute",
        station_id=closed.station_id,
        session_id=session_id,
        cause=question.cause,
        detail=question.detail,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        meter_start_wh=facts.meter_start_wh,
        meter_stop_wh=facts.meter_stop_wh,
        energy_wh=facts.energy_wh,
        evse_number=evse_number,
        connector_number=connector_number,
        raised_at=question.since,
    )
