"""Secrets of stations."""

import hashlib
import hmac
import re

from asset_registry.adapters.http.secrets import StationSecrets

SECRETS = StationSecrets(master_key=b"master", credential_key=b"credential")


def test_a_repeated_wish_gets_the_same_secret_and_another_another() -> None:
    first = SECRETS.make(tenant="volt", station_id="NLVOLT0001", request_key="k1")
    assert re.fullmatch(r"[0-9a-f]{40}", first)
    assert first == SECRETS.make(tenant="volt", station_id="NLVOLT0001", request_key="k1")
    others = {
        SECRETS.make(tenant="volt", station_id="NLVOLT0001", request_key="k2"),
        SECRETS.make(tenant="volt", station_id="NLVOLT0002", request_key="k1"),
        SECRETS.make(tenant="ampere", station_id="NLVOLT0001", request_key="k1"),
    }
    assert first not in others
    assert len(others) == 3


def test_the_digest_is_keyed() -> None:
    assert SECRETS.digest("s3cret") == hmac.digest(b"credential", b"s3cret", hashlib.sha256)
