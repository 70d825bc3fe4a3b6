"""Frames are bound to their day, replica, station and reference."""

import pytest

from charger_gateway.adapters.frame_blocks import FrameCipher, Undecipherable

RAW = b'[2,"m1","Authorize",{"idTag":"04A2B3C4"}]'


def test_what_was_sealed_opens() -> None:
    cipher = FrameCipher(b"s" * 32)
    sealed = cipher.seal("2026-11-20", "gw-1", "1-1", "NLVOLT0001", RAW)
    assert b"04A2" not in sealed
    assert FrameCipher(b"s" * 32).open("2026-11-20", "gw-1", "1-1", "NLVOLT0001", sealed) == RAW


@pytest.mark.parametrize(
    ("day", "replica", "ref", "station"),
    [
        ("2026-11-21", "gw-1", "1-1", "NLVOLT0001"),
        ("2026-11-20", "gw-2", "1-1", "NLVOLT0001"),
        ("2026-11-20", "gw-1", "1-2", "NLVOLT0001"),
        ("2026-11-20", "gw-1", "1-1", "NLVOLT0002"),
    ],
)
def test_it_opens_for_nothing_else(day: str, replica: str, ref: str, station: str) -> None:
    cipher = FrameCipher(b"s" * 32)
    sealed = cipher.seal("2026-11-20", "gw-1", "1-1", "NLVOLT0001", RAW)
    with pytest.raises(Undecipherable):
        cipher.open(day, replica, ref, station, sealed)


def test_no_two_frames_share_a_nonce() -> None:
    cipher = FrameCipher(b"s" * 32)
    sealed = {cipher.seal("2026-11-20", "gw-1", f"1-{n}", "NLVOLT0001", RAW)[:12] for n in range(1_000)}
    assert len(sealed) == 1_000
