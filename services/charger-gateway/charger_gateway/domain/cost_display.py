"""Money at a station's display: which stations show it, whose price it may be, and how often it is told anew."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal

from ev_contracts.common import Money, Relation, RelationKind
from ev_contracts.gateway import (
    CostDisplayChanged,
    CostDisplaySnapshot,
    DeviceVariable,
    ReportCostDisplay,
    VariableReading,
    VariableSetting,
)

_PAID_THERE = frozenset({RelationKind.CPO_TO_DRIVER, RelationKind.EMSP_TO_DRIVER})
_MINOR_DIGITS = (2, 0, 3)
_FLAGS = {
    ("TariffCostCtrlr", "Enabled", "Cost"): ("enabled",),
    ("TariffCostCtrlr", "Enabled", "Tariff"): ("shows_tariffs",),
    ("OCPP16Configuration", "CustomDisplayCostAndPrice", None): ("enabled", "shows_tariffs"),
    ("DisplayMessageCtrlr", "Enabled", None): ("shows_messages",),
}
_CURRENCY = ("TariffCostCtrlr", "Currency", None)
_LANGUAGE = ("DisplayMessageCtrlr", "Language", None)
_TOLD = ("enabled", "currency", "shows_tariffs", "shows_messages", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDisplay:
    """How a station shows costs, as far as it was told."""

    station_id: str
    enabled: bool = False
    currency: str | None = None
    shows_tariffs: bool = False
    shows_messages: bool = False
    language: str | None = None
    changed_at: datetime

    def snapshot(self) -> CostDisplaySnapshot:
        """As others follow it."""
        return CostDisplaySnapshot(**asdict(self))


def reported(variables: Iterable[DeviceVariable]) -> Sequence[tuple[tuple[str, str, str | None], str]]:
    """The actual values in a part of a device model."""
    return [
        ((one.at.component, one.at.variable or "", one.at.variable_instance), attribute.value)
        for one in variables
        for attribute in one.attributes
        if attribute.value is not None and attribute.type == "Actual"
    ]


def told(variables: Iterable[VariableReading | VariableSetting]) -> Sequence[tuple[tuple[str, str, str | None], str]]:
    """The values that a station answered, or that are desired of it."""
    return [
        ((one.component, one.variable, one.variable_instance), one.value)
        for one in variables
        if one.value is not None and one.attribute in {None, "Actual"}
    ]


def known_by(
    values: Iterable[tuple[tuple[str, str, str | None], str]], *, station_id: str, at: datetime
) -> ReportCostDisplay | None:
    """What the values say of a display of costs; None where they say nothing of it."""
    found: dict[str, object] = {}
    for name, value in values:
        if name in _FLAGS:
            found |= dict.fromkeys(_FLAGS[name], value.lower() == "true")
        elif name == _CURRENCY and value:
            found["currency"] = value.upper()[:3]
        elif name == _LANGUAGE and value:
            found["language"] = value.lower()[:2]
    return ReportCostDisplay.model_validate({"at": at, "station_id": station_id, **found}) if found else None


def changed(report: ReportCostDisplay, display: CostDisplay | None) -> Sequence[CostDisplayChanged]:
    """Nothing where all of it was known."""
    known = display or CostDisplay(station_id=report.station_id, changed_at=report.at)
    told = {name: value for name in _TOLD if (value := getattr(report, name)) is not None}
    new = replace(known, **told)
    if display is not None and new == display:
        return []
    shown = {name: getattr(new, name) for name in _TOLD}
    return [CostDisplayChanged(station_id=report.station_id, at=report.at, **shown)]


def after(event: CostDisplayChanged) -> CostDisplay:
    """The display as the event says that it is."""
    return CostDisplay(**event.model_dump(exclude={"at"}), changed_at=event.at)


def may_be_shown(relation: Relation, money: Money, display: CostDisplaySnapshot, *, says_currency: bool) -> bool:
    """Money is for whoever pays that price and stands there: a driver; a partner's driver sees kWh.

    A station of 2.x is told amounts in its own currency only; one of 1.6 cannot say which it is.
    """
    if not display.enabled or relation.kind not in _PAID_THERE:
        return False
    return display.currency == money.currency or (display.currency is None and not says_currency)


def invoiced(money: Money) -> Decimal:
    """The amount as it is posted: the minor unit in the currency's major one."""
    for digits in _MINOR_DIGITS:
        posted = Decimal(money.rounded_minor).scaleb(-digits)
        if 2 * abs(money.amount - posted) <= Decimal(1).scaleb(-digits):
            return posted
    return money.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a display was told last."""

    amount: Decimal
    at_s: float
    """On the steady clock."""


def is_due(amount: Decimal, shown: Shown | None, *, now_s: float, every_s: float) -> bool:
    """A changed amount is told, but not too often; the first at once."""
    return shown is None or (amount != shown.amount and now_s - shown.at_s >= every_s)
