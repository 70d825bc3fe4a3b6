"""What an actor said and was told, as it happened: the ground truth that the checks compare the platform with."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a station and what became of it: `answer` is None where none came."""

    station_id: str
    at: datetime
    action: str
    payload: dict[str, object]
    answer: dict[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A session as the station knows it; only what the platform acknowledged is written here."""

    station_id: str
    ocpp_version: str
    connector: int
    id_tag: str
    transaction_id: str
    started_at: datetime
    ended_at: datetime
    meter_start_wh: int
    meter_stop_wh: int
    charging_ended_at: datetime
    """When the vehicle stopped taking energy; the rest of the session is parking time."""
    reason: str

    @property
    def energy_wh(self) -> int:
        """What the meter counted."""
        return self.meter_stop_wh - self.meter_start_wh


@dataclass(slots=True)
class Journal:
    """In memory, and as JSON lines where a path is given."""

    path: Path | None = None
    said: list[Said] = field(default_factory=list)
    charged: list[Charged] = field(default_factory=list)
    keep_said: bool = True
    _file: IO[bytes] | None = None

    def message(self, said: Said) -> None:
        """Note a message and its answer."""
        if self.keep_said:
            self.said.append(said)
        self._line({"message": asdict(said)})

    def session(self, charged: Charged) -> None:
        """Note a session whose end was acknowledged."""
        self.charged.append(charged)
        self._line({"session": asdict(charged)})

    def close(self) -> None:
        """Write what is left."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _line(self, entry: dict[str, object]) -> None:
        if self.path is None:
            return
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
        self._file.write(orjson.dumps(entry) + b"\n")
