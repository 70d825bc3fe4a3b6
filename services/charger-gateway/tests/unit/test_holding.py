"""A reservation whose time has come is told to its station, by the uid that only the vault knows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charger_gateway.adapters.holding import Holding
from charger_gateway.adapters.seal import DeskSeal
from charger_gateway.domain.ids import remote_start_number
from chassis.clock import FixedClock
from chassis.decider import EventContext
from chassis.outbox import Retry
from chassis.vault import VaultToken
from ev_contracts.gateway import CancelReservation, ReserveNow
from ev_contracts.sessions import ReservationBegan, ReservationCancelled

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONTEXT = EventContext(
    topic="sessions.reservation.event.v1",
    key="volt/oosterdok",
    tenant="volt",
    event_id="e",
    stream_version=2,
    time=NOON,
)
BEGAN = ReservationBegan(
    reservation_id="r1",
    site_id="oosterdok",
    station_id="NLVOLT0001",
    evse_number=1,
    token_ref="tok-1",
    group_id="G-FLEET",
    expires_at=NOON + timedelta(minutes=30),
    began_at=NOON,
)
SEAL = DeskSeal(b"f" * 32)
ANNA = VaultToken(uid="04A2B3C4", token_type="RFID", token_ref="tok-1")


class KnowsAnna:
    """A vault of one card; `away`: it does not answer."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away

    async def token(self, token_ref: str) -> VaultToken | None:
        if self.away:
            raise Retry("vault: away")
        return ANNA if token_ref == "tok-1" else None


async def told(event: object, *, vault: KnowsAnna | None = None, clock: datetime = NOON) -> list[Any]:
    return list(await Holding(vault or KnowsAnna(), SEAL, FixedClock(clock)).act(event, CONTEXT))


async def test_the_station_is_told_for_whom_how_long_and_for_which_group() -> None:
    (to,) = await told(BEGAN)
    command = to.command
    assert isinstance(command, ReserveNow)
    assert (to.key, command.command_id, command.evse_number) == ("volt/NLVOLT0001", "hold-r1", 1)
    assert command.reservation_expires_at == BEGAN.expires_at
    assert SEAL.reveal("hold-r1", command.id_token_sealed) == {"uid": "04A2B3C4", "type": "ISO14443"}
    assert SEAL.reveal("hold-r1", command.group_id_token_sealed or b"") == {"uid": "G-FLEET", "type": "Central"}
    assert b"04A2B3C4" not in command.id_token_sealed


@pytest.mark.parametrize(("evse_number", "word"), [(None, "cCCS2"), (1, None)])
async def test_a_connector_type_is_told_where_no_evse_is(evse_number: int | None, word: str | None) -> None:
    wish = {"evse_number": evse_number, "connector_type": "IEC_62196_T2_COMBO"}
    (to,) = await told(BEGAN.model_copy(update=wish))
    assert to.command.connector_type == word


async def test_what_is_over_or_of_a_token_that_was_forgotten_is_not_told() -> None:
    assert await told(BEGAN, clock=BEGAN.expires_at) == []
    assert await told(BEGAN.model_copy(update={"token_ref": "tok-9"})) == []


async def test_a_vault_that_does_not_answer_is_asked_again() -> None:
    with pytest.raises(Retry):
        await told(BEGAN, vault=KnowsAnna(away=True))


async def test_what_is_given_up_is_let_go_under_the_number_that_was_held() -> None:
    gone = ReservationCancelled(
        reservation_id="r1", site_id="oosterdok", by="cleo", reason="called", cancelled_at=NOON, station_id="NLVOLT0001"
    )
    (to,) = await told(gone)
    assert isinstance(to.command, CancelReservation)
    assert to.command.reservation_number == remote_start_number("r1")
    assert await told(gone.model_copy(update={"station_id": None})) == []
