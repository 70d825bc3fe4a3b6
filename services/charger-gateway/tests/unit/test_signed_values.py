"""Signed meter records: carried whole and sealed for the ledger, in each version's words."""

import hashlib
import hmac
import json
import zlib
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.adapters.signed_values import MOST_CHARACTERS, RecordSeal, with_signed
from charger_gateway.domain.readings import canonical_readings, scaled_v16, scaled_v201
from ev_contracts.common import SignedValue

AT = "2026-11-20T12:00:00Z"
STATION = "NLVOLT0001"
SECRET = b"s" * 32
OCMF = 'OCMF|{"ID":"04A2B3C4","RD":[]}|{"SD":"AA"}'
OF_2_X = {"signedMeterData": "T0NNRg==", "signingMethod": "", "encodingMethod": "OCMF", "publicKey": "PUB"}


def opened(value: SignedValue, station_id: str = STATION) -> str:
    """By the contract's words, as the ledger does it."""
    key = AESGCM(hmac.digest(SECRET, b"signed-value", hashlib.sha256))
    return zlib.decompress(key.decrypt(value.sealed[:12], value.sealed[12:], station_id.encode())).decode()


def values_of(sample: dict[str, Any], scaled: Any = scaled_v16) -> tuple[SignedValue, ...]:
    message = {"meterValue": [{"timestamp": AT, "sampledValue": [sample]}]}
    sealed = with_signed(message, "meterValue", STATION, RecordSeal(SECRET))
    (reading,) = canonical_readings(sealed["meterValue"], scaled, "17-4")
    assert reading.signed_value_ref == "17-4"
    return reading.signed_values


def test_a_record_of_1_6_is_carried_whole_and_its_token_in_no_clear_word() -> None:
    (value,) = values_of({"value": OCMF, "format": "SignedData", "context": "Transaction.End"})
    assert (value.encoding, opened(value)) == ("OCMF", OCMF)
    assert b"04A2B3C4" not in value.sealed
    with pytest.raises(InvalidTag):
        opened(value, "another")


def test_a_record_of_1_6_may_be_told_in_the_words_of_2_x() -> None:
    (value,) = values_of({"value": json.dumps({**OF_2_X, "more": 1}), "format": "SignedData"})
    assert (value.encoding, value.signing_method, value.public_key) == ("OCMF", None, "PUB")
    assert opened(value) == "T0NNRg=="


@pytest.mark.parametrize("data", ["{", "{" * 5_000, '{"signedMeterData": 1}', "1F2E"])
def test_any_other_text_of_1_6_is_the_record_itself(data: str) -> None:
    (value,) = values_of({"value": data, "format": "SignedData"})
    assert (value.encoding, opened(value)) == (None, data)


def test_a_record_of_2_x_is_carried_with_its_words() -> None:
    sample = {"value": 12_400.0, "context": "Transaction.Begin", "signedMeterValue": OF_2_X}
    (value,) = values_of(sample, scaled_v201)
    assert (value.encoding, value.signing_method, value.public_key) == ("OCMF", None, "PUB")
    assert opened(value) == OF_2_X["signedMeterData"]


def test_a_record_that_is_too_long_stays_in_its_frame() -> None:
    assert values_of({"value": "A" * (MOST_CHARACTERS + 1), "format": "SignedData"}) == ()
    (value,) = values_of({"value": "A" * MOST_CHARACTERS, "format": "SignedData"})
    assert len(opened(value)) == MOST_CHARACTERS


def test_a_message_without_signed_values_is_left_as_it_is() -> None:
    message = {"meterValue": [{"timestamp": AT, "sampledValue": [{"value": "12"}]}]}
    assert with_signed(message, "meterValue", STATION, RecordSeal(SECRET)) is message
    assert with_signed({}, "transactionData", STATION, RecordSeal(SECRET)) == {}
