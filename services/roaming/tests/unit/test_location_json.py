"""Our sites as OCPI Locations."""

from datetime import timedelta

import pytest
from samples import CONNECTOR, NOON, ONE, OPENED, SITE, STATION

from ev_contracts.assets import Connector
from roaming.domain.location_json import SiteAsOf, StationAsOf, find_evse, in_window, location
from roaming.domain.ocpi import connector_words, date_time

AS_OF = SiteAsOf(site=SITE, changed_at=OPENED, stations=(StationAsOf(station=STATION, changed_at=NOON),))


def test_a_location_is_the_site_with_an_evse_per_charging_place() -> None:
    assert location(AS_OF, "Volt Charging B.V.") == {
        "country_code": "NL", "party_id": "VLT", "id": "utrecht-1", "publish": True, "name": "Utrecht Centraal",
        "address": "Stationsplein 1", "city": "Utrecht", "postal_code": "3511 ED", "country": "NLD",
        "coordinates": {"latitude": "52.089444", "longitude": "5.110278"},
        "evses": [
            {
                "uid": "VLT-0001-1", "evse_id": "NL*VLT*E1", "status": "UNKNOWN",
                "connectors": [
                    {
                        "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
                        "max_voltage": 230, "max_amperage": 16, "max_electric_power": 11_000,
                        "last_updated": "2026-11-20T12:00:00Z",
                    }
                ],
                "last_updated": "2026-11-20T12:00:00Z",
            }
        ],
        "time_zone": "Europe/Amsterdam", "operator": {"name": "Volt Charging B.V."},
        # A change of an EVSE lifts the Location's time.
        "last_updated": "2026-11-20T12:00:00Z",
    }  # fmt: skip


def test_an_evse_is_never_deleted_but_removed() -> None:
    gone = StationAsOf(station=STATION.model_copy(update={"retired": True}), changed_at=ONE)
    evses = location(SiteAsOf(site=SITE, changed_at=OPENED, stations=(gone,)), None)["evses"]

    assert isinstance(evses, list)
    assert [each["status"] for each in evses] == ["REMOVED"]


def test_an_evse_is_found_by_its_uid_in_any_case() -> None:
    found = find_evse(AS_OF, "vlt-0001-1")

    assert found is not None
    assert found[0].evse_id == "NL*VLT*E1"
    assert find_evse(AS_OF, "VLT-0001-2") is None


def test_the_window_includes_its_beginning_and_not_its_end() -> None:
    assert in_window([AS_OF], NOON, None) == [AS_OF]
    assert in_window([AS_OF], None, NOON) == []
    assert in_window([AS_OF], NOON + timedelta(seconds=1), None) == []


def test_sites_come_in_the_order_of_their_opening() -> None:
    older = SiteAsOf(
        site=SITE.model_copy(update={"site_id": "z", "opened_at": OPENED - timedelta(days=1)}), changed_at=ONE
    )

    assert in_window([AS_OF, older], None, None) == [older, AS_OF]


@pytest.mark.parametrize(
    ("connector", "format_", "power_type"),
    [
        (CONNECTOR, "SOCKET", "AC_3_PHASE"),
        (CONNECTOR.model_copy(update={"max_power_w": 3_680}), "SOCKET", "AC_1_PHASE"),
        (CONNECTOR.model_copy(update={"max_voltage_v": 400}), "SOCKET", "AC_3_PHASE"),
        (CONNECTOR.model_copy(update={"standard": "CHADEMO", "dc": True}), "CABLE", "DC"),
        (CONNECTOR.model_copy(update={"standard": "IEC_62196_T1"}), "CABLE", "AC_3_PHASE"),
    ],
)
def test_format_and_phases_follow_from_what_the_registry_knows(
    connector: Connector, format_: str, power_type: str
) -> None:
    words = connector_words(connector)

    assert (words["format"], words["power_type"]) == (format_, power_type)


def test_times_are_ocpis() -> None:
    assert date_time(NOON + timedelta(milliseconds=5)) == "2026-11-20T12:00:00.005Z"
