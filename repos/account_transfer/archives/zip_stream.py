"""ZIP files as a stream: made while they are read, in the memory of one chunk.

Source: PKWARE's APPNOTE 6.3, by the standard library's `zipfile`, which needs no seeking: sizes and
checksums follow each member's bytes. What grows is the directory at the end, some 500 bytes a
member.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READ_BYTES: Final = 262_144
_OWNER_ONLY: Final = 0o600 << 16  # the mode of the unpacked file


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the ZIP. `size_bytes` is what it has at the most, or nearly: beyond 2 GB its header
    is another. Text is packed; what is compressed already, or large, is stored as it is."""

    name: str
    chunks: Iterable[bytes]
    size_bytes: int
    is_text: bool = False


def chunks_of(members: Iterable[Member], at: datetime) -> Iterator[bytes]:
    """The bytes of a ZIP of these members, all of them dated `at`."""
    output = _Output()
    with ZipFile(output, "w") as archive:  # type: ignore[call-overload] # it asks for no more
        for member in members:
            with archive.open(_head(member, at), "w") as entry:
                for chunk in member.chunks:
                    entry.write(chunk)
                    yield output.taken()
    yield output.taken()


def as_file(chunks: Iterable[bytes]) -> IO[bytes]:
    """The chunks as a file to be read once, whose reads are full up to the end."""
    return io.BufferedReader(_Source(chunks), _READ_BYTES)


def _head(member: Member, at: datetime) -> ZipInfo:
    info = ZipInfo(member.name, at.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED if member.is_text else ZIP_STORED
    info.external_attr = _OWNER_ONLY
    info.file_size = member.size_bytes  # by which zipfile chooses the header
    return info


class _Output:
    """What `zipfile` writes to; keeps the bytes until they are taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


class _Source(io.RawIOBase):
    """Chunks to read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__()
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        target = memoryview(buffer)
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
