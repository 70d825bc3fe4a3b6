"""A station whose credential or certificate is taken back while it is in does not stay in."""

import asyncio
import os
import socket
import ssl
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from websockets.exceptions import ConnectionClosed

from charger_gateway.adapters.ocpp.server import CONNECTIONS, Address
from charger_gateway.adapters.trust.local_ca import LocalCa
from charger_gateway.adapters.trust.tls import TlsContext, TlsFiles
from chassis.clock import SystemClock
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic
from ev_contracts.assets import CredentialSnapshot
from ev_contracts.gateway import StationDisconnected

from .certificates import NOW, ca_below, ca_of, ec_key, issue, request_of  # noqa: TID252 - tests are no package of the installation
from .conftest import QUICK, running  # noqa: TID252 - as above
from .test_sockets import call  # noqa: TID252 - as above
from .test_tls import STATION, Secured, secured  # noqa: F401, TID252 - a fixture
from .whole import Whole  # noqa: TID252 - as above


async def say(whole: Whole, credential: CredentialSnapshot) -> None:
    """As the registry says it."""
    appender = Appender(
        log=whole.log, codec=whole.codec, clock=SystemClock(), service="registry", tracing=Tracing("registry")
    )
    topic, key = "assets.credential.snapshot.v1", f"_/{credential.station_id}"
    await (await appender.append_nowait(topic=topic, key=key, record=credential))


async def closed(socket: Any) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as end:
        await socket.recv()
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


async def test_whoever_has_no_credential_any_more_is_put_out(whole: Whole) -> None:
    async with (
        whole.station("NLVOLT0001", "ocpp1.6") as barred,
        whole.station("NLVOLT0002", "ocpp1.6") as rotated,
    ):
        for one in (barred, rotated):
            assert (await call(one, "Heartbeat", {}))[0] == 3
        await say(whole, CredentialSnapshot(station_id="NLVOLT0002", tenant="volt", secret_hmac=b"n" * 32, version=2))
        await say(whole, CredentialSnapshot(station_id="NLVOLT0001", tenant="volt", secret_hmac=None, version=2))
        assert await closed(barred) == (1008, "credential-revoked")
        assert (await call(rotated, "Heartbeat", {}, "m2"))[0] == 3

    async def told() -> bool:
        said = [one.record for one in await read_topic(whole.log, whole.codec, CONNECTIONS)]
        ends = {one.station_id: one.reason for one in said if isinstance(one, StationDisconnected)}
        return ends.get("NLVOLT0001") == "credential-revoked"

    await eventually(told, what="its end on the log")


async def test_whoever_came_by_a_certificate_that_was_taken_back_is_put_out(secured: Secured) -> None:  # noqa: F811 - the fixture
    key, other = ec_key(), ec_key()
    chain = secured.ca.sign(request_of(key, STATION), station_id=STATION, now=NOW)
    its_next = secured.ca.sign(request_of(other, STATION), station_id=STATION, now=NOW)
    evictions = secured.gateway.server.evictions
    async with secured.connect(secured.client(certificate=chain.encode(), key=key)) as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3
        for number, certificate in enumerate((its_next, chain), start=1):
            assert (await call(socket, "Heartbeat", {}, f"m{number}"))[0] == 3
            secured.ca.revoke(certificate, now=NOW)
            os.utime(secured.folder / "ca" / "revoked.pem", ns=(number, number))
            assert secured.tls.look()
            evictions.trust_changed()
        assert await closed(socket) == (1008, "certificate-revoked")


def resume_in(client: ssl.SSLContext, port: int) -> None:
    """Have a session, and let the client's next connections resume it."""
    client.maximum_version = ssl.TLSVersion.TLSv1_2  # its sessions are known once the handshake is over
    with (
        socket.create_connection(("127.0.0.1", port), 10) as bare,
        client.wrap_socket(bare, server_hostname="localhost") as wrapped,
    ):
        # asyncio gives its sockets no session.
        client.wrap_bio = partial(client.wrap_bio, session=wrapped.session)  # type: ignore[method-assign]


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize("between", [False, True])
async def test_whoever_came_under_a_root_that_was_taken_out_is_put_out(
    secured: Secured,  # noqa: F811 - the fixture
    *,
    between: bool,
    by_session: bool,
) -> None:
    folder, key = secured.folder, ec_key()
    LocalCa.open_or_make(folder / "next", operator="Next", now=NOW)
    old, new = ((folder / name / "ca.pem").read_bytes() for name in ("ca", "next"))
    by = ca_below(ca_of(folder / "ca"), "Volt stations") if between else ca_of(folder / "ca")
    client = secured.client(certificate=issue(key, STATION, by=by) + by.certificate.public_bytes(Encoding.PEM), key=key)
    roots = folder / "roots.pem"
    roots.write_bytes(old)
    tls = TlsContext(TlsFiles(certificates=[(folder / "ec.pem", folder / "ec.key")], station_roots=roots))
    async with running(QUICK, Address(host="127.0.0.1", port=None, tls_port=0, tls=tls)) as gateway:
        if by_session:
            await asyncio.to_thread(resume_in, client, gateway.server.tls_port)
        async with replace(secured, gateway=gateway).connect(client) as station:
            assert (await call(station, "Heartbeat", {}))[0] == 3
            held = gateway.server.connection(STATION)
            assert held is not None
            assert held.shown is not None
            assert (held.shown.chain == ()) is by_session
            for number, left in enumerate((old + new, new), start=1):
                assert (await call(station, "Heartbeat", {}))[0] == 3
                roots.write_bytes(left)
                os.utime(roots, ns=(number, number))
                assert tls.look()
                gateway.server.evictions.trust_changed()
            assert await closed(station) == (1008, "certificate-untrusted")
