"""Frames as they were: encrypted under the day's key, and sent in blocks of at most 100 ms that nobody waits for."""

import asyncio
import hashlib
import hmac
import itertools
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.ports import Journal
from ev_contracts.gateway import Frame, FrameBlock

FRAMES = "gateway.frame.sample.v1"
BLOCK_S = 0.1
MOST_IN_BLOCK = 2_000
MOST_WAITING = 20_000
_MOST_BLOCK_BYTES = 400_000
_NONCE_BYTES = 12
_MOST_KEYS = 64

log = structlog.get_logger("charger_gateway.frames")


class FrameCipher:
    """AES-256-GCM; each day of each replica has a key derived from the frame secret.

    So a nonce is a counter: it never repeats under its key, whatever other processes do.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._keys: OrderedDict[tuple[str, str], AESGCM] = OrderedDict()
        self._numbers = itertools.count(1)

    def seal(self, day: str, replica_id: str, frames: Sequence[Frame], content: bytes) -> bytes:
        """As the contract of FrameBlock says. Only the replica itself seals under its key."""
        nonce = next(self._numbers).to_bytes(_NONCE_BYTES)
        return nonce + self._of(day, replica_id).encrypt(nonce, content, _bound_to(frames))

    def open(self, block: FrameBlock) -> Sequence[bytes | None]:
        """Each frame of the block verbatim, None for those that cannot be deciphered."""
        if block.sealed is None:
            return [self._alone(block, frame) for frame in block.frames]
        nonce, body = block.sealed[:_NONCE_BYTES], block.sealed[_NONCE_BYTES:]
        try:
            content = self._of(block.day, block.replica_id).decrypt(nonce, body, _bound_to(block.frames))
        except InvalidTag:
            return [None] * len(block.frames)
        ends = [0, *itertools.accumulate(frame.size for frame in block.frames)]
        return [content[begin:end] for begin, end in itertools.pairwise(ends)]

    def _alone(self, block: FrameBlock, frame: Frame) -> bytes | None:
        # How frames were sealed at first; the last of those are gone 30 days later.
        nonce, body = frame.ciphertext[:_NONCE_BYTES], frame.ciphertext[_NONCE_BYTES:]
        bound = f"{frame.station_id}|{frame.frame_ref}".encode()
        try:
            return self._of(block.day, block.replica_id).decrypt(nonce, body, bound)
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


def _bound_to(frames: Sequence[Frame]) -> bytes:
    return "\n".join([f"{frame.station_id}|{frame.frame_ref}|{frame.size}" for frame in frames]).encode()


@dataclass
class _Kept:
    # A Frame for the codec, which reads its fields; to validate tens of thousands a second, all of our own making,
    # would take longer than to seal them.
    frame_ref: str
    station_id: str
    epoch: int
    inbound: bool
    at: datetime
    size: int
    raw: bytes
    ciphertext: bytes = b""


class FrameBlocks:
    """Collects frames and flushes them on a timer."""

    def __init__(self, *, replica_id: str, cipher: FrameCipher, journal: Journal) -> None:
        self._replica_id = replica_id
        self._cipher = cipher
        self._journal = journal
        self._waiting: deque[_Kept] = deque()
        self.dropped = 0

    def keep(self, *, station_id: str, epoch: int, number: int, inbound: bool, at: datetime, raw: bytes) -> str:
        """See FrameKeeper; beyond MOST_WAITING frames are dropped and counted: the trace gives way to the work."""
        frame_ref = f"{epoch}-{number}"
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(_Kept(frame_ref, station_id, epoch, inbound, at, len(raw), raw))
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
            day = _day_of(self._waiting[0].at)
            kept = list(self._taken(day))
            frames = cast("tuple[Frame, ...]", tuple(kept))
            sealed = self._cipher.seal(day, self._replica_id, frames, b"".join([one.raw for one in kept]))
            block = FrameBlock.model_construct(replica_id=self._replica_id, day=day, frames=frames, sealed=sealed)
            self._journal.note(FRAMES, f"_/{self._replica_id}", block)

    def _taken(self, day: str) -> Iterator[_Kept]:
        # Frames wait in the order of time, so where the newest is of the day, all are.
        one_day = _day_of(self._waiting[-1].at) == day
        size = 0
        for _ in range(min(MOST_IN_BLOCK, len(self._waiting))):
            if size >= _MOST_BLOCK_BYTES or not (one_day or _day_of(self._waiting[0].at) == day):
                return
            kept = self._waiting.popleft()
            size += kept.size
            yield kept


def _day_of(at: datetime) -> str:
    return f"{at.year:04d}-{at.month:02d}-{at.day:02d}"
