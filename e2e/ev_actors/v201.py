"""A station that speaks OCPP 2.0.1, on the mobilityhouse library's client side."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

from ocpp.routing import after, on
from ocpp.v201 import ChargePoint, call, call_result
from ocpp.v201.datatypes import ChargingStationType, EVSEType, IdTokenType, TransactionType
from ocpp.v201.enums import Action

from chassis.clock import Clock
from ev_actors.journal import Journal
from ev_actors.link import Identity, Link, Outbox
from ev_actors.station import Session, Station
from ev_actors.v16 import iso

_STATES = {"Available": "Available", "Faulted": "Faulted", "Unavailable": "Unavailable"}


class Dialect201:
    """The 2.0.1 messages of one station."""

    def __init__(self, link: Link, outbox: Outbox) -> None:
        self.link = link
        self.outbox = outbox

    async def boot(self) -> str:
        answer = await self.link.call(
            call.BootNotification(
                charging_station=ChargingStationType(model="Virtual 150", vendor_name="EVAM", firmware_version="2.0.0"),
                reason="PowerUp",
            )
        )
        return str(answer.status)

    async def status(self, connector: int, state: str, at: datetime | None = None) -> None:
        await self.link.call(
            call.StatusNotification(
                timestamp=iso(at or self.link.clock.now()),
                connector_status=_STATES.get(state, "Occupied"),
                evse_id=connector,
                connector_id=1,
            )
        )

    async def authorize(self, id_tag: str) -> str:
        answer = await self.link.call(call.Authorize(id_token=IdTokenType(id_token=id_tag, type="ISO14443")))
        return str(answer.id_token_info["status"])

    async def started(self, session: Session) -> str:
        session.transaction_id = session.local_id[:36]
        answered = await self._event(
            session, "Started", "Authorized", at=session.started_at, context="Transaction.Begin"
        )
        if not answered.done():
            return "Offline"
        told = answered.result().id_token_info
        return "Accepted" if told is None else str(told["status"])

    async def sampled(self, session: Session, *, charging: bool) -> None:
        trigger = "MeterValuePeriodic" if charging else "ChargingStateChanged"
        state = "Charging" if charging else "SuspendedEV"
        await self._event(session, "Updated", trigger, at=session.sampled_at, state=state)

    async def ended(self, session: Session, ended_at: datetime) -> "asyncio.Future[Any]":
        trigger = "RemoteStop" if session.reason == "Remote" else "EVDeparted"
        return await self._event(session, "Ended", trigger, at=ended_at, context="Transaction.End", state="Idle")

    async def _event(
        self,
        session: Session,
        kind: str,
        trigger: str,
        *,
        at: datetime,
        context: str = "Sample.Periodic",
        state: str = "Charging",
    ) -> "asyncio.Future[Any]":
        seq_no, register, power, soc = session.seq_no, session.register_wh, session.power_w, session.soc_permille
        session.seq_no += 1
        token = IdTokenType(id_token=session.id_tag, type="ISO14443") if kind != "Updated" else None
        stopped = {"Remote": "Remote", "DeAuthorized": "DeAuthorized"}.get(session.reason, "EVDisconnected")
        return await self.outbox.say(
            lambda offline: call.TransactionEvent(
                event_type=kind,
                timestamp=iso(at),
                trigger_reason=trigger,
                seq_no=seq_no,
                offline=offline,
                transaction_info=TransactionType(
                    transaction_id=session.transaction_id,
                    charging_state=state,
                    stopped_reason=stopped if kind == "Ended" else None,
                    remote_start_id=session.remote_start_id if kind == "Started" else None,
                ),
                evse=EVSEType(id=session.connector, connector_id=1),
                id_token=token,
                meter_value=[{"timestamp": iso(at), "sampledValue": _samples(context, register, power, soc)}],
            )
        )


def _samples(context: str, register: int, power: int, soc: int) -> list[dict[str, object]]:
    def one(value: int, measurand: str, unit: str) -> dict[str, object]:
        return {"value": value, "context": context, "measurand": measurand, "unitOfMeasure": {"unit": unit}}

    samples = [one(register, "Energy.Active.Import.Register", "Wh")]
    if context == "Sample.Periodic":
        samples += [one(power, "Power.Active.Import", "W"), one(soc // 10, "SoC", "Percent")]
    return samples


class _Peer(ChargePoint):  # type: ignore[misc]  # the library carries no types
    """Obeys what the platform asks."""

    station: Station

    @on(Action.request_start_transaction)
    async def remote_start(self, id_token: dict[str, str], remote_start_id: int, evse_id: int = 1, **_: object) -> Any:
        busy = evse_id in self.station.sessions or self.station.on_remote_start.full()
        if not busy:
            self.station.on_remote_start.put_nowait((evse_id, id_token["id_token"], remote_start_id))
        return call_result.RequestStartTransaction(status="Rejected" if busy else "Accepted")

    @on(Action.request_stop_transaction)
    async def remote_stop(self, transaction_id: str) -> Any:
        found = self.station.stop(transaction_id)
        return call_result.RequestStopTransaction(status="Accepted" if found else "Rejected")

    @on(Action.set_variables)
    async def variables_set(self, set_variable_data: list[dict[str, Any]], **_: object) -> Any:
        """Takes whatever it is told, a password too."""
        for each in set_variable_data:
            name = each["component"]["name"], each["variable"]["name"]
            self.station.variables[name] = each["attribute_value"]
        results = [
            {"attribute_status": "Accepted", "component": each["component"], "variable": each["variable"]}
            for each in set_variable_data
        ]
        return call_result.SetVariables(set_variable_result=results)

    @on(Action.get_variables)
    async def variables(self, get_variable_data: list[dict[str, Any]], **_: object) -> Any:
        return call_result.GetVariables(get_variable_result=[self._variable(asked) for asked in get_variable_data])

    def _variable(self, asked: dict[str, Any]) -> dict[str, Any]:
        component, variable = asked["component"], asked["variable"]
        value = self.station.variables.get((component["name"], variable["name"]))
        told = (
            {"attribute_status": "UnknownVariable"}
            if value is None
            else {"attribute_status": "Accepted", "attribute_value": value}
        )
        return {**told, "component": component, "variable": variable}

    @on(Action.cost_updated)
    async def cost_updated(self, total_cost: float, **_: object) -> Any:
        self.station.displayed.append(Decimal(str(total_cost)))
        return call_result.CostUpdated()

    @on(Action.reset)
    async def reset(self, type: str, **_: object) -> Any:  # noqa: A002 - the library passes OCPP's field name
        del type
        return call_result.Reset(status="Accepted")

    @on(Action.trigger_message)
    async def trigger(self, requested_message: str, **_: object) -> Any:
        known = requested_message in {"BootNotification", "Heartbeat", "StatusNotification"}
        return call_result.TriggerMessage(status="Accepted" if known else "NotImplemented")

    @after(Action.trigger_message)
    async def triggered(self, requested_message: str, evse: dict[str, int] | None = None, **_: object) -> None:
        if requested_message == "BootNotification":
            await self.station.dialect.boot()
        elif requested_message == "Heartbeat":
            await self.station.link.call(call.Heartbeat())
        elif requested_message == "StatusNotification":
            number = (evse or {"id": 1})["id"]
            state = "Charging" if number in self.station.sessions else "Available"
            await self.station.dialect.status(number, state)


def station_201(identity: Identity, clock: Clock, journal: Journal) -> Station:
    """A 2.0.1 station, not yet connected."""

    def peer(socket: Any) -> Any:
        made = _Peer(identity.station_id, socket)
        made.station = station
        return made

    link = Link(identity, "ocpp2.0.1", peer, clock, journal)
    outbox = Outbox(link)
    station = Station(Dialect201(link, outbox), outbox, clock, journal, version="2.0.1")
    return station
