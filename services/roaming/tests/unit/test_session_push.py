"""The session outbox sends the latest state alone and names why a partner is told nothing."""

import pytest
from samples import COMPLETE_SESSION, ENDPOINT, ONE, RATED, VOLT
from test_push import PARTNER, SEAL, Partner, Vault, answered

from chassis.clock import FixedClock
from chassis.decider import EventContext, To
from chassis.http.guarded import Answer
from chassis.outbox import Retry
from chassis.tables import Table
from ev_contracts.roaming import (
    PartnerSnapshot,
    ReportSessionPushed,
    ReportSessionPushRefused,
    SessionPushRequested,
    SessionPushSnapshot,
)
from roaming.adapters.ocpi.courier import Courier
from roaming.adapters.ocpi.peer import Peer
from roaming.adapters.ocpi.session_push import SessionPush
from roaming.adapters.tables import Network, PartnerTable

KEY = "volt/5f0c4f0a-8c1e-5d57-9b3e-2d9c1a7e4f10"
SECOND = SessionPushRequested(
    **COMPLETE_SESSION.model_dump(exclude={"at"}), sequence=2, stood_at=ONE, requested_at=RATED
)  # fmt: skip
CONTEXT = EventContext(
    topic="roaming.session.event.v1", key=KEY, tenant="volt", event_id="e", stream_version=1, time=RATED
)
SESSIONS = ENDPOINT.model_copy(update={"identifier": "sessions", "url": "https://ocpi.emo.example/2.2.1/sessions/"})
LISTENING = PARTNER.model_copy(update={"endpoints": (ENDPOINT, SESSIONS)})
OK = answered(200, '{"status_code": 1000}')


def push_to(
    answer: Answer | Exception = OK, *, partner: PartnerSnapshot | None = LISTENING, latest: int | None = 2
) -> tuple[SessionPush, Partner]:
    partners, network, http = PartnerTable(), Network(), Partner(answer)
    known: Table[SessionPushSnapshot] = Table("roaming.session.snapshot.v1")
    if latest is not None:
        known.put(KEY, SessionPushSnapshot(session_id=SECOND.session_id, sequence=latest))
    partners.put("volt/NL-VLT-NL-EMO", partner)
    network.parties.put("_/NL-VLT", VOLT)
    push = SessionPush(
        courier=Courier(peer=Peer(http), seal=SEAL), partners=partners, latest=known, network=network, vault=Vault(),
        clock=FixedClock(ONE),
    )  # fmt: skip
    return push, http


def refused(reason: str, status_code: int | None = None, message: str | None = None) -> list[To]:
    report = ReportSessionPushRefused(
        at=ONE, session_id=SECOND.session_id, sequence=2, reason=reason, status_code=status_code,
        status_message=message,
    )  # fmt: skip
    return [To(key=KEY, command=report)]


@pytest.mark.parametrize("latest", [None, 1, 2])
async def test_the_latest_state_is_put_under_our_own_ids(latest: int | None) -> None:
    push, http = push_to(latest=latest)
    report = ReportSessionPushed(at=ONE, session_id=SECOND.session_id, sequence=2)
    assert await push.act(SECOND, CONTEXT) == [To(key=KEY, command=report)]
    assert http.asked == [("PUT", f"https://ocpi.emo.example/2.2.1/sessions/NL/VLT/{SECOND.session_id}")]
    assert (http.headers[0]["OCPI-from-party-id"], http.headers[0]["OCPI-to-party-id"]) == ("VLT", "EMO")


async def test_a_state_that_is_over_is_not_sent() -> None:
    push, http = push_to(latest=3)
    assert await push.act(SECOND, CONTEXT) == ()
    assert http.asked == []


async def test_a_partner_without_a_receiver_of_sessions_is_told_nothing_and_that_is_said() -> None:
    push, http = push_to(partner=PARTNER)
    assert await push.act(SECOND, CONTEXT) == refused("no-sessions-endpoint")
    assert http.asked == []


@pytest.mark.parametrize("partner", [None, LISTENING.model_copy(update={"status": "ended", "token_b_sealed": None})])
async def test_nobody_is_told_after_the_partnership_ended(partner: PartnerSnapshot | None) -> None:
    push, http = push_to(partner=partner)
    assert await push.act(SECOND, CONTEXT) == refused("partnership-ended")
    assert http.asked == []


async def test_an_erased_token_is_told_to_nobody() -> None:
    push, http = push_to()
    for token_ref in ("token-2", None):
        parties = SECOND.parties.model_copy(update={"token_ref": token_ref})
        assert await push.act(SECOND.model_copy(update={"parties": parties}), CONTEXT) == refused("token-unknown")
    assert http.asked == []


async def test_a_partner_that_refuses_is_quoted() -> None:
    push, _ = push_to(answered(200, '{"status_code": 2003, "status_message": "no such place"}'))
    assert await push.act(SECOND, CONTEXT) == refused("refused-by-partner", 2003, "no such place")


async def test_what_is_not_known_yet_is_asked_again() -> None:
    push, _ = push_to(answered(503, ""))
    with pytest.raises(Retry):
        await push.act(SECOND, CONTEXT)
    push, http = push_to()
    push.network.parties.put("_/NL-VLT", None)
    with pytest.raises(Retry):
        await push.act(SECOND, CONTEXT)
    assert http.asked == []


async def test_outcomes_ask_for_nothing() -> None:
    push, _ = push_to()
    assert await push.act(PARTNER, CONTEXT) == ()
