"""The operator's trust store: which roots stand in its folders, and what makes it one that nobody may distribute."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from charger_gateway.adapters.trust.local_ca import ROOT, LocalCa
from charger_gateway.adapters.trust.store import TrustStore

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """With one root for the CSMS, one for mobility operators and a retired one."""
    folder = tmp_path / "store"
    for use in ("csms", "mo", "retired"):
        (folder / use).mkdir(parents=True)
        LocalCa.open_or_make(tmp_path / use, operator=use, now=NOON)
        (folder / use / "root.pem").write_bytes((tmp_path / use / ROOT).read_bytes())
    return folder


def test_a_root_stands_for_the_use_of_its_folder(store: Path) -> None:
    csms, mo, _ = TrustStore(store).roots()
    assert (csms.certificate_type, mo.certificate_type) == ("CSMSRootCertificate", "MORootCertificate")
    assert csms.certificate == (store / "csms" / "root.pem").read_text()


def test_a_retired_root_has_its_names_only(store: Path) -> None:
    *_, retired = TrustStore(store).roots()
    assert (retired.certificate_type, retired.certificate) == (None, None)
    assert [one.hash_algorithm for one in retired.names] == ["SHA256", "SHA384", "SHA512"]


def test_a_root_that_is_added_later_is_there(store: Path) -> None:
    opened = TrustStore(store)
    (store / "v2g").mkdir()
    (store / "mo" / "root.pem").rename(store / "v2g" / "root.pem")
    assert [one.certificate_type for one in opened.roots()] == ["CSMSRootCertificate", "V2GRootCertificate", None]


def test_a_root_in_use_may_not_be_retired(store: Path) -> None:
    (store / "retired" / "other.pem").write_bytes((store / "mo" / "root.pem").read_bytes())
    with pytest.raises(ValueError, match="in use and retired"):
        TrustStore(store)


def test_a_misspelt_folder_is_no_empty_one(store: Path) -> None:
    (store / "mo").rename(store / "emsp")
    with pytest.raises(ValueError, match="emsp"):
        TrustStore(store)


def test_a_certificate_that_is_no_root_is_not_distributed(store: Path, tmp_path: Path) -> None:
    ca = LocalCa.open_or_make(tmp_path / "csms", operator="csms", now=NOON)
    asked = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "NLVOLT0001")])
    )
    request = asked.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    (store / "csms" / "leaf.pem").write_text(ca.sign(request, station_id="NLVOLT0001", now=NOON))
    with pytest.raises(ValueError, match=r"leaf\.pem holds a certificate that is no root"):
        TrustStore(store)
