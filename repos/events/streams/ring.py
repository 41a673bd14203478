"""The ring buffer of one stream's newest frames, encoded once and shared by all its consumers.

Frames are in order of `seq` without gaps, so a consumer needs nothing but its cursor. The ring is
bounded by count and by bytes; who falls behind its oldest frame reads the table again.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

SLICE_BYTES = 524_288  # a consumer that does not read keeps what it was given from being dropped


class Ring:
    """Belongs to one event loop; nothing here awaits."""

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self.first_seq = 1
        self.changed = asyncio.Event()  # replaced at each push: take it, look, then wait for it

    @property
    def last_seq(self) -> int:
        """The newest frame's number; one less than the first when there are no frames."""
        return self.first_seq + len(self._frames) - 1

    @property
    def is_empty(self) -> bool:
        """Whether no event came since this process began to listen."""
        return not self._frames

    def push(self, first_seq: int, frames: Sequence[bytes]) -> None:
        """Append frames numbered from `first_seq` on, drop the oldest, wake the consumers."""
        if self.is_empty or first_seq != self.last_seq + 1:
            self._frames.clear()
            self._bytes = 0
            self.first_seq = first_seq
        self._frames.extend(frames)
        self._bytes += sum(map(len, frames))
        while len(self._frames) > self._max_frames or self._bytes > self._max_bytes:
            self._bytes -= len(self._frames.popleft())
            self.first_seq += 1
        woken, self.changed = self.changed, asyncio.Event()
        woken.set()

    def after(self, seq: int, limit: int) -> list[bytes] | None:
        """Up to `limit` frames after `seq`, and SLICE_BYTES with the one that fills it; [] when
        there are none yet, None when they are gone."""
        start = seq + 1 - self.first_seq
        if self.is_empty or start < 0:
            return None
        # By index, because a deque reaches its ends at once and walks to its middle: nearly all
        # consumers are at the new end.
        end = min(start + limit, len(self._frames))
        found, size = [], 0
        for index in range(start, end):
            frame = self._frames[index]
            found.append(frame)
            size += len(frame)
            if size >= SLICE_BYTES:
                break
        return found
