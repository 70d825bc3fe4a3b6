"""Which signing requests of stations a CA may sign: under their own name, with a strong key that is theirs."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from charger_gateway.ports import CsrRefused

_MIN_RSA_BITS = 2048
_MIN_EC_BITS = 224
_MOST_CSR = 5_500


def checked(csr_pem: str, station_id: str) -> x509.CertificateSigningRequest:
    """The request. Raises CsrRefused."""
    if len(csr_pem) > _MOST_CSR:
        raise CsrRefused("longer than OCPP allows")
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        sound = request.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion) as error:
        raise CsrRefused("not a signing request") from error
    if not sound:
        raise CsrRefused("its signature does not match")
    if [name.value for name in names] != [station_id]:
        raise CsrRefused("its common name is not the station's identity")
    if not _strong(request.public_key()):
        raise CsrRefused("its key is too weak")
    return request


def may_be_signed(csr_pem: str, station_id: str) -> bool:
    """Whether it is such a request."""
    try:
        checked(csr_pem, station_id)
    except CsrRefused:
        return False
    return True


def _strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _MIN_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _MIN_EC_BITS
