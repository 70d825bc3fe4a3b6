"""Who may open a socket."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.admission import Admissions, Proof, Proven, Rejected, UsedCredentials, identity_in
from charger_gateway.adapters.ocpp.pacing import MessagePace, WrongCredentials
from charger_gateway.adapters.trust.tls import Shown
from charger_gateway.domain.station import TokenVerdict
from charger_gateway.ports import KnownStation, StationShape

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
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


def knock(identity: str | None, authorization: str | None) -> Proven | HTTPStatus:
    admissions = Admissions(directory=TwoStations(), credential_key=KEY, now=lambda: NOON)
    admitted = admissions.admit(identity, Proof(authorization=authorization))
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
    assert isinstance(admitted, Proven)
    assert (admitted.station.tenant, admitted.profile) == ("volt", 1)


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


# Profiles and rotation.

ROTATED = KnownStation(
    station_id="NLVOLT0003",
    tenant="volt",
    secret_hmac=DIGEST,
    version=2,
    secret_hmac_before=hmac.digest(KEY, b"the one before", hashlib.sha256),
    before_ends_at=NOON + timedelta(hours=1),
)


class OneStation(TwoStations):
    """NLVOLT0003 as it is given."""

    def __init__(self, known: KnownStation) -> None:
        self._known = known

    def station(self, station_id: str) -> KnownStation | None:
        return self._known if station_id == self._known.station_id else None


def show(known: KnownStation, *, used: int = 0, at: datetime = NOON, **proof: Any) -> Proven | HTTPStatus:
    admissions = Admissions(directory=OneStation(known), credential_key=KEY, now=lambda: at)
    admissions.used.used("NLVOLT0003", used)
    admitted = admissions.admit("NLVOLT0003", Proof(**({"authorization": None} | proof)))
    return admitted.status if isinstance(admitted, Rejected) else admitted


OLD, NEW = basic("NLVOLT0003", b"the one before"), basic("NLVOLT0003", SECRET.encode())


@pytest.mark.parametrize(
    ("authorization", "used", "at", "version"),
    [
        (OLD, 0, NOON, 0),
        (OLD, 1, NOON, 0),
        (OLD, 2, NOON, None),
        (OLD, 0, NOON + timedelta(hours=1), None),
        (NEW, 0, NOON, 2),
        (NEW, 2, NOON + timedelta(days=9), 2),
    ],
)
def test_both_passwords_count_until_the_new_one_did(
    authorization: str, used: int, at: datetime, version: int | None
) -> None:
    proven = show(ROTATED, used=used, at=at, authorization=authorization)
    assert (proven.credential_version if isinstance(proven, Proven) else None) == version


OWN = Shown(common_name="NLVOLT0003", organisation="Volt")


@pytest.mark.parametrize("least", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("proof", "profile"),
    [
        ({"authorization": NEW}, 1),
        ({"authorization": NEW, "secure": True}, 2),
        ({"secure": True, "shown": OWN}, 3),
    ],
)
def test_a_profile_is_never_lowered(least: int, proof: dict[str, Any], profile: int) -> None:
    proven = show(replace(ROTATED, security_profile=least), **proof)
    assert (proven.profile if isinstance(proven, Proven) else 0) == (profile if profile >= least else 0)


@pytest.mark.parametrize("common_name", ["NLVOLT0001", "", "nlvolt0003"])
def test_the_certificate_of_another_is_no_proof_and_no_password_helps_it(common_name: str) -> None:
    shown = Shown(common_name=common_name, organisation="Volt")
    # CitrineOS took any certificate of its CA for any identity until September 2026.
    assert show(ROTATED, secure=True, shown=shown, authorization=NEW) == HTTPStatus.UNAUTHORIZED


def test_a_revoked_identity_is_locked_for_its_certificate_too() -> None:
    revoked = replace(ROTATED, secret_hmac=None, secret_hmac_before=None, before_ends_at=None)
    assert show(revoked, secure=True, shown=OWN) == HTTPStatus.UNAUTHORIZED


def test_what_was_used_is_never_forgotten_for_an_older_one() -> None:
    used = UsedCredentials()
    used.used("NLVOLT0003", 2)
    used.used("NLVOLT0003", 1)
    assert used.was_used(ROTATED)
    assert not used.was_used(replace(ROTATED, version=3))
    assert not used.was_used(replace(ROTATED, version=0))


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (OWN, None),
        (Shown(common_name="NLVOLT0003", organisation="Other"), "another-organisation"),
        (Shown(common_name="NLVOLT0001", organisation="Volt"), "another-name"),
    ],
)
def test_a_certificate_must_name_the_station_and_its_operator(shown: Shown, why: str | None) -> None:
    admissions = Admissions(directory=OneStation(ROTATED), credential_key=KEY, now=lambda: NOON, organisation="Volt")
    proven = admissions.admit("NLVOLT0003", Proof(authorization=None, shown=shown))
    assert (proven.foreign.why if isinstance(proven, Rejected) and proven.foreign else None) == why
