"""Frames as they were: encrypted under the day's key, and sent in blocks of at most 100 ms that nobody waits for."""

import asyncio
import hashlib
import hmac
import itertools
from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.ports import Journal
from chassis.values import fleeting
from ev_contracts.gateway import Frame, FrameBlock

FRAMES = "gateway.frame.sample.v1"
BLOCK_S = 0.1
MOST_IN_BLOCK = 2_000
MOST_WAITING = 20_000
_MOST_BLOCK_BYTES = 400_000
_NONCE_BYTES = 12
_FROM_STATION, _TO_STATION = ">", "<"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_KEYS = 64


@fleeting
class KeptFrame:
    """A frame as it was; `raw` is None where it cannot be deciphered."""

    frame_ref: str
    station_id: str
    epoch: int
    inbound: bool
    at: datetime
    raw: bytes | None


class FrameCipher:
    """AES-256-GCM; each day of each replica has a key derived from the frame secret.

    So a nonce is a counter: it never repeats under its key, whatever other processes do.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._keys: OrderedDict[tuple[str, str], AESGCM] = OrderedDict()
        self._numbers = itertools.count(1)

    def seal(self, day: str, replica_id: str, index: str, content: bytes) -> bytes:
        """As the contract of FrameBlock says. Only the replica itself seals under its key."""
        nonce = next(self._numbers).to_bytes(_NONCE_BYTES)
        return nonce + self._of(day, replica_id).encrypt(nonce, content, index.encode())

    def open(self, block: FrameBlock) -> Sequence[KeptFrame]:
        """The block's frames in their order."""
        if block.index is None or block.sealed is None:
            return [self._alone(block, frame) for frame in block.frames]
        content = self._deciphered(block, block.sealed, block.index)
        frames, begin = [], 0
        for line in block.index.split("\n"):
            frame_ref, way, millis, size, station_id = line.split(" ", 4)
            end = begin + int(size)
            frames.append(
                KeptFrame(
                    frame_ref=frame_ref,
                    station_id=station_id,
                    epoch=int(frame_ref.partition("-")[0]),
                    inbound=way == _FROM_STATION,
                    at=_EPOCH + timedelta(milliseconds=int(millis)),
                    raw=None if content is None else content[begin:end],
                )
            )
            begin = end
        return frames

    def _alone(self, block: FrameBlock, frame: Frame) -> KeptFrame:
        # How frames were sealed at first; the last of those are gone 30 days later.
        return KeptFrame(
            frame_ref=frame.frame_ref,
            station_id=frame.station_id,
            epoch=frame.epoch,
            inbound=frame.inbound,
            at=frame.at,
            raw=self._deciphered(block, frame.ciphertext, f"{frame.station_id}|{frame.frame_ref}"),
        )

    def _deciphered(self, block: FrameBlock, sealed: bytes, bound_to: str) -> bytes | None:
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._of(block.day, block.replica_id).decrypt(nonce, body, bound_to.encode())
        except (InvalidTag, ValueError):
            return None

    def _of(self, day: str, replica_id: str) -> AESGCM:
        aead = self._keys.get((day, replica_id))
        if aead is None:
            key = hmac.digest(self._secret, f"frames|{day}|{replica_id}".encode(), hashlib.sha256)
            aead = self._keys[day, replica_id] = AESGCM(key)
            if len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)
        return aead


class FrameBlocks:
    """Collects frames and flushes them on a timer."""

    def __init__(self, *, replica_id: str, cipher: FrameCipher, journal: Journal) -> None:
        self._replica_id = replica_id
        self._cipher = cipher
        self._journal = journal
        self._waiting: deque[tuple[datetime, str, bytes]] = deque()
        """When, its line of the index, and the frame."""
        self.dropped = 0

    def keep(self, *, station_id: str, epoch: int, number: int, inbound: bool, at: datetime, raw: bytes) -> str:
        """See FrameKeeper; beyond MOST_WAITING frames are dropped and counted: the trace gives way to the work."""
        frame_ref = f"{epoch}-{number}"
        if len(self._waiting) < MOST_WAITING:
            way = _FROM_STATION if inbound else _TO_STATION
            line = f"{frame_ref} {way} {round(at.timestamp() * 1000)} {len(raw)} {station_id}"
            self._waiting.append((at, line, raw))
        else:
            self.dropped += 1
        return frame_ref

    async def run(self) -> None:
        """Flush every 100 ms until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(BLOCK_S)
                self.flush()
        finally:
            self.flush()

    def flush(self) -> None:
        """Send what waits, in blocks of one day each."""
        while self._waiting:
            day = _day_of(self._waiting[0][0])
            lines, raws = self._taken(day)
            index = "\n".join(lines)
            sealed = self._cipher.seal(day, self._replica_id, index, b"".join(raws))
            block = FrameBlock(replica_id=self._replica_id, day=day, index=index, sealed=sealed)
            self._journal.note(FRAMES, f"_/{self._replica_id}", block)

    def _taken(self, day: str) -> tuple[list[str], list[bytes]]:
        # Frames wait in the order of time, so where the newest is of the day, all are.
        waiting = self._waiting
        one_day = _day_of(waiting[-1][0]) == day
        lines: list[str] = []
        raws: list[bytes] = []
        size = 0
        while waiting and len(lines) < MOST_IN_BLOCK and size < _MOST_BLOCK_BYTES:
            if not one_day and _day_of(waiting[0][0]) != day:
                break
            _, line, raw = waiting.popleft()
            lines.append(line)
            raws.append(raw)
            size += len(raw)
        return lines, raws


def _day_of(at: datetime) -> str:
    return f"{at.year:04d}-{at.month:02d}-{at.day:02d}"
