"""Which meter stood behind a connector's registers at which time, as the registry told it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ev_contracts.sessions import ChangeMeter, MeterChanged
from session_ledger.domain.finals import connector_of, is_export_key
from session_ledger.domain.metering import Change
from session_ledger.domain.rows import ms_of

EXCHANGES_AT_MOST = 16
"""Of one place; a meter lives for years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was told of one change; a removal and the fitting after it may be told apart."""

    removed_ms: int | None
    fitted_ms: int | None
    removed_wh: int | None
    fitted_wh: int | None
    removed_export_wh: int | None
    fitted_export_wh: int | None

    @property
    def at_ms(self) -> int:
        """When it began."""
        told = self.removed_ms if self.removed_ms is not None else self.fitted_ms
        return told or 0


Meters = Mapping[str, tuple[Exchange, ...]]
"""By connector key; connector 0 stands for all connectors of its EVSE."""


def exchange_of(told: ChangeMeter | MeterChanged) -> Exchange:
    """The change as it is kept."""
    return Exchange(
        removed_ms=None if told.removed_at is None else ms_of(told.removed_at),
        fitted_ms=None if told.fitted_at is None else ms_of(told.fitted_at),
        removed_wh=told.removed_register_wh,
        fitted_wh=told.register_wh,
        removed_export_wh=told.removed_export_register_wh,
        fitted_export_wh=told.export_register_wh,
    )


def with_exchange(known: Sequence[Exchange], new: Exchange) -> tuple[Exchange, ...]:
    """The changes of one place in order of time, with one more; the latest of them."""
    if new in known:
        return tuple(known)
    return tuple(sorted((*known, new), key=_order)[-EXCHANGES_AT_MOST:])


def _order(exchange: Exchange) -> tuple[int, bool]:
    return exchange.at_ms, exchange.removed_ms is None


def changes_at(meters: Meters, register: str) -> tuple[Change, ...]:
    """The changes behind a connector's register, in order of time; an export register has the meter of its other."""
    connector, is_export = connector_of(register), is_export_key(register)
    whole_evse = f"{connector.partition('/')[0]}/0"
    told = (*meters.get(connector, ()), *(meters.get(whole_evse, ()) if whole_evse != connector else ()))
    return tuple(_joined([_exporting(each) if is_export else each for each in sorted(told, key=_order)]))


def _exporting(exchange: Exchange) -> Exchange:
    return replace(exchange, removed_wh=exchange.removed_export_wh, fitted_wh=exchange.fitted_export_wh)


def is_behind(place: str, connector: str) -> bool:
    """Whether a meter in this place stands behind the connector."""
    return place in {connector_of(connector), f"{connector.partition('/')[0]}/0"}


def _joined(told: Sequence[Exchange]) -> Iterable[Change]:
    """A removal and the fitting that comes next are one change."""
    removal: Exchange | None = None
    for each in told:
        if removal is not None and each.removed_ms is None:
            yield _change(removal, each)
            removal = None
            continue
        if removal is not None:
            yield _change(removal, removal)
        removal = each if each.fitted_ms is None else None
        if removal is None:
            yield _change(each, each)
    if removal is not None:
        yield _change(removal, removal)


def _change(removal: Exchange, fitting: Exchange) -> Change:
    removed_ms, fitted_ms = removal.removed_ms, fitting.fitted_ms
    return Change(
        removed_ms=removal.at_ms if removed_ms is None else removed_ms,
        removed_wh=removal.removed_wh,
        fitted_ms=removal.at_ms if fitted_ms is None else fitted_ms,
        fitted_wh=fitting.fitted_wh,
        is_swap=removed_ms is not None,
    )


def within(changes: Iterable[Change], started_at: datetime, ended_at: datetime) -> tuple[Change, ...]:
    """The changes after the start and not after the end."""
    first, last = ms_of(started_at), ms_of(ended_at)
    return tuple(each for each in changes if first < each.fitted_ms <= last)
