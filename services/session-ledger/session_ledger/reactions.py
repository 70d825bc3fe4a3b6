"""To what the ledger reacts, and by which rule."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chassis.decider import EventContext, To
from chassis.runner import Policy
from ev_contracts.gateway import CommandRequested
from ev_contracts.sessions import ReservationUsed, SessionContextWanted, SessionStarted
from session_ledger.holds import HOLD_ANSWERS, on_hold_answer
from session_ledger.policies import (
    on_asset,
    on_cost,
    on_remote_start,
    on_reservation,
    on_session,
    on_session_begun,
    on_transaction,
)
from session_ledger.ports import Facts

SESSION = "sessions.session"
RESERVATION = "sessions.reservation"
TRANSACTIONS = "gateway.transaction.event.v1"
ASSETS = "assets.station.event.v1"
DESK = "gateway.desk.event.v1"
COSTS = "pricing.running-cost.sample.v1"
SESSIONS = "sessions.session.event.v1"
RESERVATIONS = "sessions.reservation.event.v1"

React = Callable[[Any, EventContext, Any], Sequence[To]]


def to_stations(facts: Facts) -> Policy:
    """What a station's word asks of its sessions; the decider reads it itself (decision 0017)."""
    return _policy(facts, "transaction", TRANSACTIONS, SESSION, on_transaction)


def reactions_of(facts: Facts) -> tuple[Policy, ...]:
    """All others; each looks up what it must know in these facts."""
    policy = partial(_policy, facts)
    return (
        replace(policy("context", SESSIONS, SESSION, on_session, SessionContextWanted), gathers=True),
        replace(policy("meeting", SESSIONS, RESERVATION, on_session_begun, SessionStarted), gathers=True),
        policy("attaching", RESERVATIONS, SESSION, on_reservation, ReservationUsed),
        policy("holding", DESK, RESERVATION, on_hold_answer, *HOLD_ANSWERS),
        policy("target", DESK, SESSION, on_remote_start, CommandRequested),
        policy("assets", ASSETS, SESSION, on_asset),
        policy("cost", COSTS, SESSION, on_cost),
    )


def _policy(facts: Facts, name: str, source: str, target: str, react: React, *of: type) -> Policy:
    return Policy(name=f"sessions.{name}-policy", source=source, target=target, react=react, facts=facts, of=of)
