"""The operator's trust store at a station: what it lacks is installed, what is retired deleted, the rest left alone."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from charger_gateway.adapters.trust.local_ca import ROOT, LocalCa
from chassis.clock import LabClock, wall_now
from chassis.testing import eventually

from .stations import STATION, willing_station  # noqa: TID252 - tests are no package of the installation
from .test_jobs import start, take, until  # noqa: TID252 - as above
from .whole import Whole, running_whole  # noqa: TID252 - as above

_STORE = {"csms/held": "Held", "csms/missing": "Missing", "v2g/missing": "Vehicles", "retired/old": "Old"}


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, str]:
    """The store's certificates (PEM) by their place."""
    made = {}
    for place, operator in _STORE.items():
        ca = tmp_path / operator
        LocalCa.open_or_make(ca, operator=operator, now=datetime.now(UTC))
        file = tmp_path / "store" / f"{place}.pem"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((ca / ROOT).read_bytes())
        made[place] = file.read_text()
    return made


@pytest.fixture
async def trusting(tmp_path: Path, roots: dict[str, str]) -> AsyncIterator[Whole]:
    """A service whose operator has a trust store."""
    async with running_whole(tmp_path / "secrets", wait_s=5.0, trust_store_dir=str(tmp_path / "store")) as one:
        yield one


def reported(pem: str) -> dict[str, str]:
    """As a station names it that counts for itself, and writes its hexadecimals large."""
    root = x509.load_pem_x509_certificate(pem.encode())
    key = root.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "hashAlgorithm": "SHA384",
        "issuerNameHash": hashlib.sha384(root.issuer.public_bytes()).hexdigest().upper(),
        "issuerKeyHash": hashlib.sha384(key).hexdigest().upper(),
        "serialNumber": f"{root.serial_number:X}",
    }


def chain(pem: str) -> dict[str, Any]:
    return {"certificateType": "CSMSRootCertificate", "certificateHashData": reported(pem)}


async def test_a_station_is_given_what_it_lacks_and_rid_of_what_is_retired(
    trusting: Whole, roots: dict[str, str]
) -> None:
    async with trusting.station(STATION["2.0.1"], "ocpp2.0.1") as ws:
        await trusting.connected()
        started = await start(trusting, "2.0.1", "trust-store-sync", delete_retired=True)
        held = [chain(roots["csms/held"]), chain(roots["retired/old"])]
        asked = await take(ws, {"status": "Accepted", "certificateHashDataChain": held})
        calls = [await take(ws, {"status": "Accepted"}) for _ in range(3)]
        job = await until(trusting, started.headers["Location"], "succeeded")
    assert asked[2:] == ["GetInstalledCertificateIds", {}]
    assert [call[2:] for call in calls] == [
        ["InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": roots["csms/missing"]}],
        ["InstallCertificate", {"certificateType": "V2GRootCertificate", "certificate": roots["v2g/missing"]}],
        ["DeleteCertificate", {"certificateHashData": reported(roots["retired/old"])}],
    ]
    assert (job["steps"], len(job["commands"])) == (4, 4)


async def test_a_16_station_is_given_the_roots_that_16_knows_and_keeps_retired_ones_unless_told(
    trusting: Whole, roots: dict[str, str]
) -> None:
    async with trusting.station(STATION["1.6"], "ocpp1.6") as ws:
        await trusting.connected()
        started = await start(trusting, "1.6", "trust-store-sync")
        held = [reported(roots["csms/held"]), reported(roots["retired/old"])]
        asked = [
            await take(ws, {"status": "Accepted", "certificateHashData": held}),
            await take(ws, {"status": "NotFound"}),
        ]
        install = await take(ws, {"status": "Accepted"})
        await until(trusting, started.headers["Location"], "succeeded")
    kinds = [call[3]["certificateType"] for call in asked]
    assert kinds == ["CentralSystemRootCertificate", "ManufacturerRootCertificate"]
    assert install[3] == {"certificateType": "CentralSystemRootCertificate", "certificate": roots["csms/missing"]}


