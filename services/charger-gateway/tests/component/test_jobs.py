"""Long jobs end to end: a log is brought to the file endpoint, a firmware fetched from it, each address works once."""

import asyncio
from typing import Any

import httpx2
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from charger_gateway.adapters.http.files import PUBLIC
from charger_gateway.app import FILES_PART
from chassis.auth import undeclared_routes
from chassis.clock import new_id
from chassis.runner import HttpEdge
from chassis.testing import eventually

from .stations import STATION  # noqa: TID252 - tests are no package of the installation
from .whole import Whole  # noqa: TID252 - as above

OPS = {"Authorization": "Bearer cpo"}
LOG = b"2026-11-20T12:00:00Z connector 1 locked\n" * 1_000
IMAGE = b"\x7fELF" * 5_000


def files_of(whole: Whole) -> str:
    return f"http://127.0.0.1:{whole.service.ports[FILES_PART]}"


async def start(whole: Whole, version: str, kind: str, **body: Any) -> httpx2.Response:
    return await whole.http.post(f"/v1/stations/{STATION[version]}/jobs/{kind}", json=body, headers=OPS)


async def say(ws: Any, action: str, **payload: Any) -> Any:
    """A station's call, and what it is answered."""
    message_id = new_id()
    await ws.send(orjson.dumps([2, message_id, action, payload]).decode())
    async with asyncio.timeout(10):
        answer = orjson.loads(await ws.recv())
    assert answer[:2] == [3, message_id], answer
    return answer[2]


async def until(whole: Whole, link: str, status: str) -> dict[str, Any]:
    async def there() -> Any:
        shown = (await whole.get("cpo", link)).json()
        return shown if shown.get("status") == status else None

    return dict(await eventually(there, what=f"a job that {status}"))


async def take(ws: Any, answer: dict[str, Any]) -> Any:
    """The next call of the gateway, answered so."""
    async with asyncio.timeout(10):
        call = orjson.loads(await ws.recv())
        await ws.send(orjson.dumps([3, call[1], answer]).decode())
    return call


async def test_a_log_is_brought_once_and_read_by_the_operator(whole: Whole) -> None:
    async with whole.station(STATION["2.0.1"], "ocpp2.0.1") as ws, httpx2.AsyncClient() as station:
        await whole.connected()
        started = await start(whole, "2.0.1", "log-upload", reason="stuck plug")
        assert started.status_code == 202
        call = await take(ws, {"status": "Accepted", "filename": "l.txt"})
        address = call[3]["log"]["remoteLocation"]
        assert (await station.put(address + "x", content=LOG)).status_code == 404
        assert (await station.put(address, content=LOG)).status_code == 201
        assert (await station.post(address + "/l.txt", content=b"other")).status_code == 409
        assert (await station.get(address)).status_code == 404
        await say(ws, "LogStatusNotification", status="Uploading", requestId=call[3]["requestId"])
        await say(ws, "LogStatusNotification", status="Uploaded", requestId=call[3]["requestId"])
        job = await until(whole, started.headers["Location"], "succeeded")
        shown = (await whole.get("cpo", job["commands"][0])).json()
        brought = f"{files_of(whole)}/v1/stations/{STATION['2.0.1']}/uploads/{job['job_id']}"
        answers = {
            who: await station.get(brought, headers={"Authorization": f"Bearer {who}"})
            for who in ("cpo", "other-cpo", "anna")
        }
    assert [one["status"] for one in shown["progress"]] == ["Arrived", "Uploading", "Uploaded"]
    assert answers["cpo"].content == LOG
    assert [answers["other-cpo"].status_code, answers["anna"].status_code] == [404, 403]
    assert all(address not in repr(event) for event in await whole.desk())


