"""A station's way from a password to a certificate of its own, through the whole service."""

import ssl
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from charger_gateway.adapters.trust.local_ca import LocalCa
from ev_contracts.gateway import CommandSucceeded

from .certificates import NOW, ca_of, ec_key, issue, request_of, write_pair  # noqa: TID252 - no installed package
from .seeding import free_port  # noqa: TID252 - as above
from .test_sockets import call  # noqa: TID252 - as above
from .whole import Whole, running_whole  # noqa: TID252 - as above

STATION = "NLVOLT0001"


def trusted(home: Path) -> dict[str, Any]:
    """Settings of a gateway with TLS; its station CA is there already."""
    LocalCa.open_or_make(home / "server-ca", operator="Roots", now=NOW)
    key = ec_key()
    made = issue(key, "localhost", by=ca_of(home / "server-ca"), usage=ExtendedKeyUsageOID.SERVER_AUTH)
    path = write_pair(home, "server", made, key)
    return {"ocpp_tls_port": free_port(), "tls_ec_certificate": str(path)}


async def by_certificate(whole: Whole, home: Path, chain: str, key: Any) -> Any:
    """The answer to a heartbeat over TLS, without a password."""
    context = ssl.create_default_context(cafile=str(home / "server-ca" / "ca.pem"))
    context.load_cert_chain(write_pair(home, "own", chain.encode(), key), home / "own.key")
    url = f"wss://localhost:{whole.settings.ocpp_tls_port}/ocpp/{STATION}"
    async with connect(url, subprotocols=[Subprotocol("ocpp1.6")], ssl=context, proxy=None) as socket:
        return await call(socket, "Heartbeat", {})


@pytest.mark.parametrize(
    ("subprotocol", "more"),
    [
        ("ocpp1.6", {}),
        ("ocpp2.0.1", {"certificateType": "ChargingStationCertificate"}),
        ("ocpp2.1", {"certificateType": "ChargingStationCertificate", "requestId": 7}),
    ],
)
async def test_a_station_asks_is_given_and_comes_in_by_its_certificate(
    tmp_path: Path, subprotocol: str, more: dict[str, Any]
) -> None:
    key = ec_key()
    async with running_whole(tmp_path / "secrets", wait_s=5.0, **trusted(tmp_path)) as whole:
        async with whole.station(STATION, subprotocol) as socket:
            asked = {"csr": request_of(key, STATION), **more}
            assert (await call(socket, "SignCertificate", asked))[2] == {"status": "Accepted"}
            signed = orjson.loads(await socket.recv())
            assert signed[2] == "CertificateSigned"
            assert {name: signed[3][name] for name in more} == more
            await socket.send(orjson.dumps([3, signed[1], {"status": "Accepted"}]).decode())
            outcomes = await whole.outcomes(3)
            assert any(isinstance(one, CommandSucceeded) for one in outcomes)
        assert (await by_certificate(whole, tmp_path, signed[3]["certificateChain"], key))[0] == 3
