"""Reservations that stations must know of: told to hold an EVSE as its time comes, and to let it go when given up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog

from charger_gateway.domain.ids import remote_start_number
from chassis.clock import Clock
from chassis.decider import EventContext, To, derived_id
from chassis.vault import VaultToken
from ev_contracts.gateway import CancelReservation, ReserveNow
from ev_contracts.sessions import ReservationBegan, ReservationCancelled

ACTOR = "reservations"
"""Who asked, in commands that nobody asked for."""
HOLD = "hold-"
"""The ledger knows by it and the reservation's id of what a station's answer speaks."""
LET_GO_WITHIN = timedelta(hours=1)

_OCPP_TYPES = {
    "CHADEMO": "cG105",
    "DOMESTIC_F": "sCEE-7-7",
    "IEC_62196_T1": "cType1",
    "IEC_62196_T1_COMBO": "cCCS1",
    "IEC_62196_T2": "cType2",
    "IEC_62196_T2_COMBO": "cCCS2",
    "TESLA_S": "cTesla",
}
"""OCPI's connectors in OCPP 2.x's words; a station is not asked for one that OCPP has no word for."""

log = structlog.get_logger("charger_gateway.holding")


class Vault(Protocol):
    """Knows the uid that a station must wait for."""

    async def token(self, token_ref: str) -> VaultToken | None: ...


class Sealing(Protocol):
    """Hides the uid from the log."""

    def hide(self, command_id: str, value: Any) -> bytes: ...


class Holding:
    """The same event gives the same command; what the station answers is the ledger's to judge."""

    def __init__(self, vault: Vault, seal: Sealing, clock: Clock) -> None:
        self._vault = vault
        self._seal = seal
        self._clock = clock

    async def act(self, event: object, context: EventContext) -> Sequence[To]:
        """A command to the station. Raises Retry where the vault does not answer."""
        match event:
            case ReservationBegan():
                return await self._hold(event, context.tenant)
            case ReservationCancelled():
                return self._let_go(event, context.tenant)
            case _:
                return []

    async def _hold(self, event: ReservationBegan, tenant: str) -> Sequence[To]:
        token, now = await self._vault.token(event.token_ref), self._clock.now()
        if token is None or now >= event.expires_at:
            log.warning("reservation.not-told", reservation=event.reservation_id, token_known=token is not None)
            return []
        command_id = f"{HOLD}{event.reservation_id}"
        group = None if event.group_id is None else {"uid": event.group_id, "type": "Central"}
        command = ReserveNow(
            at=now,
            command_id=command_id,
            station_id=event.station_id,
            requested_by=ACTOR,
            expires_at=event.expires_at,
            reservation_number=remote_start_number(event.reservation_id),
            reservation_expires_at=event.expires_at,
            evse_number=event.evse_number,
            # An EVSE that is named has the connector that was asked for.
            connector_type=None if event.evse_number else _OCPP_TYPES.get(event.connector_type or ""),
            id_token_sealed=self._seal.hide(command_id, {"uid": token.uid, "type": _kind(token)}),
            group_id_token_sealed=None if group is None else self._seal.hide(command_id, group),
            token_ref=event.token_ref,
        )
        return [To(key=f"{tenant}/{event.station_id}", command=command)]

    def _let_go(self, event: ReservationCancelled, tenant: str) -> Sequence[To]:
        if event.station_id is None:
            return []
        now = self._clock.now()
        command = CancelReservation(
            at=now,
            command_id=derived_id("let-go", event.reservation_id),
            station_id=event.station_id,
            requested_by=ACTOR,
            expires_at=now + LET_GO_WITHIN,
            reservation_number=remote_start_number(event.reservation_id),
        )
        return [To(key=f"{tenant}/{event.station_id}", command=command)]


def _kind(token: VaultToken) -> str:
    return "ISO14443" if token.token_type == "RFID" else "Central"  # noqa: S105 - a kind of token