async def test_what_cannot_be_synced_is_refused_at_once(trusting: Whole, roots: dict[str, str]) -> None:
    away = await start(trusting, "2.1", "trust-store-sync")
    none = await start(trusting, "2.1", "trust-store-sync", certificate_types=["MORootCertificate"])
    unknown = await start(trusting, "2.1", "trust-store-sync", certificate_types=["Root"])
    store = Path(trusting.settings.trust_store_dir)
    (store / "csms" / "old.pem").write_text(roots["retired/old"])
    unreadable = await start(trusting, "2.1", "trust-store-sync", certificate_types=["CSMSRootCertificate"])
    assert [one.status_code for one in (away, none, unknown, unreadable)] == [409, 409, 422, 503]
    assert [one.json()["title"] for one in (away, none)] == ["station-not-connected", "no-such-roots"]


async def test_without_a_trust_store_there_is_nothing_to_sync(whole: Whole) -> None:
    refused = await start(whole, "2.1", "trust-store-sync")
    assert (refused.status_code, refused.json()["title"]) == (409, "no-trust-store")


async def desire(whole: Whole, version: str, **wish: Any) -> Any:
    path = f"/v1/stations/{STATION[version]}/desired-variables"
    body = {"variables": [], "trust_store": wish}
    return await whole.http.put(path, json=body, headers={"Authorization": "Bearer cpo"})


async def roots_are(whole: Whole, version: str, state: str) -> dict[str, Any]:
    async def so() -> Any:
        shown = (await whole.get("cpo", f"/v1/stations/{STATION[version]}/desired-variables")).json()["roots"]
        return shown if shown["state"] == state else None

    return dict(await eventually(so, deadline_s=30, what=f"roots that are {state}"))


async def test_desired_roots_are_brought_and_a_changed_store_follows_at_the_next_contact(
    tmp_path: Path, roots: dict[str, str]
) -> None:
    store, clock = tmp_path / "store", LabClock(start=wall_now(), rate=60)
    later = store / "mo" / "later.pem"
    later.parent.mkdir()
    async with running_whole(tmp_path / "secrets", wait_s=5.0, clock=clock, trust_store_dir=str(store)) as whole:
        async with willing_station(whole, "2.0.1") as station:
            station.says["GetInstalledCertificateIds"] = _holding(roots["csms/held"], roots["retired/old"])
            assert (await desire(whole, "2.0.1", delete_retired=True)).status_code == 202
            repaired = await roots_are(whole, "2.0.1", "repaired")
            assert set(station.heard) >= {"InstallCertificate", "DeleteCertificate"}
        later.write_text(roots["retired/old"])
        (store / "retired" / "old.pem").unlink()
        async with willing_station(whole, "2.0.1") as station:
            station.says["GetInstalledCertificateIds"] = _holding(
                *(roots[one] for one in ("csms/held", "csms/missing"))
            )
            station.refuses.add("InstallCertificate")
            remaining = await roots_are(whole, "2.0.1", "remaining")
    assert [one["certificate_type"] for one in repaired["missing"]] == ["CSMSRootCertificate", "V2GRootCertificate"]
    assert len(repaired["retired"]) == 1
    types = ["V2GRootCertificate", "MORootCertificate"]
    assert [one["certificate_type"] for one in remaining["missing"]] == types
    assert (remaining["why"], len(remaining["trusted_roots"])) == ("Rejected", 4)


def _holding(*pems: str) -> dict[str, Any]:
    return {
        "status": "Accepted",
        "certificate_hash_data_chain": [
            {
                "certificate_type": "CSMSRootCertificate",
                "certificate_hash_data": {snake(key): value for key, value in reported(pem).items()},
            }
            for pem in pems
        ],
    }


def snake(key: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in key)


async def test_roots_are_desired_of_a_trust_store_only(whole: Whole, trusting: Whole) -> None:
    without = await desire(whole, "2.1")
    none = await desire(trusting, "2.1", certificate_types=["MORootCertificate"])
    unknown = await desire(trusting, "2.1", certificate_types=["Root"])
    assert [one.status_code for one in (without, none, unknown)] == [409, 409, 422]
    assert [one.json()["title"] for one in (without, none)] == ["no-trust-store", "no-such-roots"]
