"""The locations module, as Sender: our sites for the partner, in pages and one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response

from ev_contracts.assets import Connector, Evse
from roaming.adapters.ocpi.server import Caller, Gate
from roaming.adapters.ocpi.wire import OcpiError, envelope, parse_moment
from roaming.domain.location_json import SiteAsOf, StationAsOf, connector, evse, find_evse, in_window, location
from roaming.domain.ocpi import VERSION, Status, party_of

_LARGEST_PAGE = 100


class Sites(Protocol):
    """Our network as it stands."""

    def of_operator(self, tenant: str, cpo_party_id: str) -> Iterator[SiteAsOf]:
        """The operator's sites."""
        ...

    def site(self, tenant: str, site_id: str) -> SiteAsOf | None:
        """One site."""
        ...

    def name_of(self, party_id: str) -> str | None:
        """The party's legal name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What part of a list the caller asked for."""

    date_from: str | None
    date_to: str | None
    offset: int
    limit: int

    @property
    def end(self) -> int:
        """Where the next page begins."""
        return self.offset + self.limit

    def of(self, sites: list[SiteAsOf]) -> list[SiteAsOf]:
        """All pages of the list. Raises OcpiError 2001 for what is no DateTime."""
        return in_window(
            sites,
            parse_moment(self.date_from, "date_from") if self.date_from else None,
            parse_moment(self.date_to, "date_to") if self.date_to else None,
        )

    def next_query(self) -> str:
        """The next page, under the same filters."""
        given = {"date_from": self.date_from, "date_to": self.date_to, "offset": self.end, "limit": self.limit}
        return urlencode({name: value for name, value in given.items() if value})


def locations_router(gate: Gate, sites: Sites, public_url: str) -> APIRouter:
    """A partner sees the sites of the party it is connected to, and nobody else's."""
    router = APIRouter(tags=["locations"])
    token_c = Depends(gate.token_c)

    @router.get("/locations")
    def page(
        caller: Annotated[Caller, token_c],
        date_from: str | None = None,
        date_to: str | None = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1)] = _LARGEST_PAGE,
    ) -> Response:
        window = Window(date_from=date_from, date_to=date_to, offset=offset, limit=min(limit, _LARGEST_PAGE))
        ours = caller.partner.our_party_id
        chosen = window.of(list(sites.of_operator(caller.tenant, ours)))
        headers = {"X-Total-Count": str(len(chosen)), "X-Limit": str(_LARGEST_PAGE), **_routing(caller)}
        if window.end < len(chosen):
            headers["Link"] = f'<{public_url}/{VERSION}/locations?{window.next_query()}>; rel="next"'
        name = sites.name_of(ours)
        return envelope([location(each, name) for each in chosen[offset : window.end]], headers=headers)

    @router.get("/locations/{location_id}")
    def one_location(location_id: str, caller: Annotated[Caller, token_c]) -> Response:
        found = _site(sites, caller, location_id)
        return envelope(location(found, sites.name_of(caller.partner.our_party_id)), headers=_routing(caller))

    @router.get("/locations/{location_id}/{evse_uid}")
    def one_evse(location_id: str, evse_uid: str, caller: Annotated[Caller, token_c]) -> Response:
        return envelope(evse(*_evse(sites, caller, location_id, evse_uid)), headers=_routing(caller))

    @router.get("/locations/{location_id}/{evse_uid}/{connector_id}")
    def one_connector(
        location_id: str, evse_uid: str, connector_id: str, caller: Annotated[Caller, token_c]
    ) -> Response:
        found, station = _evse(sites, caller, location_id, evse_uid)
        return envelope(connector(_connector(found, connector_id), station.changed_at), headers=_routing(caller))

    return router


def _site(sites: Sites, caller: Caller, location_id: str) -> SiteAsOf:
    found = sites.site(caller.tenant, location_id)
    if found is None or found.site.cpo_party_id != caller.partner.our_party_id:
        raise _unknown("Location")
    return found


def _evse(sites: Sites, caller: Caller, location_id: str, evse_uid: str) -> tuple[Evse, StationAsOf]:
    found = find_evse(_site(sites, caller, location_id), evse_uid)
    if found is None:
        raise _unknown("EVSE")
    return found


def _connector(of: Evse, connector_id: str) -> Connector:
    for each in of.connectors:
        if str(each.connector_number) == connector_id:
            return each
    raise _unknown("Connector")


def _unknown(what: str) -> OcpiError:
    return OcpiError(Status.UNKNOWN_LOCATION, f"unknown {what}", http_status=404)


def _routing(caller: Caller) -> dict[str, str]:
    """Answers go back the way they came."""
    from_country, from_party = party_of(caller.partner.our_party_id)
    to_country, to_party = party_of(caller.partner.party_id)
    return {
        "OCPI-from-country-code": from_country, "OCPI-from-party-id": from_party,
        "OCPI-to-country-code": to_country, "OCPI-to-party-id": to_party,
    }  # fmt: skip
