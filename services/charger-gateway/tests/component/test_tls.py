"""Security profiles 2 and 3 over real TLS: who gets in by which certificate, and who does not."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from charger_gateway.adapters.ocpp.server import CONNECTIONS, Address
from charger_gateway.adapters.trust.local_ca import LocalCa
from charger_gateway.adapters.trust.tls import TlsContext, TlsFiles
from ev_contracts.gateway import StationConnected

from .certificates import (  # noqa: TID252 - tests are no package of the installation
    NOW,
    Ca,
    Key,
    ca_of,
    ec_key,
    issue,
    issue_by_sha1,
    request_of,
    write_pair,
)
from .conftest import QUICK, Gateway, running  # noqa: TID252 - as above
from .seeding import SECRET, basic  # noqa: TID252 - as above
from .test_sockets import call  # noqa: TID252 - as above

STATION = "NLVOLT0001"
RSA_ONLY, EC_ONLY = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"
WITHOUT_FORWARD_SECRECY = "AES128-GCM-SHA256"


@dataclass
class Secured:
    """A gateway with TLS, its station CA, and where certificates lie."""

    gateway: Gateway
    ca: LocalCa
    folder: Path
    tls: TlsContext

    @property
    def station_ca(self) -> Ca:
        return ca_of(self.folder / "ca")

    def client(self, *, certificate: bytes | None = None, key: Key | None = None, ciphers: str = "") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "server-root.pem"))
        if ciphers:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        if certificate is not None and key is not None:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or it would not even show a weak one
            context.load_cert_chain(write_pair(self.folder, "client", certificate, key), self.folder / "client.key")
        return context

    def connect(self, context: ssl.SSLContext, station_id: str = STATION, **headers: str) -> Any:
        return connect(
            f"wss://localhost:{self.gateway.server.tls_port}/ocpp/{station_id}",
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers=headers,
            ssl=context,
            proxy=None,
        )

    async def fares(self, context: ssl.SSLContext, station_id: str = STATION, **headers: str) -> str:
        """`in`, the status of the refusal, or `cut` where TLS itself refused."""
        try:
            async with self.connect(context, station_id, **headers) as socket:
                return "in" if (await call(socket, "Heartbeat", {}))[0] == 3 else "?"
        except InvalidStatus as refused:
            return str(refused.response.status_code)
        except (OSError, EOFError, InvalidHandshake, ConnectionClosed):
            return "cut"


@pytest.fixture
async def secured(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Secured]:
    """RSA and EC certificates on one port, and a station CA."""
    ca = LocalCa.open_or_make(tmp_path / "ca", operator="Volt", now=NOW)
    server_ca = LocalCa.open_or_make(tmp_path / "server-ca", operator="Roots", now=NOW)
    assert server_ca is not None
    (tmp_path / "server-root.pem").write_bytes((tmp_path / "server-ca" / "ca.pem").read_bytes())
    keys: dict[str, Key] = {"ec": ec_key(), "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    pairs = []
    for stem, key in keys.items():
        made = issue(key, "localhost", by=ca_of(tmp_path / "server-ca"), usage=ExtendedKeyUsageOID.SERVER_AUTH)
        path = write_pair(tmp_path, stem, made, key)
        pairs.append((path, path.with_suffix(".key")))
    tls = TlsContext(
        TlsFiles(
            certificates=pairs,
            station_roots=tmp_path / "ca" / "ca.pem",
            revocations=tmp_path / "ca" / "revoked.pem",
            suites=getattr(request, "param", "modern"),
        )
    )
    address = Address(host="127.0.0.1", port=None, tls_port=0, tls=tls)
    async with running(QUICK, address) as gateway:
        yield Secured(gateway=gateway, ca=ca, folder=tmp_path, tls=tls)


# Profile 2.


@pytest.mark.parametrize("ciphers", ["", RSA_ONLY, EC_ONLY])
async def test_a_password_over_tls_is_profile_2(secured: Secured, ciphers: str) -> None:
    assert await secured.fares(secured.client(ciphers=ciphers), **basic(STATION, SECRET)) == "in"
    (connected,) = await secured.gateway.wait_for(CONNECTIONS, StationConnected)
    assert connected.security_profile == 2


async def test_tls_alone_proves_nobody(secured: Secured) -> None:
    assert await secured.fares(secured.client()) == "401"
    assert await secured.fares(secured.client(), **basic(STATION, "wrong")) == "401"


async def test_old_tls_and_no_tls_are_cut(secured: Secured) -> None:
    old = secured.client()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    assert await secured.fares(old, **basic(STATION, SECRET)) == "cut"
    with pytest.raises((OSError, EOFError, InvalidHandshake)):
        async with connect(f"ws://localhost:{secured.gateway.server.tls_port}/ocpp/{STATION}", proxy=None):
            pass


async def test_without_forward_secrecy_nobody_comes_in(secured: Secured) -> None:
    weak = secured.client(ciphers=WITHOUT_FORWARD_SECRECY)
    assert await secured.fares(weak, **basic(STATION, SECRET)) == "cut"


@pytest.mark.parametrize("secured", ["standard"], indirect=True)
@pytest.mark.parametrize(
    "ciphers",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ],
)
async def test_the_suites_that_the_standard_names_are_a_profile_of_their_own(secured: Secured, ciphers: str) -> None:
    assert await secured.fares(secured.client(ciphers=ciphers), **basic(STATION, SECRET)) == "in"


# Profile 3.


async def test_a_signed_request_opens_without_a_password(secured: Secured) -> None:
    key = ec_key()
    chain = secured.ca.sign(request_of(key, STATION), station_id=STATION, now=NOW)
    assert await secured.fares(secured.client(certificate=chain.encode(), key=key)) == "in"
    (connected,) = await secured.gateway.wait_for(CONNECTIONS, StationConnected)
    assert (connected.security_profile, connected.credential_version) == (3, 0)


def bad(kind: str, secured: Secured, key: Key) -> bytes:
    """A certificate of the kind."""
    ca = secured.station_ca
    match kind:
        case "expired":
            return issue(key, STATION, by=ca, days=(-30, -1))
        case "not yet valid":
            return issue(key, STATION, by=ca, days=(2, 30))
        case "of another CA":
            other = secured.folder / "other"
            LocalCa.open_or_make(other, operator="Volt", now=NOW)
            return issue(key, STATION, by=ca_of(other))
        case "signed by itself":
            return issue(key, STATION, by=None)
        case "signed with SHA-1":
            return issue_by_sha1(secured.folder, key, STATION, secured.folder / "ca")
        case "of no use" | "of a server":
            usage = ExtendedKeyUsageOID.SERVER_AUTH if kind == "of a server" else None
            return issue(key, STATION, by=ca, usage=usage)
        case "revoked":
            chain = secured.ca.sign(request_of(key, STATION), station_id=STATION, now=NOW)
            secured.ca.revoke(chain, now=NOW)
            # The context looks at the time of the file: in a test both writings may share one.
            os.utime(secured.folder / "ca" / "revoked.pem", ns=(1, 1))
            secured.tls.look()
            return chain.encode()
        case _:
            return issue(key, "NLVOLT0002", by=ca)


@pytest.mark.parametrize(
    ("kind", "fares"),
    [
        ("expired", "cut"),
        ("not yet valid", "cut"),
        ("of another CA", "cut"),
        ("signed by itself", "cut"),
        ("signed with SHA-1", "cut"),
        ("of a server", "cut"),
        ("revoked", "cut"),
        ("of no use", "401"),
        ("of another station", "401"),
    ],
)
async def test_a_bad_certificate_opens_nothing(secured: Secured, kind: str, fares: str) -> None:
    key = ec_key()
    context = secured.client(certificate=bad(kind, secured, key), key=key)
    # Not even with the right password beside it: whoever shows a certificate is judged by it.
    assert await secured.fares(context, **basic(STATION, SECRET)) == fares
    assert await secured.gateway.records(CONNECTIONS) == []


async def test_a_good_one_stays_good_while_another_is_revoked(secured: Secured) -> None:
    key, other = ec_key(), ec_key()
    chain = secured.ca.sign(request_of(key, STATION), station_id=STATION, now=NOW)
    secured.ca.revoke(secured.ca.sign(request_of(other, STATION), station_id=STATION, now=NOW), now=NOW)
    os.utime(secured.folder / "ca" / "revoked.pem", ns=(1, 1))
    secured.tls.look()
    assert await secured.fares(secured.client(certificate=chain.encode(), key=key)) == "in"


# What was good before.


async def test_who_is_trusted_no_more_opens_nothing(secured: Secured) -> None:
    key = ec_key()
    context = secured.client(certificate=issue(key, STATION, by=secured.station_ca), key=key)
    assert await secured.fares(context) == "in"
    LocalCa.open_or_make(secured.folder / "newer", operator="Volt", now=NOW)
    for name in ("ca.pem", "revoked.pem"):
        (secured.folder / "ca" / name).write_bytes((secured.folder / "newer" / name).read_bytes())
        os.utime(secured.folder / "ca" / name, ns=(1, 1))
    secured.tls.look()
    assert await secured.fares(context) == "cut"
    newer = issue(key, STATION, by=ca_of(secured.folder / "newer"))
    assert await secured.fares(secured.client(certificate=newer, key=key)) == "in"


async def test_a_revoked_certificate_resumes_no_session(secured: Secured) -> None:
    key = ec_key()
    chain = secured.ca.sign(request_of(key, STATION), station_id=STATION, now=NOW)
    context = secured.client(certificate=chain.encode(), key=key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # its sessions are known once the handshake is over

    def resumed(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool]:
        address = ("127.0.0.1", secured.gateway.server.tls_port)
        with (
            socket.create_connection(address, 10) as bare,
            context.wrap_socket(bare, server_hostname="localhost", session=session) as wrapped,
        ):
            return wrapped.session, wrapped.session_reused is True

    session, _ = await asyncio.to_thread(resumed, None)
    assert (await asyncio.to_thread(resumed, session))[1]
    secured.ca.revoke(chain, now=NOW)
    os.utime(secured.folder / "ca" / "revoked.pem", ns=(1, 1))
    secured.tls.look()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.to_thread(resumed, session)
