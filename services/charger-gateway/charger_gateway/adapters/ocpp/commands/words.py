"""Canonical records in OCPP 2.x's words and back: the names differ by a rule, and the few that do not are listed."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from charger_gateway.adapters.ocpp.commands.model import present
from charger_gateway.domain.values import instant
from ev_contracts.record import Record

R = TypeVar("R", bound=Record)
Reveal = Callable[[bytes], Any]

SHARED = frozenset(
    {"at", "command_id", "station_id", "requested_by", "reason", "expires_at", "token_ref", "targets", "profile_type"}
    | {"final", "measured_at", "energy_wh"}
)
"""What a command says to us and not to the station."""

_UNIT = re.compile(r"_(s|w|wh|a|hz|percent|sealed)$")
_PHASE = re.compile(r"L([23])$")
_ODD = {
    "evse_number": "evseId",
    "evse_numbers": "evseId",
    "connector_number": "connectorId",
    "valid_until": "validTo",
    "anchored_at": "timeAnchor",
    "limit_at_soc": "limitAtSoC",
    "dyn_updated_at": "dynUpdateTime",
    "tax_rule_id": "taxRuleID",
    "starts_at": "startTime",
    "ends_at": "endDateTime",
    "fixed_pf_absorb": "fixedPFAbsorb",
    "fixed_pf_inject": "fixedPFInject",
    "reservation_number": "reservationId",
    "cache_expires_at": "cacheExpiryDateTime",
    "reservation_expires_at": "expiryDateTime",
    "oldest_at": "oldestTimestamp",
    "latest_at": "latestTimestamp",
    "retrieve_at": "retrieveDateTime",
    "install_at": "installDateTime",
    "signalled_at": "timestamp",
    "monitor_kind": "type",
}
_ODD_IN = {
    ("ChargingSchedule", "starts_at"): "startSchedule",
    ("AbsolutePriceSchedule", "price_schedule_id"): "priceScheduleID",
    ("CompositeSchedule", "starts_at"): "scheduleStart",
    ("EventStream", "stream_id"): "id",
    ("VariableMonitor", "monitor_id"): "id",
    ("VariableSetting", "value"): "attributeValue",
    ("VariableSetting", "value_sealed"): "attributeValue",
    ("VariableSetting", "attribute"): "attributeType",
    ("VariableQuery", "attribute"): "attributeType",
}
_COMPONENT = frozenset(
    {"component", "component_instance", "evse_number", "connector_number", "variable", "variable_instance"}
)


@cache
def ocpp_name(record: str, field: str) -> str:
    """OCPP 2.x's name of a canonical field."""
    odd = _ODD_IN.get((record, field)) or _ODD.get(field)
    if odd is not None:
        return odd
    first, *rest = _UNIT.sub("", field).split("_")
    return _PHASE.sub(r"_L\1", first + "".join(part[:1].upper() + part[1:] for part in rest))


def said(value: Any, name: str, reveal: Reveal) -> Any:
    """One canonical value as JSON; `name` is its field's, which says whether it is sealed."""
    match value:
        case Record():
            return payload(value, reveal)
        case tuple():
            return [said(one, name, reveal) for one in value]
        case datetime():
            return moment(value)
        case Decimal():
            return number(value)
        case bytes():
            opened = reveal(value)
            return id_token(opened) if "id_token" in name else opened
        case _:
            return value


def payload(record: Record, reveal: Reveal) -> dict[str, Any]:
    """A record in OCPP 2.x's words; what is absent or empty is left out, as 2.x wants it."""
    fields = dict(_present(record))
    if "component" in fields:
        return _with_component(type(record).__name__, fields, reveal)
    return _named(type(record).__name__, fields, reveal)


def _present(record: Record) -> Iterator[tuple[str, Any]]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        if name not in SHARED and value is not None and value != ():
            yield name, value


def _named(record: str, fields: Mapping[str, Any], reveal: Reveal) -> dict[str, Any]:
    return {ocpp_name(record, name): said(value, name, reveal) for name, value in fields.items()}


def _with_component(record: str, fields: Mapping[str, Any], reveal: Reveal) -> dict[str, Any]:
    """2.x nests what names a variable: component {name, instance, evse} and variable {name, instance}."""
    component = present(name=fields["component"], instance=fields.get("component_instance"))
    place = evse(fields.get("evse_number"), fields.get("connector_number"))
    if place is not None:
        component["evse"] = place
    if record == "StationComponent":
        return component
    rest = {name: value for name, value in fields.items() if name not in _COMPONENT}
    found: dict[str, Any] = {"component": component}
    if "variable" in fields:
        found["variable"] = present(name=fields["variable"], instance=fields.get("variable_instance"))
    return found | _named(record, rest, reveal)


def evse(evse_number: int | None, connector_number: int | None) -> dict[str, Any] | None:
    """OCPP 2.x's EVSE object; None is the whole station."""
    return None if evse_number is None else present(id=evse_number, connectorId=connector_number)


def id_token(opened: Mapping[str, str]) -> dict[str, str]:
    """A token as 2.x writes it."""
    return {"idToken": opened["uid"], "type": opened["type"]}


def moment(at: datetime) -> str:
    """A time as every version takes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number(exact: Decimal) -> int | float:
    """A JSON number: whole where it is whole, else the shortest that reads back the same."""
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def record_from(kind: type[R], heard: Mapping[str, Any], **own: Any) -> R:
    """A record of what a station said in 2.x's words; fields that we do not know are dropped. Raises ValueError."""
    found: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        key = ocpp_name(kind.__name__, name)
        if name not in own and heard.get(key) is not None:
            found[name] = _heard(heard, key, str(field.annotation))
    return kind(**found, **own)


def _heard(heard: Mapping[str, Any], key: str, annotation: str) -> Any:
    value = heard[key]
    if isinstance(value, list):
        return tuple(value)
    if "datetime" in annotation:
        return instant(heard, key)
    if "Decimal" in annotation:
        return Decimal(str(value))
    if "int" in annotation and not isinstance(value, bool):
        return int(value)
    return value