async def test_a_log_that_did_not_come_is_asked_for_again_at_an_address_of_its_own(whole: Whole) -> None:
    async with whole.station(STATION["1.6"], "ocpp1.6") as ws, httpx2.AsyncClient() as station:
        await whole.connected()
        started = await start(whole, "1.6", "log-upload", diagnostics=True, retry_after_s=1)
        addresses = [(await take(ws, {"fileName": "d.txt"}))[3]["location"]]
        assert (await station.put(addresses[0], content=b"half")).status_code == 201
        await say(ws, "DiagnosticsStatusNotification", status="UploadFailed")
        addresses.append((await take(ws, {"fileName": "d.txt"}))[3]["location"])
        await say(ws, "DiagnosticsStatusNotification", status="Uploaded")
        addresses.append((await take(ws, {"fileName": "d.txt"}))[3]["location"])
        assert (await station.put(addresses[2], content=LOG)).status_code == 201
        await say(ws, "DiagnosticsStatusNotification", status="Uploaded")
        job = await until(whole, started.headers["Location"], "succeeded")
        first = (await whole.get("cpo", job["commands"][1])).json()["progress"]
        brought = f"{files_of(whole)}/v1/stations/{STATION['1.6']}/uploads/{job['job_id']}"
        found = await station.get(brought, headers=OPS)
    assert len(set(addresses)) == 3
    assert [one["status"] for one in first] == ["Uploaded", "NothingArrived"]
    assert found.content == LOG


async def test_nobody_names_a_file_of_ours_but_a_job(whole: Whole) -> None:
    async with whole.station(STATION["2.0.1"], "ocpp2.0.1") as ws:
        await whole.connected()
        body = {"log_type": "SecurityLog", "remote_location": "ev-file:upload/x"}
        asking = asyncio.create_task(whole.ask("cpo", STATION["2.0.1"], "get-log", **body))
        call = await take(ws, {"status": "Rejected"})
        await asking
    assert call[3]["log"]["remoteLocation"] == "ev-file:upload/x"


async def test_a_firmware_is_fetched_once_by_the_station_it_is_for(whole: Whole) -> None:
    async with whole.station(STATION["1.6"], "ocpp1.6") as ws, httpx2.AsyncClient() as station:
        await whole.connected()
        put = await station.put(f"{files_of(whole)}/v1/firmware/fw-3.1.bin", content=IMAGE, headers=OPS)
        again = await station.put(f"{files_of(whole)}/v1/firmware/fw-3.1.bin", content=b"other", headers=OPS)
        assert (put.status_code, again.status_code) == (201, 409)
        started = await start(whole, "1.6", "firmware-update", firmware="fw-3.1.bin")
        call = await take(ws, {})
        assert call[2] == "UpdateFirmware"
        address = call[3]["location"]
        fetched = await station.get(address)
        assert (fetched.content, fetched.headers["content-length"]) == (IMAGE, str(len(IMAGE)))
        assert (await station.get(address)).status_code == 410
        assert (await station.put(address, content=b"evil")).status_code == 404
        await say(ws, "FirmwareStatusNotification", status="Downloading")
        await say(ws, "FirmwareStatusNotification", status="Installed")
        job = await until(whole, started.headers["Location"], "succeeded")
    assert (job["kind"], job["step"], job["attempt"]) == ("firmware-update", 0, 1)


async def test_a_local_list_is_brought_in_parts_and_asked_for(whole: Whole) -> None:
    entries = [{"id_token": {"uid": f"04A{n}"}, "status": "Accepted"} for n in range(3)]
    async with whole.station(STATION["1.6"], "ocpp1.6") as ws:
        await whole.connected()
        started = await start(whole, "1.6", "local-list-sync", list_version=12, part_size=2, entries=entries)
        first = await take(ws, {"status": "Accepted"})
        second = await take(ws, {"status": "Accepted"})
        third = await take(ws, {"listVersion": 12})
        await until(whole, started.headers["Location"], "succeeded")
    assert [call[2] for call in (first, second, third)] == ["SendLocalList", "SendLocalList", "GetLocalListVersion"]
    assert [(call[3]["updateType"], call[3]["listVersion"]) for call in (first, second)] == [
        ("Full", 11),
        ("Differential", 12),
    ]
    assert [one["idTag"] for one in first[3]["localAuthorizationList"]] == ["04A0", "04A1"]
    assert all("04A0" not in repr(event) for event in await whole.desk())


