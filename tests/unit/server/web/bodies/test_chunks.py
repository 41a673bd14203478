"""Long answers in pieces, and in a file when nobody should wait for their reader."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from server.storage.free_space import InsufficientStorage
from server.web.bodies.chunks import PIECE_BYTES, SPILLED_AT_ONCE_BYTES, BodyReader, spilled


class Source:
    """Chunks of `size` bytes, `count` of them, and whether it was closed."""

    def __init__(self, size: int, count: int) -> None:
        self.chunks = [bytes([number % 256]) * size for number in range(count)]
        self.read_count = 0
        self.closed_count = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.read_count += 1
            yield chunk

    def close(self) -> None:
        self.closed_count += 1


def test_small_chunks_are_put_together():
    source = Source(1_000, 1_000)
    pieces = BodyReader(source, source.close)
    read = list(iter(pieces.next, b""))
    assert b"".join(read) == b"".join(source.chunks)
    assert all(PIECE_BYTES <= len(piece) < PIECE_BYTES + 1_000 for piece in read[:-1])


def test_a_source_is_closed_once_at_its_end():
    source = Source(10, 2)
    pieces = BodyReader(source, source.close)
    pieces.next()
    pieces.close()
    assert (pieces.has_ended, source.closed_count) == (True, 1)


def test_a_source_is_closed_when_its_reader_leaves():
    source = Source(PIECE_BYTES, 5)
    pieces = BodyReader(source, source.close)
    pieces.next()
    pieces.close()
    assert (source.read_count, source.closed_count, pieces.next()) == (1, 1, b"")


def test_a_snapshot_is_read_to_its_end_and_closed_while_its_reader_takes_its_time():
    source = Source(PIECE_BYTES, 40)
    pieces = BodyReader(source, source.close, is_snapshot=True)
    first = pieces.next()
    while pieces.spill():
        assert source.closed_count == 0
    assert (source.read_count, source.closed_count, pieces.is_snapshot) == (40, 1, False)
    assert first + b"".join(iter(pieces.next, b"")) == b"".join(source.chunks)


def test_what_is_written_to_a_file_is_written_in_parts():
    source = Source(PIECE_BYTES, 40)
    pieces = BodyReader(source, source.close, is_snapshot=True)
    assert pieces.spill()
    assert source.read_count == SPILLED_AT_ONCE_BYTES // PIECE_BYTES


def test_nothing_is_written_to_a_disk_that_is_nearly_full(settings: Settings):
    settings.FREE_SPACE_BYTES = 2**62
    source = Source(PIECE_BYTES, 40)
    pieces = BodyReader(source, source.close, is_snapshot=True)
    with pytest.raises(InsufficientStorage):
        pieces.spill()
    pieces.close()
    assert source.closed_count == 1
    with pytest.raises(InsufficientStorage):
        spilled(b"some bytes", 1)
