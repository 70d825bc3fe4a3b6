"""Cargo's lock loses its registry's address and gets it back."""

from clients.pins import whole, without_address

LOCK = """version = 4

[[package]]
name = "a"
version = "1.0.0"
source = "registry+index-of-somebody"
checksum = "00"

[[package]]
name = "ours"
version = "0.1.0"
"""


def test_the_address_goes_and_comes_back() -> None:
    pins = without_address(LOCK)
    assert "registry" not in pins
    assert whole(pins, 'source = "registry+index-of-somebody"') == LOCK


def test_a_package_of_ours_has_no_source() -> None:
    assert whole(without_address(LOCK), 'source = "x"').count("source = ") == 1
