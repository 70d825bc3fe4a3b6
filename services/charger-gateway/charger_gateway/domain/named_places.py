"""Places that a station names: a message proves nothing of them, so each is looked up in the registration."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from charger_gateway.domain.station import STATION_EVENTS, Fact, Heard, noticed
from ev_contracts.gateway import UnknownPlaceNamed

MOST_TOLD = 16
"""Of one connection: who names ever others tells no more than the first did."""


@dataclass(slots=True)
class NamedPlaces:
    """The places that one connection named and the registry does not know; each is told once."""

    _told: set[tuple[int, int]] = field(default_factory=set)

    def unknown(self, facts: Sequence[Fact], action: str, heard: Heard) -> tuple[Fact, ...]:
        """What is to be told beside these facts; nothing while the station's registration is on its way."""
        return tuple(
            [self._tell(place, action, heard) for place in _not_of(heard, facts) if self._is_news(place, heard)]
        )

    def _is_news(self, place: tuple[int, int], heard: Heard) -> bool:
        if place in self._told or len(self._told) >= MOST_TOLD:
            return False
        evse, connector = place
        return connector != 0 or all(known != evse for known, _ in heard.connectors)

    def _tell(self, place: tuple[int, int], action: str, heard: Heard) -> Fact:
        self._told.add(place)
        evse, connector = place
        record = UnknownPlaceNamed(**noticed(heard), action=action, evse_number=evse, connector_number=connector)
        return Fact(topic=STATION_EVENTS, record=record)


def _not_of(heard: Heard, facts: Sequence[Fact]) -> Sequence[tuple[int, int]]:
    """The places that are not registered: of most messages none. EVSE 0 is the station itself."""
    known, found = heard.connectors, []
    for fact in facts if known else ():
        evse = getattr(fact.record, "evse_number", None)
        if evse and (place := (evse, getattr(fact.record, "connector_number", None) or 0)) not in known:
            found.append(place)
    return found
