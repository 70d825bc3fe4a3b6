"""What the station CA of our own signs, and what not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from charger_gateway.adapters.trust.local_ca import LocalCa
from charger_gateway.ports import CsrRefused

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATION = "NLVOLT0001"


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, *names: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, digest)
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def ca(tmp_path: Path) -> LocalCa:
    return LocalCa.open_or_make(tmp_path / "ca", operator="Volt", now=NOON)


def test_a_stations_own_request_is_signed_for_a_year_and_for_clients_only(ca: LocalCa) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf, root = x509.load_pem_x509_certificates(ca.sign(request(key, STATION), station_id=STATION, now=NOON).encode())
    leaf.verify_directly_issued_by(root)
    assert leaf.public_key() == key.public_key()
    assert [one.value for one in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [STATION]
    assert [one.value for one in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["Volt"]
    assert leaf.not_valid_after_utc == NOON + timedelta(days=365)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_everything_else_is_refused(ca: LocalCa) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    good = request(key, STATION)
    requests = {
        "its common name is not the station's identity": [
            request(key, "NLVOLT0002"),
            request(key, STATION, "NLVOLT0002"),
            request(key),
        ],
        "its key is too weak": [
            request(rsa.generate_private_key(public_exponent=65537, key_size=1024), STATION),  # noqa: S505 - that is the point
            request(ec.generate_private_key(ec.SECP192R1()), STATION),
            request(ed25519.Ed25519PrivateKey.generate(), STATION),
        ],
        "not a signing request": ["", "hello", good[:200], good.replace("REQUEST", "NONSENSE")],
        "longer than OCPP allows": [good + " " * 5_500],
    }
    for why, bad in requests.items():
        for one in bad:
            with pytest.raises(CsrRefused, match=why):
                ca.sign(one, station_id=STATION, now=NOON)


def test_the_ca_is_made_once_and_its_key_is_its_owners(tmp_path: Path, ca: LocalCa) -> None:
    before = (tmp_path / "ca" / "ca.pem").read_bytes()
    LocalCa.open_or_make(tmp_path / "ca", operator="Volt", now=NOON)
    assert (tmp_path / "ca" / "ca.pem").read_bytes() == before
    assert stat.S_IMODE((tmp_path / "ca" / "ca.key").stat().st_mode) == 0o600
    assert ca is not None


def test_revocations_add_up(tmp_path: Path, ca: LocalCa) -> None:
    chains = [
        ca.sign(request(ec.generate_private_key(ec.SECP256R1()), STATION), station_id=STATION, now=NOON)
        for _ in range(2)
    ]
    for chain in chains:
        ca.revoke(chain, now=NOON)
    listed = x509.load_pem_x509_crl((tmp_path / "ca" / "revoked.pem").read_bytes())
    serials = {x509.load_pem_x509_certificate(chain.encode()).serial_number for chain in chains}
    assert {one.serial_number for one in listed} == serials


def test_replicas_that_revoke_at_once_lose_none(tmp_path: Path, ca: LocalCa) -> None:
    chains = [
        ca.sign(request(ec.generate_private_key(ec.SECP256R1()), STATION), station_id=STATION, now=NOON)
        for _ in range(24)
    ]
    replicas = [LocalCa.open_or_make(tmp_path / "ca", operator="Volt", now=NOON) for _ in range(4)]

    def revoke(number: int) -> None:
        replicas[number % 4].revoke(chains[number], now=NOON)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(revoke, range(24)))
    assert len(serials_of(tmp_path / "ca")[1]) == 24


def serials_of(folder: Path) -> tuple[datetime | None, set[int]]:
    listed = x509.load_pem_x509_crl((folder / "revoked.pem").read_bytes())
    return listed.next_update_utc, {one.serial_number for one in listed}


def test_revocations_are_renewed_before_they_lapse_and_lose_nothing(tmp_path: Path, ca: LocalCa) -> None:
    chain = ca.sign(request(ec.generate_private_key(ec.SECP256R1()), STATION), station_id=STATION, now=NOON)
    ca.revoke(chain, now=NOON)
    lapses_at, revoked = serials_of(tmp_path / "ca")
    assert lapses_at == NOON + timedelta(days=30)
    assert not ca.renew_revocations(now=NOON + timedelta(days=14))
    assert ca.renew_revocations(now=NOON + timedelta(days=15))
    assert serials_of(tmp_path / "ca") == (NOON + timedelta(days=45), revoked)
    assert not ca.renew_revocations(now=NOON + timedelta(days=16))


def test_an_authority_below_a_v2g_root_signs_for_vehicles_and_shows_its_chain(tmp_path: Path, ca: LocalCa) -> None:
    # Any authority will do that others certified: its folder holds its chain and its key.
    below = LocalCa.open_below(tmp_path / "ca", operator="Volt")
    key = ec.generate_private_key(ec.SECP256R1())
    leaf, above = x509.load_pem_x509_certificates(
        below.sign(request(key, STATION), station_id=STATION, now=NOON).encode()
    )
    leaf.verify_directly_issued_by(above)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert leaf.not_valid_after_utc == NOON + timedelta(days=90)
    assert ca is not None


def test_a_folder_that_is_not_whole_opens_no_authority(tmp_path: Path, ca: LocalCa) -> None:
    with pytest.raises(OSError, match=r"ca\.pem"):
        LocalCa.open_below(tmp_path / "nothing", operator="Volt")
    LocalCa.open_or_make(tmp_path / "other", operator="Volt", now=NOON)
    (tmp_path / "ca" / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(ValueError, match="is not the EC key"):
        LocalCa.open_below(tmp_path / "ca", operator="Volt")
    assert ca is not None
