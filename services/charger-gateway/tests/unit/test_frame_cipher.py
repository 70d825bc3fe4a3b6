"""A block's frames open together, and only as the block that they are."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.adapters.frame_blocks import FrameBlocks, FrameCipher
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

    async def append(self, topic: str, key: str, record: Any) -> int:
        """Blocks are noted, nothing else is written here."""
        raise AssertionError(topic, key, record)

    def note(self, topic: str, key: str, record: Any) -> None:
        """Through the log's bytes."""
        assert key == "_/gw-1"
        encoded = self.codec.encode(topic, record)
        headers = {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}
        self.blocks.append(self.codec.decode(topic, encoded.value, headers))


def blocks_of(frames: Sequence[tuple[str, bytes]]) -> list[FrameBlock]:
    """The blocks that these frames of stations become."""
    noted = Noted()
    blocks = FrameBlocks(replica_id="gw-1", cipher=FrameCipher(SECRET), journal=noted)
    for number, (station_id, raw) in enumerate(frames, start=1):
        blocks.keep(station_id=station_id, epoch=7, number=number, inbound=True, at=NOON, raw=raw)
    blocks.flush()
    return noted.blocks


def test_what_was_sealed_opens() -> None:
    (block,) = blocks_of([("NLVOLT0001", CALL), ("NLVOLT0002", ANSWER), ("NLVOLT0001", b"")])
    assert block.sealed is not None
    assert b"04A2" not in block.sealed
    assert [frame.frame_ref for frame in block.frames] == ["7-1", "7-2", "7-3"]
    assert FrameCipher(SECRET).open(block) == [CALL, ANSWER, b""]


def moved(block: FrameBlock, **changes: object) -> FrameBlock:
    """The block with its first frame said to be another."""
    first, *others = block.frames
    return block.model_copy(update={"frames": (first.model_copy(update=changes), *others)})


@pytest.mark.parametrize(
    "changed",
    [
        lambda block: block.model_copy(update={"day": "2026-11-21"}),
        lambda block: block.model_copy(update={"replica_id": "gw-2"}),
        lambda block: block.model_copy(update={"frames": block.frames[:1]}),
        lambda block: moved(block, station_id="NLVOLT0009"),
        lambda block: moved(block, frame_ref="7-9"),
        lambda block: moved(block, size=1),
    ],
)
def test_it_opens_for_nothing_else(changed: Any) -> None:
    (block,) = blocks_of([("NLVOLT0001", CALL), ("NLVOLT0002", ANSWER)])
    other = changed(block)
    assert FrameCipher(SECRET).open(other) == [None] * len(other.frames)
    assert FrameCipher(b"t" * 32).open(block) == [None, None]


def test_no_two_blocks_share_a_nonce() -> None:
    cipher = FrameCipher(SECRET)
    assert len({cipher.seal("2026-11-20", "gw-1", (), CALL)[:12] for _ in range(1_000)}) == 1_000


def test_frames_that_were_sealed_one_by_one_still_open() -> None:
    cipher, nonce = FrameCipher(SECRET), b"\0" * 11 + b"\1"
    key = AESGCM(hmac.digest(SECRET, b"frames|2026-11-20|gw-1", "sha256"))
    sealed = nonce + key.encrypt(nonce, CALL, b"NLVOLT0001|7-1")
    frame = Frame(frame_ref="7-1", station_id="NLVOLT0001", epoch=7, inbound=True, at=NOON, ciphertext=sealed)
    other = frame.model_copy(update={"station_id": "NLVOLT0002"})
    block = FrameBlock(replica_id="gw-1", day="2026-11-20", frames=(frame, other))
    assert cipher.open(block) == [CALL, None]
