"""By what right a session was stopped: what flowed is billed whoever stops it, but a stranger's stop is named."""

from datetime import datetime

from ev_contracts.common import Parties
from ev_contracts.sessions import ForeignStopFound, Stopper
from session_ledger.domain.station import Session

OWN, GROUP, MASTER, REMOTE = "own-token", "same-group", "master-pass", "remote"
WITHOUT, UNOWNED, FOREIGN = "without-token", "unowned", "foreign-token"
ACCEPTED = "Accepted"


def stop_authority(session: Session) -> str | None:
    """None where nobody heard the stop."""
    end, stopper = session.end, stopper_of(session)
    if end is None or end.assumed:
        return None
    if end.reason == "Remote":
        return REMOTE  # who may ask for it was judged before it was sent
    return WITHOUT if stopper is None else _of_token(stopper, session.parties)


def stopper_of(session: Session) -> Stopper | None:
    """The token that the end names, else the latest that an earlier message named."""
    if session.end is not None and session.end.stopper is not None:
        return session.end.stopper
    return None if session.stopped is None else session.stopped[1]


def _of_token(stopper: Stopper, payer: Parties | None) -> str:
    if payer is None or payer.token_ref is None:
        return UNOWNED
    if stopper.token_ref == payer.token_ref:
        return OWN  # a card that was blocked meanwhile still stops what it began
    is_good = stopper.token_status == ACCEPTED
    if is_good and stopper.is_master_pass:
        return MASTER
    is_same = stopper.group_id is not None and stopper.group_id == payer.group_id
    return GROUP if is_good and is_same else FOREIGN


def foreign_stop(session: Session, at: datetime) -> ForeignStopFound | None:
    """What is said of a session that a stranger's token stopped."""
    stopper = stopper_of(session)
    if session.end is None or stopper is None or stop_authority(session) != FOREIGN:
        return None
    return ForeignStopFound(
        session_id=session.session_id,
        station_id=session.station_id,
        stopper=stopper,
        ended_at=session.end.ended_at,
        found_at=at,
    )