async def test_a_job_is_tried_again_and_given_up(whole: Whole) -> None:
    async with whole.station(STATION["1.6"], "ocpp1.6") as ws:
        await whole.connected()
        started = await start(whole, "1.6", "log-upload", most_attempts=2, retry_after_s=1)
        await take(ws, {"status": "Rejected"})
        await take(ws, {"status": "Rejected"})
        job = await until(whole, started.headers["Location"], "failed")
    assert (job["why"], job["attempt"], len(job["commands"])) == ("Rejected", 2, 2)


async def test_a_job_may_be_cancelled_by_the_operator_alone(whole: Whole) -> None:
    link = (await start(whole, "2.1", "certificate-exchange")).headers["Location"]

    async def known() -> bool:
        return (await whole.get("cpo", link)).status_code == 200

    await eventually(known)
    stranger = await whole.http.delete(link, headers={"Authorization": "Bearer other-cpo"})
    assert (stranger.status_code, (await whole.get("other-cpo", link)).status_code) == (404, 404)
    assert (await whole.http.delete(link, headers=OPS)).status_code == 202
    assert (await until(whole, link, "failed"))["why"] == "cancelled"
    assert (await whole.http.delete(link, headers=OPS)).status_code == 409


def csr_of(station_id: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, station_id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


async def test_a_certificate_is_asked_for_signed_and_delivered(whole: Whole) -> None:
    async with whole.station(STATION["2.0.1"], "ocpp2.0.1") as ws:
        await whole.connected()
        started = await start(whole, "2.0.1", "certificate-exchange")
        trigger = await take(ws, {"status": "Accepted"})
        assert trigger[3]["requestedMessage"] == "SignChargingStationCertificate"
        asked = await say(ws, "SignCertificate", csr=csr_of(STATION["2.0.1"]))
        assert asked == {"status": "Accepted"}
        delivery = await take(ws, {"status": "Accepted"})
        job = await until(whole, started.headers["Location"], "succeeded")
        shown = (await whole.get("cpo", job["commands"][0])).json()
    leaf = x509.load_pem_x509_certificate(delivery[3]["certificateChain"].encode())
    assert delivery[2] == "CertificateSigned"
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == STATION["2.0.1"]
    assert [one["status"] for one in shown["progress"]] == ["Requested", "Installed"]


async def test_a_request_in_anothers_name_is_signed_by_nobody(whole: Whole) -> None:
    async with whole.station(STATION["2.0.1"], "ocpp2.0.1") as ws:
        await whole.connected()
        started = await start(whole, "2.0.1", "certificate-exchange", most_attempts=1)
        await take(ws, {"status": "Accepted"})
        await say(ws, "SignCertificate", csr=csr_of("NLVOLT0666"))
        job = await until(whole, started.headers["Location"], "failed")
    assert job["why"] == "Rejected"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("firmware-update", {}),
        ("firmware-update", {"firmware": "a", "location": "https://b"}),
        ("firmware-update", {"firmware": "../a"}),
        ("firmware-update", {"location": "ev-file:download/1"}),
        ("log-upload", {"log_type": "Everything"}),
        ("local-list-sync", {"list_version": 0}),
        ("local-list-sync", {"list_version": 1, "part_size": 1, "entries": [{"id_token": {"uid": "A"}}] * 2}),
        ("local-list-sync", {"list_version": 1, "entries": [{"uid": "A"}]}),
        ("certificate-exchange", {"deadline_s": 0}),
    ],
)
async def test_what_a_job_may_not_be(whole: Whole, kind: str, body: dict[str, Any]) -> None:
    response = await start(whole, "1.6", kind, **body)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


async def test_every_file_route_declares_an_act_or_proves_itself_by_its_address(whole: Whole) -> None:
    files = whole.service.parts[FILES_PART]
    assert isinstance(files, HttpEdge)
    assert undeclared_routes(files.app, public=PUBLIC) == []
    assert len(undeclared_routes(files.app)) == 3
