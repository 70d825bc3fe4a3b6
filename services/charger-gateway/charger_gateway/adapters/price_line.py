"""The line from pricing's texts to the displays of this process's stations: the price that a driver pays, in words."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from charger_gateway.adapters.directory import TablesDirectory
from charger_gateway.adapters.ocpp.commands.model import Sealing
from charger_gateway.adapters.ocpp.commands.v16 import COST_MESSAGES
from charger_gateway.adapters.remembered import remember
from charger_gateway.domain.price_words import Spot, said, said_anew, sale_to, text_for
from charger_gateway.domain.station import Heard
from charger_gateway.ports import Journal, StationShape
from chassis.clock import Clock, new_id
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.gateway import (
    CostDisplaySnapshot,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
    TransferData,
)
from ev_contracts.pricing import PriceText
from ev_contracts.record import Record

DESK_COMMANDS = "gateway.desk.command.v1"
ACTOR = "price-display"
"""Who asked, in the commands that nobody asked for."""
_EXPIRES = timedelta(seconds=60)
_ACCEPTED = "Accepted"
_MOST_REMEMBERED = 20_000
"""Sessions, and drivers who asked; the longest silent are forgotten first."""

Texts: TypeAlias = tuple[PriceText, ...]
Languages: TypeAlias = tuple[str | None, ...]
"""The first that there is a text in counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """A session at a display; `looked_up_at` counts the changes of the texts by then."""

    started_at: datetime
    evse_number: int
    connector_number: int
    token_ref: str | None = None
    told: Texts | None = None
    looked_up_at: int = -1


class PriceLine:
    """What each driver is told of his price, and whether it is another now; remembers, and never blocks."""

    def __init__(self, directory: TablesDirectory, *, journal: Journal, seal: Sealing, clock: Clock) -> None:
        self._directory = directory
        self._journal = journal
        self._seal = seal
        self._clock = clock
        self._texts = directory.price_texts
        self._subscriptions = directory.subscriptions
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._asked: OrderedDict[tuple[str, str], Texts] = OrderedDict()

    def asked(self, token_ref: str | None, heard: Heard) -> Mapping[str, Any] | None:
        """The message for the driver of a good token (I01); None where the station shows none, or there is no price."""
        found = self._found(token_ref, heard)
        if found is None:
            return None
        texts, languages = found
        remember(self._asked, (heard.station_id, token_ref or ""), texts, at_most=_MOST_REMEMBERED)
        return said(texts, languages)

    def asked_of_v16(self, id_tag: str, token_ref: str | None, heard: Heard) -> None:
        """A message that is lost where the log is down: it is of use now or not at all."""
        found = self._found(token_ref, heard)
        if found is None:
            return
        at, command_id = self._clock.now(), new_id()
        told = {"idToken": id_tag, "priceText": said(*found)["content"]}
        command = TransferData(
            at=at,
            command_id=command_id,
            station_id=heard.station_id,
            requested_by=ACTOR,
            expires_at=at + _EXPIRES,
            vendor_id=COST_MESSAGES,
            message_id="SetUserPrice",
            data_sealed=self._seal.hide(command_id, told),
        )
        self._journal.note(DESK_COMMANDS, f"{heard.tenant}/{heard.station_id}", command)

    def _found(self, token_ref: str | None, heard: Heard) -> tuple[Texts, Languages] | None:
        display = self._directory.displays.telling(heard.tenant, heard.station_id)
        token = None if display is None or token_ref is None else self._directory.token_by_ref(token_ref)
        if display is None or token is None:
            return None
        texts = self._text(token, heard, _every_connector(self._shape(heard)), heard.received_at)
        return None if texts is None else (texts, (token.language, display.language))

    def in_session(self, record: Record, heard: Heard) -> Mapping[str, Any]:
        """What the answer to a session's event tells of its price, if that is another than was told last (I06)."""
        display = self._directory.displays.telling(heard.tenant, heard.station_id)
        if display is None:
            return {}
        match record:
            case TransactionStarted():
                session = self._begun(record, record.started_at)
            case TransactionUpdated():
                known = self._sessions.get(record.session_id)
                session = self._begun(record, record.occurred_at) if known is None else _gone_on(known, record)
            case TransactionEnded():
                self._sessions.pop(record.session_id or "", None)
                return {}
            case _:
                return {}
        return self._told(record.session_id, session, heard, display)

    def _begun(self, record: TransactionStarted | TransactionUpdated, at: datetime) -> _Session:
        good = record.token_ref if record.token_status == _ACCEPTED else None
        return _Session(
            started_at=at,
            evse_number=record.evse_number,
            connector_number=record.connector_number,
            token_ref=good,
            told=None if good is None else self._asked.pop((record.station_id, good), None),
        )

    def _told(
        self, session_id: str, session: _Session, heard: Heard, display: CostDisplaySnapshot
    ) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = {}
        token = None if session.token_ref is None else self._directory.token_by_ref(session.token_ref)
        if token is not None and session.looked_up_at != self._texts.changes:
            connectors = _connectors_of(session, self._shape(heard))
            texts = self._text(token, heard, connectors, session.started_at)
            if texts is not None and texts != session.told:
                answer = said_anew(texts, (token.language, display.language), heard.version)
                session = replace(session, told=texts)
            session = replace(session, looked_up_at=self._texts.changes)
        remember(self._sessions, session_id, session, at_most=_MOST_REMEMBERED)
        return answer

    def _shape(self, heard: Heard) -> StationShape:
        return self._directory.shape(heard.tenant, heard.station_id)

    def _text(self, token: TokenSnapshot, heard: Heard, connectors: frozenset[int], at: datetime) -> Texts | None:
        evses = self._shape(heard).evses
        if heard.cpo_party_id is None or not evses:
            return None
        sale = sale_to(
            token,
            tenant=heard.tenant,
            cpo_party_id=heard.cpo_party_id,
            contracts=self._directory.contracts_with(heard.cpo_party_id, token.emsp_party_id),
            at=at,
        )
        if sale is None or self._subscriptions.holds(token.driver_ref, sale, at):
            return None
        spot = Spot(site_id=evses[0].site_id, station_id=heard.station_id, connectors=connectors)
        return text_for(token, self._texts.of(sale), spot, at)


def _every_connector(shape: StationShape) -> frozenset[int]:
    return frozenset(connector for _, connector in shape.connectors)


def _connectors_of(session: _Session, shape: StationShape) -> frozenset[int]:
    """Where it may run, as far as was told."""
    if session.connector_number:
        return frozenset({session.connector_number})
    at_evse = frozenset(connector for evse, connector in shape.connectors if evse == session.evse_number)
    return at_evse or _every_connector(shape)


def _gone_on(known: _Session, record: TransactionUpdated) -> _Session:
    """Named in the first event where it is known and not again (E01.FR.16): the place, and the token."""
    place = (record.evse_number or known.evse_number, record.connector_number or known.connector_number)
    good = record.token_ref if record.token_status == _ACCEPTED else None
    token_ref = known.token_ref or good
    if (*place, token_ref) == (known.evse_number, known.connector_number, known.token_ref):
        return known
    return replace(known, evse_number=place[0], connector_number=place[1], token_ref=token_ref, looked_up_at=-1)
