"""Tokens on the wire and at rest."""

import base64
from decimal import Decimal

import pytest

from roaming.adapters.ocpi.wire import authorization, dumps, presented_tokens, raw_authorization
from roaming.adapters.sealing import TokenSeal, UnsealableError, fingerprint


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (None, ()),
        ("", ()),
        ("Token", ()),
        ("Bearer abc", ()),
        (authorization("example-token"), "example-token"),
        ("token ZXhhbXBsZS10b2tlbg==", "example-token"),
        # The specification's own sample encodes a newline at the end.
        ("Token ZXhhbXBsZS10b2tlbgo=", "example-token"),
        (raw_authorization("example-token"), "example-token"),
        # A raw token that happens to be Base64 is still found, as itself.
        (raw_authorization("abcd"), "abcd"),
        ("Token " + base64.b64encode(b"\xff\xfe").decode(), "//4="),
    ],
)
def test_a_token_is_understood_in_base64_and_as_it_is(header: str | None, meant: str | tuple[str, ...]) -> None:
    presented = presented_tokens(header)

    assert presented == meant if isinstance(meant, tuple) else meant in presented


def test_numbers_are_numbers() -> None:

    assert dumps({"volume": Decimal("0.3333"), "cost": Decimal(1)}) == b'{"volume":0.3333,"cost":1.0}'
    with pytest.raises(TypeError):
        dumps({"at": {1, 2}})


def test_what_is_sealed_for_one_partner_opens_for_no_other_and_under_no_other_key() -> None:
    seal = TokenSeal(b"secret")
    sealed = seal.seal("token-b", "NL-VLT-NL-EMO")

    assert seal.open(sealed, "NL-VLT-NL-EMO") == "token-b"
    assert b"token-b" not in sealed
    assert seal.seal("token-b", "NL-VLT-NL-EMO") != sealed
    for other, partner_id in ((seal, "NL-VLT-NL-XYZ"), (TokenSeal(b"another"), "NL-VLT-NL-EMO")):
        with pytest.raises(UnsealableError):
            other.open(sealed, partner_id)


def test_only_a_hash_of_our_tokens_is_kept() -> None:
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
