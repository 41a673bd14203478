"""CAR version 1: blocks with their CIDs in one stream, for exports, imports and proofs.

A length (varint) and a header naming the roots, then per block a length, the 36 bytes of its CID,
its data. Readers take blocks in any order, repeated or not needed, and check every CID against
its data. Source: ipld.io/specs/transport/car/carv1; atproto.com/specs/repository, "CAR File
Serialization".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from protocol import cbor, cid

MAX_HEADER_BYTES = 64 * 1024
MAX_BLOCK_BYTES = 2 * 1024 * 1024  # a record may have 1,000,000 bytes, and nodes stay far below
_MAX_VARINT_BYTES = 9  # unsigned-varint's own limit
_MAX_LENGTHS = 4_096  # remembered as varints


class CarError(ValueError):
    """The bytes are not a whole, well-formed CAR, or a block does not match its CID."""


@dataclass(frozen=True, slots=True)
class Car:
    """A CAR read whole: root CIDs in order, and each block by its CID."""

    roots: tuple[bytes, ...]
    blocks: dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class CarStream:
    """A CAR being read: root CIDs in order, and the (cid, block) pairs as they arrive.

    The first block's frame begins after `header_bytes`, and every other one where the last ended.
    """

    roots: tuple[bytes, ...]
    header_bytes: int
    blocks: Iterator[tuple[bytes, bytes]]


def header(roots: Iterable[bytes]) -> bytes:
    """Write the opening of a CAR; the first root is the commit. No roots at all is allowed."""
    links = [cbor.Link(root) for root in roots]
    encoded = cbor.encode({"roots": links, "version": 1})
    return _varint(len(encoded)) + encoded


def frame(block_cid: bytes, block: bytes) -> bytes:
    """Write one block with its CID."""
    return _varint(len(block_cid) + len(block)) + block_cid + block


def frame_bytes(block_bytes: int) -> int:
    """How long the frame of a block of that size is."""
    size = cid.LENGTH_BYTES + block_bytes
    return len(_LENGTHS[size]) + size


def frames(sections: Iterable[bytes]) -> bytes:
    """Write many blocks at once, each given as its CID and its data in one piece."""
    parts: list[bytes] = []
    for section in sections:
        parts += (_LENGTHS[len(section)], section)
    return b"".join(parts)


def write(root: bytes, blocks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write a whole CAR with one root: the blocks in the order given, each once."""
    return b"".join([header([root]), *(frame(*pair) for pair in dict(blocks).items())])


def read(data: bytes) -> Car:
    """Read and verify a whole CAR. Raises CarError."""
    stream_of_one = stream([data])
    return Car(stream_of_one.roots, dict(stream_of_one.blocks))


def stream(chunks: Iterable[bytes]) -> CarStream:
    """Read a CAR of any size in the memory of two chunks and one block.

    The header is read at once, blocks as the iterator is followed. Both raise CarError.
    """
    source = _Source(chunks)
    roots, size = _read_header(source)
    return CarStream(roots, size, _read_blocks(source))


class _Source:
    """Cuts pieces of asked-for lengths out of chunks of any length."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._at = 0

    def is_at_end(self) -> bool:
        while self._at == len(self._chunk):
            following = next(self._chunks, None)
            if following is None:
                return True
            self._chunk, self._at = following, 0
        return False

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end <= len(self._chunk):
            piece = self._chunk[self._at : end]
            self._at = end
            return piece
        return self._take_across(size)

    def _take_across(self, size: int) -> bytes:
        pieces = []
        while size:
            if self.is_at_end():
                raise CarError("the CAR ends in the middle of a section")
            piece = self._chunk[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def take_whole_sections(self) -> list[bytes]:
        """The sections that lie whole in the chunk at hand, up to one whose length is not written
        in two bytes: nearly all of a repo's are."""
        chunk, at, sections = self._chunk, self._at, []
        while at + 2 <= len(chunk) and chunk[at] >= 0x80 > chunk[at + 1] > 0:
            begin = at + 2
            end = begin + (chunk[at] & 0x7F | chunk[at + 1] << 7)
            if end > len(chunk):
                break
            sections.append(chunk[begin:end])
            at = end
        self._at = at
        return sections

    def take_varint(self) -> int:
        value = 0
        for position in range(_MAX_VARINT_BYTES):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << (7 * position)
            if byte < 0x80:
                if byte == 0 and position:
                    raise CarError("a length is not written in its shortest form")
                return value
        raise CarError("a length is longer than nine bytes")


def _read_header(source: _Source) -> tuple[tuple[bytes, ...], int]:
    """The roots, and how many bytes the header takes with its length."""
    size = source.take_varint()
    if size > MAX_HEADER_BYTES:
        raise CarError(f"the header is larger than {MAX_HEADER_BYTES} bytes")
    try:
        value = cbor.decode(source.take(size))
    except cbor.CborError as error:
        raise CarError(f"the header is {error}") from error
    if not isinstance(value, dict) or type(value.get("version")) is not int:
        raise CarError("the header is not a map with a version")
    if value["version"] != 1:
        raise CarError("only CAR version 1 is read")
    return _roots(value.get("roots")), len(_varint(size)) + size


def _roots(links: Any) -> tuple[bytes, ...]:
    if not isinstance(links, list) or not all(isinstance(link, cbor.Link) for link in links):
        raise CarError("the header's roots are not a list of links")
    return tuple(link.cid_bytes for link in links)


def _read_blocks(source: _Source) -> Iterator[tuple[bytes, bytes]]:
    while not source.is_at_end():
        for section in source.take_whole_sections() or (_take_section(source),):
            block_cid, block = section[: cid.LENGTH_BYTES], section[cid.LENGTH_BYTES :]
            if block_cid != cid.of_dag_cbor(block):
                _check_other_cid(block_cid, block)
            yield block_cid, block


def _take_section(source: _Source) -> bytes:
    size = source.take_varint()
    if not cid.LENGTH_BYTES <= size <= cid.LENGTH_BYTES + MAX_BLOCK_BYTES:
        raise CarError(f"a block has no CID or more than {MAX_BLOCK_BYTES} bytes")
    return source.take(size)


def _check_other_cid(block_cid: bytes, block: bytes) -> None:
    """A CID that is not the block's under dag-cbor: nothing is wrong if it is the one under raw."""
    if not cid.is_supported(block_cid):
        raise CarError("a block's CID is not a CIDv1 of dag-cbor or raw data under SHA-256")
    if not cid.matches(block_cid, block):
        raise CarError(f"a block's bytes do not match its CID {cid.to_text(block_cid)}")


def _varint(number: int) -> bytes:
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


class _Lengths(dict[int, bytes]):
    """Lengths as varints: a repo's thousands of blocks share a few hundred of them."""

    def __missing__(self, number: int) -> bytes:
        written = _varint(number)
        if len(self) < _MAX_LENGTHS:
            self[number] = written
        return written


_LENGTHS = _Lengths()
