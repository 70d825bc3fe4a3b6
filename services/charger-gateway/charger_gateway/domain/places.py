"""At which EVSEs of a station a token may start sessions: where they are, and by which kind of current they charge."""

from collections.abc import Sequence
from dataclasses import dataclass

from ev_contracts.accounts import ChargingPlaces

NOT_HERE = "NotAtThisLocation"
NOT_THIS_KIND = "NotAllowedTypeEVSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationEvse:
    """An EVSE as it is registered."""

    number: int
    evse_id: str
    site_id: str
    ac: bool
    dc: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Of a station's EVSEs those where a token may start a session, and why not at the others, in OCPP's words."""

    evses: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]

    def refusal(self, evse_number: int) -> str | None:
        """Why no session may start at an EVSE; of 0, which names none, why at none of them."""
        if evse_number:
            return None if evse_number in self.evses else dict(self.refused).get(evse_number, NOT_HERE)
        if self.evses:
            return None
        return NOT_THIS_KIND if any(word == NOT_THIS_KIND for _, word in self.refused) else NOT_HERE


def here(places: Sequence[ChargingPlaces], evses: Sequence[StationEvse]) -> Here | None:
    """None where a session may start at all of the station's EVSEs; each of `places` must allow it."""
    words = [(evse.number, _refusal(places, evse)) for evse in evses]
    refused = tuple((number, word) for number, word in words if word is not None)
    if words and not refused:
        return None
    return Here(evses=tuple(number for number, word in words if word is None), refused=refused)


def _refusal(places: Sequence[ChargingPlaces], evse: StationEvse) -> str | None:
    """The place counts before the kind."""
    if not all(_is_among(one, evse) for one in places):
        return NOT_HERE
    ac, dc = all(one.allows_ac for one in places), all(one.allows_dc for one in places)
    if (ac and dc) or (ac and evse.ac) or (dc and evse.dc):
        return None
    return NOT_THIS_KIND


def _is_among(places: ChargingPlaces, evse: StationEvse) -> bool:
    if not places.site_ids and not places.evse_ids:
        return True
    return evse.site_id in places.site_ids or evse.evse_id in places.evse_ids
