"""A block's frames open together, and only as the block that they are."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.adapters.frame_blocks import FrameBlocks, FrameCipher, KeptFrame
from chassis.codec import Codec
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import Frame, FrameBlock

FRAMES = "gateway.frame.sample.v1"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALL = b'[2,"m1","Authorize",{"idTag":"04A2B3C4"}]'
ANSWER = b'[3,"m1",{"idTagInfo":{"status":"Accepted"}}]'
SECRET = b"s" * 32


class Noted:
    """Records as whoever reads the log gets them."""

    def __init__(self) -> None:
        self.codec = Codec(records=RECORDS, topics=TOPICS)
        self.blocks: list[FrameBlock] = []

    def append(self, topic: str, key: str, record: Any) -> NoReturn:
        """Blocks are noted, nothing else is written here."""
        raise AssertionError(topic, key, record)

    def note(self, topic: str, key: str, record: Any) -> None:
        """Through the log's bytes."""
        assert key == "_/gw-1"
        encoded = self.codec.encode(topic, record)
        headers = {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}
        self.blocks.append(self.codec.decode(topic, encoded.value, headers))


def blocks_of(frames: Sequence[tuple[str, bytes]], at: datetime = NOON) -> list[FrameBlock]:
    """The blocks that these frames of stations become; every other is ours."""
    noted = Noted()
    blocks = FrameBlocks(replica_id="gw-1", cipher=FrameCipher(SECRET), journal=noted)
    for number, (station_id, raw) in enumerate(frames, start=1):
        blocks.keep(station_id=station_id, epoch=7, number=number, inbound=number % 2 == 1, at=at, raw=raw)
        at += timedelta(milliseconds=1)
    blocks.flush()
    return noted.blocks


def test_what_was_sealed_opens() -> None:
    (block,) = blocks_of([("NLVOLT0001", CALL), ("a station", ANSWER), ("NLVOLT0001", b"")])
    assert block.sealed is not None
    assert b"04A2" not in block.sealed
    first, second, third = FrameCipher(SECRET).open(block)
    assert first == KeptFrame(frame_ref="7-1", station_id="NLVOLT0001", epoch=7, inbound=True, at=NOON, raw=CALL)
    assert (second.station_id, second.inbound, second.raw) == ("a station", False, ANSWER)
    assert (third.at, third.raw) == (NOON + timedelta(milliseconds=2), b"")


def test_a_block_is_of_one_day_and_of_bounded_size() -> None:
    over_midnight = blocks_of(
        [("A", CALL), ("A", ANSWER)], NOON.replace(hour=23, minute=59, second=59, microsecond=999_000)
    )
    assert [block.day for block in over_midnight] == ["2026-11-20", "2026-11-21"]
    large = blocks_of([("A", b"x" * 300_000)] * 3)
    assert [len(FrameCipher(SECRET).open(block)) for block in large] == [2, 1]


@pytest.mark.parametrize(
    "changes",
    [
        {"day": "2026-11-21"},
        {"replica_id": "gw-2"},
        {"index": "7-1 > 1795176000000 41 NLVOLT0001"},
        {"index": "7-1 > 1795176000000 41 NLVOLT0002\n7-2 < 1795176000001 44 NLVOLT0002"},
        {"sealed": b"short"},
    ],
)
def test_it_opens_for_nothing_else(changes: dict[str, object]) -> None:
    (block,) = blocks_of([("NLVOLT0001", CALL), ("NLVOLT0002", ANSWER)])
    assert block.index == "7-1 > 1795176000000 41 NLVOLT0001\n7-2 < 1795176000001 44 NLVOLT0002"
    assert {frame.raw for frame in FrameCipher(SECRET).open(block.model_copy(update=changes))} == {None}
    assert {frame.raw for frame in FrameCipher(b"t" * 32).open(block)} == {None}


def test_no_two_blocks_share_a_nonce() -> None:
    cipher = FrameCipher(SECRET)
    assert len({cipher.seal("2026-11-20", "gw-1", "", CALL)[:12] for _ in range(1_000)}) == 1_000


def test_frames_that_were_sealed_one_by_one_still_open() -> None:
    nonce = b"\0" * 11 + b"\1"
    key = AESGCM(hmac.digest(SECRET, b"frames|2026-11-20|gw-1", "sha256"))
    sealed = nonce + key.encrypt(nonce, CALL, b"NLVOLT0001|7-1")
    frame = Frame(frame_ref="7-1", station_id="NLVOLT0001", epoch=7, inbound=True, at=NOON, ciphertext=sealed)
    other = frame.model_copy(update={"station_id": "NLVOLT0002"})
    block = FrameBlock(replica_id="gw-1", day="2026-11-20", frames=(frame, other))
    assert [frame.raw for frame in FrameCipher(SECRET).open(block)] == [CALL, None]
