"""What the lab's gateway shows: made once, for localhost, under a root that vouches for it."""

import ssl
import stat
from pathlib import Path

from cryptography import x509

from ev_lab.certificates import ROOT, make_certificates
from ev_lab.paths import LabPaths


def test_both_certificates_are_the_roots_and_for_localhost(tmp_path: Path) -> None:
    paths = LabPaths(home=tmp_path)
    make_certificates(paths)
    root = x509.load_pem_x509_certificate((paths.tls / ROOT).read_bytes())
    for stem in ("gateway-rsa", "gateway-ec"):
        leaf = x509.load_pem_x509_certificate((paths.tls / f"{stem}.pem").read_bytes())
        leaf.verify_directly_issued_by(root)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["localhost"]
        assert stat.S_IMODE((paths.tls / f"{stem}.key").stat().st_mode) == 0o600
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(paths.tls / f"{stem}.pem", paths.tls / f"{stem}.key")


def test_good_ones_stay_and_the_roots_key_is_nowhere(tmp_path: Path) -> None:
    paths = LabPaths(home=tmp_path)
    make_certificates(paths)
    before = (paths.tls / "gateway-ec.pem").read_bytes()
    make_certificates(paths)
    assert (paths.tls / "gateway-ec.pem").read_bytes() == before
    assert not (paths.tls / "root.key").exists()


def test_what_is_gone_is_made_again(tmp_path: Path) -> None:
    paths = LabPaths(home=tmp_path)
    make_certificates(paths)
    (paths.tls / "gateway-ec.pem").unlink()
    make_certificates(paths)
    assert (paths.tls / "gateway-ec.pem").exists()
