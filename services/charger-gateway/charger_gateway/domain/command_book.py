"""The latest commands and what became of them, by the desk's events; what people are shown."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from charger_gateway.domain.desk import DeskEvent
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    StationResponse,
)

MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandView:
    """A command as people see it; `status` is requested, sent, succeeded, refused, timed-out or undeliverable."""

    key: str
    command_id: str
    station_id: str
    action: str
    requested_by: str
    reason: str | None
    requested_at: datetime
    expires_at: datetime
    status: str = "requested"
    answer: str | None = None
    detail: str | None = None
    response: StationResponse | None = None
    sent_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def decided(self) -> bool:
        """Whether it has its outcome."""
        return self.decided_at is not None


class CommandBook:
    """A bounded fold of the desk's events; the eldest commands are forgotten first (the log still has them)."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._views: OrderedDict[str, CommandView] = OrderedDict()
        self._changed: dict[str, asyncio.Event] = {}

    def view(self, command_id: str) -> CommandView | None:
        """The command as of the last event that was read."""
        return self._views.get(command_id)

    def on_event(self, key: str, event: DeskEvent) -> None:
        """Fold one event; events of commands that were never seen or are forgotten change nothing."""
        match event:
            case CommandRequested():
                self._remember(_requested(key, event))
            case CommandSent():
                self._update(event.command_id, status="sent", sent_at=event.sent_at)
            case CommandSucceeded():
                self._answered(event, "succeeded")
            case CommandRefused():
                self._answered(event, "refused", detail=event.detail)
            case CommandTimedOut():
                self._update(event.command_id, status="timed-out", decided_at=event.timed_out_at)
            case CommandUndeliverable():
                self._update(event.command_id, status="undeliverable", decided_at=event.at, detail=event.why)
            case ConnectionLost():
                pass
            case _:
                assert_never(event)

    async def decided(self, command_id: str, timeout_s: float) -> CommandView | None:
        """The command once it has its outcome, or as it stands after the time-out."""
        changed = self._changed.setdefault(command_id, asyncio.Event())
        try:
            async with asyncio.timeout(timeout_s):
                while (view := self._views.get(command_id)) is None or not view.decided:
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            pass
        finally:
            self._changed.pop(command_id, None)
        return self._views.get(command_id)

    def _remember(self, view: CommandView) -> None:
        self._views[view.command_id] = view
        while len(self._views) > self._most:
            self._views.popitem(last=False)

    def _answered(self, event: CommandSucceeded | CommandRefused, status: str, *, detail: str | None = None) -> None:
        self._update(
            event.command_id,
            status=status,
            decided_at=event.answered_at,
            answer=event.answer,
            detail=detail,
            response=event.response,
        )

    def _update(self, command_id: str, **changes: object) -> None:
        view = self._views.get(command_id)
        if view is None or view.decided:
            return
        self._views[command_id] = replace(view, **changes)  # type: ignore[arg-type]  # named by the callers above
        changed = self._changed.get(command_id)
        if changed is not None:
            changed.set()


def _requested(key: str, event: CommandRequested) -> CommandView:
    return CommandView(
        key=key,
        command_id=event.command_id,
        station_id=event.station_id,
        action=event.action,
        requested_by=event.requested_by,
        reason=event.reason,
        requested_at=event.requested_at,
        expires_at=event.expires_at,
    )
