"""The signatures that AWS published for its own examples (Signature Version 4, S3), to the last digit."""

import hashlib
from datetime import UTC, datetime

import pytest

from charger_gateway.adapters.sigv4 import S3Key, signed

EXAMPLE = S3Key(
    access_key="AKIAIOSFODNN7EXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",  # AWS's own, of no account
    region="us-east-1",
)
AT = datetime(2013, 5, 24, tzinfo=UTC)
BUCKET = "https://examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "signature"),
    [
        (
            "GET",
            "/test.txt",
            b"",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            b"Welcome to Amazon S3.",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
    ],
)
def test_a_request_is_signed_as_the_standard_shows(
    method: str, path: str, body: bytes, headers: dict[str, str], signature: str
) -> None:
    digest = hashlib.sha256(body).hexdigest()
    made = signed(EXAMPLE, method, BUCKET + path, body_sha256=digest, at=AT, headers=headers)
    assert made["authorization"].endswith(f"Signature={signature}")
    assert EXAMPLE.secret_key not in repr(EXAMPLE)
