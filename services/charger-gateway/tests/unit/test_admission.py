"""Who may open a socket."""

import base64
import hashlib
import hmac
from datetime import datetime
from http import HTTPStatus

import pytest

from charger_gateway.adapters.ocpp.admission import Rejected, admit, identity_in
from charger_gateway.adapters.ocpp.pacing import MessagePace, WrongCredentials
from charger_gateway.domain.station import TokenVerdict
from charger_gateway.ports import KnownStation, StationShape

KEY = b"c" * 32
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"
DIGEST = hmac.digest(KEY, SECRET.encode(), hashlib.sha256)


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class TwoStations:
    """One with a credential, one whose credential was revoked."""

    def station(self, station_id: str) -> KnownStation | None:
        known = {"NLVOLT0001": DIGEST, "NLVOLT0002": None}
        if station_id not in known:
            return None
        return KnownStation(station_id=station_id, tenant="volt", secret_hmac=known[station_id])

    def shape(self, tenant: str, station_id: str) -> StationShape:
        return StationShape()

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        return TokenVerdict(status="Invalid")


def knock(identity: str | None, authorization: str | None) -> KnownStation | HTTPStatus:
    admitted = admit(identity, authorization, directory=TwoStations(), credential_key=KEY)
    return admitted.status if isinstance(admitted, Rejected) else admitted


def basic(user: str, password: bytes) -> str:
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/NLVOLT0001", "NLVOLT0001"),
        ("/ocpp//NLVOLT0001", "NLVOLT0001"),
        ("/ocpp/1.6/NLVOLT0001", "NLVOLT0001"),
        ("/ocpp/NL%2DVOLT?x=1", "NL-VOLT"),
        ("/ocpp/", None),
        ("/ocpp", None),
        ("/other/NLVOLT0001", None),
        ("/ocpp/" + "x" * 49, None),
        ("/ocpp/NL%3AVOLT", None),
    ],
)
def test_the_identity_is_the_last_part_of_the_path(path: str, identity: str | None) -> None:
    assert identity_in(path, "/ocpp") == identity


@pytest.mark.parametrize("password", [SECRET.encode(), bytes.fromhex(SECRET)])
def test_a_proven_station_is_admitted(password: bytes) -> None:
    admitted = knock("NLVOLT0001", basic("NLVOLT0001", password))
    assert isinstance(admitted, KnownStation)
    assert admitted.tenant == "volt"


@pytest.mark.parametrize(
    ("identity", "authorization", "status"),
    [
        ("NLVOLT0001", None, HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0001", basic("NLVOLT0001", b"wrong"), HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0001", basic("NLVOLT0002", SECRET.encode()), HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0001", "Basic ===", HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0001", "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0002", basic("NLVOLT0002", SECRET.encode()), HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0002", basic("NLVOLT0002", b""), HTTPStatus.UNAUTHORIZED),
        ("NLVOLT0009", basic("NLVOLT0009", SECRET.encode()), HTTPStatus.NOT_FOUND),
        (None, basic("", b""), HTTPStatus.NOT_FOUND),
    ],
)
def test_everybody_else_is_not(identity: str | None, authorization: str | None, status: HTTPStatus) -> None:
    assert knock(identity, authorization) == status


def test_guessing_is_counted_per_peer_and_identity() -> None:
    wrong = WrongCredentials(most=2)
    for _ in range(2):
        assert not wrong.must_wait("10.0.0.1", "NLVOLT0001")
        wrong.failed("10.0.0.1", "NLVOLT0001")
    assert wrong.must_wait("10.0.0.1", "NLVOLT0001")
    assert not wrong.must_wait("10.0.0.2", "NLVOLT0001")
    assert not wrong.must_wait("10.0.0.1", "NLVOLT0002")


def test_guesses_are_forgotten_after_their_window() -> None:
    wrong = WrongCredentials(most=1, window_s=0.0)
    wrong.failed("10.0.0.1", "NLVOLT0001")
    assert not wrong.must_wait("10.0.0.1", "NLVOLT0001")


def test_a_burst_passes_and_the_rest_waits() -> None:
    pace = MessagePace(per_s=10.0, burst=3)
    assert [pace.wait_s() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 0 < pace.wait_s() <= 0.1
