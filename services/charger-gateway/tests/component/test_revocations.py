"""An operator takes a station's certificate back: it stands on the list and on the log, whoever else's does not."""

from typing import Any

import pytest
from cryptography import x509

from charger_gateway.adapters.trust.local_ca import LocalCa
from charger_gateway.domain.station import STATION_EVENTS
from chassis.testing import read_topic
from ev_contracts.gateway import StationCertificateRevoked

from .certificates import NOW, ca_of, ec_key, issue, request_of  # noqa: TID252 - tests are no package
from .whole import Whole  # noqa: TID252 - as above

STATION = "NLVOLT0001"
PATH = f"/v1/stations/{STATION}/revoked-certificates"


def signed(whole: Whole, station_id: str) -> str:
    ca = LocalCa.open_or_make(whole.ca_dir, operator="Volt", now=NOW)
    return ca.sign(request_of(ec_key(), station_id), station_id=station_id, now=NOW)


async def revoke(whole: Whole, who: str, certificate: str, **more: Any) -> Any:
    body = {"certificate": certificate, "reason": "stolen", **more}
    return await whole.http.post(PATH, json=body, headers={"Authorization": f"Bearer {who}"})


def listed(whole: Whole) -> set[int]:
    return {one.serial_number for one in x509.load_pem_x509_crl((whole.ca_dir / "revoked.pem").read_bytes())}


async def test_a_certificate_is_taken_back_and_told(whole: Whole) -> None:
    chain = signed(whole, STATION)
    serial = x509.load_pem_x509_certificate(chain.encode()).serial_number
    refused = {who: (await revoke(whole, who, chain)).status_code for who in ("anna", "other-cpo")}
    assert (refused, listed(whole)) == ({"anna": 403, "other-cpo": 404}, set())
    taken = await revoke(whole, "cpo", chain)
    assert (taken.status_code, taken.json()["serial_number"]) == (200, f"{serial:x}")
    assert listed(whole) == {serial}
    (told,) = [one.record for one in await read_topic(whole.log, whole.codec, STATION_EVENTS)]
    assert isinstance(told, StationCertificateRevoked)
    assert (told.station_id, told.serial_number, told.requested_by, told.reason) == (
        STATION,
        f"{serial:x}",
        "ops@volt",
        "stolen",
    )


@pytest.mark.parametrize("whose", ["another station's", "another CA's", "nobody's"])
async def test_only_what_the_ca_signed_for_the_station_is(whole: Whole, whose: str) -> None:
    match whose:
        case "another station's":
            certificate = signed(whole, "NLVOLT0002")
        case "another CA's":
            LocalCa.open_or_make(whole.ca_dir.parent / "other", operator="Volt", now=NOW)
            certificate = issue(ec_key(), STATION, by=ca_of(whole.ca_dir.parent / "other")).decode()
        case _:
            certificate = "PEM"
    assert (await revoke(whole, "cpo", certificate)).status_code == 422
    assert listed(whole) == set()
