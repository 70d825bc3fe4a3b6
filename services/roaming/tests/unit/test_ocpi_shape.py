"""What we send is OCPI 2.2.1 by a strict model that takes the specification's examples and refuses the faulty one."""

from datetime import timedelta
from pathlib import Path

import ocpi_model
import pytest
from pydantic import BaseModel, ValidationError
from samples import CONNECTOR, FACTS, NOON, OPENED, RATED, SEND, SITE, STATION, TARIFF

from ev_contracts.assets import SiteSnapshot
from ev_contracts.roaming import CdrSendRequested
from roaming.adapters.ocpi.wire import dumps
from roaming.domain.cdr_json import CdrFacts, CdrToken, cdr_of
from roaming.domain.location_json import SiteAsOf, StationAsOf, find_evse, location
from roaming.domain.ocpi import evse_uid

EXAMPLES = Path(__file__).parent.parent / "data" / "ocpi-2.2.1-d2"
LONG = SITE.model_copy(update={"name": "n" * 300, "address": "a" * 255, "city": "c" * 255, "postal_code": "1" * 20})
LONG_ID = "S" * 48


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("cdr_example", ocpi_model.Cdr),
        ("location_example", ocpi_model.Location),
        ("location_example_uc2_destination_charger", ocpi_model.Location),
        ("tariff_13_simple_3hour_5parking", ocpi_model.Tariff),
        ("session_example_1_simple_start", ocpi_model.Session),
        ("credentials_example", ocpi_model.Credentials),
        ("credentials_example3", ocpi_model.Credentials),
    ],
)
def test_the_model_takes_the_specifications_examples(name: str, model: type[BaseModel]) -> None:
    model.model_validate_json((EXAMPLES / f"{name}.json").read_bytes())


def test_the_model_refuses_the_specifications_faulty_example() -> None:
    with pytest.raises(ValidationError):
        ocpi_model.Evse.model_validate_json((EXAMPLES / "location_put_example_add_evse.json").read_bytes())


@pytest.mark.parametrize("site", [SITE, LONG])
def test_our_cdrs_are_ocpi(site: SiteSnapshot) -> None:
    request = CdrSendRequested(**SEND.model_dump(exclude={"at"}), session_id=FACTS.session_id, requested_at=RATED)
    long_place = request.place.model_copy(update={"station_id": LONG_ID})
    facts = CdrFacts(
        token=CdrToken(uid="04A1B2C3", type="RFID", contract_id="c" * 36), site=site, connector=CONNECTOR, tariff=TARIFF
    )
    credit = request.model_copy(update={"cdr_id": f"{'i' * 36}-C", "credit_reference_id": "i" * 36})
    for each in (request, request.model_copy(update={"place": long_place}), credit):
        ocpi_model.Cdr.model_validate_json(dumps(cdr_of(each, facts)))


@pytest.mark.parametrize("site", [SITE, LONG])
def test_our_locations_are_ocpi(site: SiteSnapshot) -> None:
    long_name = STATION.model_copy(update={"station_id": LONG_ID})
    stations = tuple(
        StationAsOf(station=each, changed_at=NOON + timedelta(milliseconds=7)) for each in (STATION, long_name)
    )
    as_of = SiteAsOf(site=site, changed_at=OPENED, stations=stations)
    ocpi_model.Location.model_validate_json(dumps(location(as_of, "V" * 200)))
    assert find_evse(as_of, evse_uid(LONG_ID, 1)) is not None


def test_a_uid_that_would_be_too_long_is_still_its_own() -> None:
    uids = {evse_uid(LONG_ID, number) for number in range(1, 65)}

    assert len(uids) == 64
    assert {len(each) for each in uids} == {36}
