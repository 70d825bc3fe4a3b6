"""A station that speaks OCPP 1.6J, on the mobilityhouse library's client side."""

import asyncio
from datetime import datetime
from typing import Any

from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action, RemoteStartStopStatus, ResetStatus, TriggerMessageStatus

from chassis.clock import Clock
from ev_actors.journal import Journal
from ev_actors.link import Identity, Link, Outbox
from ev_actors.station import Session, Station


def iso(moment: datetime) -> str:
    """OCPP's UTC time stamp with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Dialect16:
    """The 1.6 messages of one station."""

    def __init__(self, link: Link, outbox: Outbox) -> None:
        self.link = link
        self.outbox = outbox

    async def boot(self) -> str:
        answer = await self.link.call(
            call.BootNotification(charge_point_model="Virtual 22", charge_point_vendor="EVAM", firmware_version="1.0.0")
        )
        return str(answer.status)

    async def status(self, connector: int, state: str, at: datetime | None = None) -> None:
        await self.link.call(
            call.StatusNotification(
                connector_id=connector, error_code="NoError", status=state, timestamp=iso(at or self.link.clock.now())
            )
        )

    async def authorize(self, id_tag: str) -> str:
        answer = await self.link.call(call.Authorize(id_tag=id_tag))
        return str(answer.id_tag_info["status"])

    async def started(self, session: Session) -> str:
        answered = await self.outbox.say(
            lambda _offline: call.StartTransaction(
                connector_id=session.connector,
                id_tag=session.id_tag,
                meter_start=session.meter_start_wh,
                timestamp=iso(session.started_at),
            )
        )
        # Messages behind it in the queue are made after this answer came, so they know the number.
        answered.add_done_callback(lambda done: _take_number(session, done))
        if not answered.done():
            return "Offline"
        _take_number(session, answered)
        return str(answered.result().id_tag_info["status"])

    async def sampled(self, session: Session, *, charging: bool) -> None:
        at, register, power, soc = session.sampled_at, session.register_wh, session.power_w, session.soc_permille
        del charging  # 1.6 says it by status
        await self.outbox.say(
            lambda _offline: call.MeterValues(
                connector_id=session.connector,
                transaction_id=int(session.transaction_id),
                meter_value=[
                    {
                        "timestamp": iso(at),
                        "sampledValue": [
                            _sample(register, "Energy.Active.Import.Register", "Wh"),
                            _sample(power, "Power.Active.Import", "W"),
                            _sample(soc // 10, "SoC", "Percent"),
                        ],
                    }
                ],
            )
        )

    async def ended(self, session: Session, ended_at: datetime) -> "asyncio.Future[Any]":
        return await self.outbox.say(
            lambda _offline: call.StopTransaction(
                meter_stop=session.register_wh,
                timestamp=iso(ended_at),
                transaction_id=int(session.transaction_id),
                reason=session.reason,
                id_tag=session.id_tag,
            )
        )


def _take_number(session: Session, answered: "asyncio.Future[Any]") -> None:
    session.transaction_id = str(answered.result().transaction_id)


def _sample(value: int, measurand: str, unit: str) -> dict[str, str]:
    return {"value": str(value), "context": "Sample.Periodic", "measurand": measurand, "unit": unit}


class _Peer(ChargePoint):  # type: ignore[misc]  # the library carries no types
    """Obeys what the platform asks."""

    station: Station

    @on(Action.remote_start_transaction)
    async def remote_start(self, id_tag: str, connector_id: int = 1, **_: object) -> Any:
        busy = connector_id in self.station.sessions or self.station.on_remote_start.full()
        if not busy:
            self.station.on_remote_start.put_nowait((connector_id, id_tag, None))
        status = RemoteStartStopStatus.rejected if busy else RemoteStartStopStatus.accepted
        return call_result.RemoteStartTransaction(status=status)

    @on(Action.remote_stop_transaction)
    async def remote_stop(self, transaction_id: int) -> Any:
        found = self.station.stop(str(transaction_id))
        status = RemoteStartStopStatus.accepted if found else RemoteStartStopStatus.rejected
        return call_result.RemoteStopTransaction(status=status)

    @on(Action.reset)
    async def reset(self, type: str) -> Any:  # noqa: A002 - the library passes OCPP's field name
        del type
        return call_result.Reset(status=ResetStatus.accepted)

    @on(Action.trigger_message)
    async def trigger(self, requested_message: str, **_: object) -> Any:
        known = requested_message in {"BootNotification", "Heartbeat", "StatusNotification"}
        status = TriggerMessageStatus.accepted if known else TriggerMessageStatus.not_implemented
        return call_result.TriggerMessage(status=status)

    @after(Action.trigger_message)
    async def triggered(self, requested_message: str, connector_id: int = 1, **_: object) -> None:
        if requested_message == "BootNotification":
            await self.station.dialect.boot()
        elif requested_message == "StatusNotification":
            state = "Charging" if connector_id in self.station.sessions else "Available"
            await self.station.dialect.status(connector_id, state)
        elif requested_message == "Heartbeat":
            await self.station.link.call(call.Heartbeat())


def station_16(identity: Identity, clock: Clock, journal: Journal) -> Station:
    """A 1.6J station, not yet connected."""

    def peer(socket: Any) -> Any:
        made = _Peer(identity.station_id, socket)
        made.station = station
        return made

    link = Link(identity, "ocpp1.6", peer, clock, journal)
    outbox = Outbox(link)
    station = Station(Dialect16(link, outbox), outbox, clock, journal, version="1.6")
    return station
