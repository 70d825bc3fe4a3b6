"""Rows on TLS (OCPP 2.0.1 part 2, A00): each is asked with a password (profile 2) and with certificates (profile 3)."""

import ssl
import warnings
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus

from charger_gateway.domain.station import STATION_EVENTS
from conformance.cases import SHALL
from conformance.profiles import profile_of, the_profile_rises
from conformance.v201.charger import Charger
from ev_contracts.gateway import ForeignCertificateRefused

_CUT = (OSError, EOFError, InvalidHandshake)
_NAMED = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)
"""The suites of A00.FR.318 and 421: two for EC certificates, two for RSA certificates."""
_BROKEN = "ALL:COMPLEMENTOFALL:!AESGCM:!CHACHA20:@SECLEVEL=0"
"""All that OpenSSL still has of CBC, SHA-1, anonymous and NULL suites; what it has lost nobody can ask for."""

Client: TypeAlias = Callable[[Charger], ssl.SSLContext]
Row: TypeAlias = Callable[[Charger, Client, int], Awaitable[None]]


def _by_password(charger: Charger) -> ssl.SSLContext:
    return charger.stand.certificates.client()


def _by_certificate(charger: Charger) -> ssl.SSLContext:
    return charger.stand.certificates.client(charger.station_id)


async def _comes_in(charger: Charger, context: ssl.SSLContext, profile: int) -> None:
    await charger.connect_securely(context)
    assert await charger.says("Heartbeat")
    assert await profile_of(charger) == profile


async def _is_cut(charger: Charger, context: ssl.SSLContext) -> None:
    with pytest.raises(_CUT):
        await charger.connect_securely(context)


async def _is_sent_away(charger: Charger, context: ssl.SSLContext, **more: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await charger.connect_securely(context, **more)
    assert refused.value.response.status_code == 401


def _old(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _only(context: ssl.SSLContext, suites: str) -> ssl.SSLContext:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suites)
    return context


def _case(
    row: str, says: str
) -> Callable[[Callable[[Charger], Awaitable[None]]], Callable[[Charger], Awaitable[None]]]:
    return SHALL.case(f"A00.FR.{row}", says, connects=False)


async def _server(charger: Charger, client: Client, profile: int) -> None:
    await _comes_in(charger, client(charger), profile)


async def _shows(charger: Charger, client: Client, profile: int) -> None:
    await _comes_in(charger, client(charger), profile)
    assert (("commonName", "localhost"),) in charger.secured_by()["subject"]
    await charger.disconnect()
    with pytest.raises(ssl.SSLCertVerificationError):
        await charger.connect_securely(ssl.create_default_context())


async def _least(charger: Charger, client: Client, profile: int) -> None:
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        await _is_cut(charger, _old(client(charger), version))
    await _comes_in(charger, _only(client(charger), _NAMED[0]), profile)


async def _older(charger: Charger, client: Client, _profile: int) -> None:
    await _is_cut(charger, _old(client(charger), ssl.TLSVersion.TLSv1_1))


async def _suites(charger: Charger, client: Client, _profile: int) -> None:
    for suite in _NAMED:
        await charger.connect_securely(_only(client(charger), suite))
        assert charger.cipher() == suite
        await charger.disconnect()


async def _primitives(charger: Charger, client: Client, _profile: int) -> None:
    context = _only(client(charger), _BROKEN)
    offered = {one["name"] for one in context.get_ciphers() if one["protocol"] != "TLSv1.3"}
    assert {"AES128-SHA", "ECDHE-RSA-AES128-SHA", "NULL-SHA256", "ADH-AES128-SHA"} <= offered
    for suite in sorted(offered):
        await _is_cut(charger, _only(client(charger), f"{suite}:@SECLEVEL=0"))


async def _broken(charger: Charger, client: Client, _profile: int) -> None:
    await _is_cut(charger, _only(client(charger), _BROKEN))


_ROWS = (
    ("306", "409", "the gateway is the server", _server),
    ("307", "410", "the gateway shows its own certificate", _shows),
    ("313", "416", "nothing below TLS 1.2 is spoken", _least),
    ("315", "418", "a station that knows only older TLS is sent away", _older),
    ("318", "421", "the four named suites are there, for both kinds of certificates", _suites),
    ("320", "423", "no suite of broken primitives is spoken", _primitives),
    ("322", "425", "a station that knows only broken suites is sent away", _broken),
)
"""Each twice: by a password over TLS, and by certificates on both sides."""


def _both(by_password: str, by_certificate: str, says: str, run: Row) -> None:
    @_case(by_password, f"With a password over TLS {says}.")
    async def password(charger: Charger) -> None:
        await run(charger, _by_password, 2)

    @_case(by_certificate, f"With certificates on both sides {says}.")
    async def certificate(charger: Charger) -> None:
        await run(charger, _by_certificate, 3)


for _row in _ROWS:
    _both(*_row)


@_case("324", "Over TLS the name in the proof is the identity in the address, or no socket is opened.")
async def another_name(charger: Charger) -> None:
    charger.user = "OCTT0001X"
    await _is_sent_away(charger, _by_password(charger))


@_case("403", "The path of a station's certificate is verified.")
async def path(charger: Charger) -> None:
    await _is_cut(charger, charger.stand.certificates.client(charger.station_id, known=False))


async def _foreign(charger: Charger) -> ForeignCertificateRefused:
    return await charger.stand.fact(STATION_EVENTS, charger.station_id, ForeignCertificateRefused)


@_case("404", "A station's certificate names the operator as its organisation.")
async def organisation(charger: Charger) -> None:
    await _is_sent_away(charger, charger.stand.certificates.client(charger.station_id, organisation="Other"))
    assert (await _foreign(charger)).why == "another-organisation"


@_case("405", "A station's certificate names this station.")
async def name(charger: Charger) -> None:
    await _is_sent_away(charger, charger.stand.certificates.client("OCTT0000"))
    refused = await _foreign(charger)
    assert (refused.why, refused.certificate_name) == ("another-name", "OCTT0000")


@_case("407", "A station without a valid certificate is sent away.")
async def none(charger: Charger) -> None:
    await the_profile_rises(charger, 3)
    await _is_sent_away(charger, _by_password(charger))
    await _comes_in(charger, _by_certificate(charger), 3)


@_case("705", "A station's certificate is checked against its authority's revocations.")
async def revoked(charger: Charger) -> None:
    await _is_cut(charger, charger.stand.certificates.revoked_client())
