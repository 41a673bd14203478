"""A received CAR file: on disk while it streams, every CID checked, then read block by block.

Source: atproto.com/specs/repository, "CAR File Serialization"; the lexicon
com.atproto.repo.importRepo. Memory is two chunks and an index of where each block lies (some
150 bytes a block). The file is the CAR as it came, so that a worker can take it up.
"""

import mmap
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO

from django.conf import settings

from protocol import car
from protocol.car import CarStream
from protocol.cbor import CborError
from protocol.errors import InvalidRequest
from protocol.repo import commit
from protocol.repo.commit import Commit
from server.storage import free_space

MAX_BLOCKS = 5_000_000  # what an index may hold: some 750 MB, in a worker
_CHUNK_BYTES = 262_144
_LOOKED_EVERY_BYTES = 16_777_216
_SIZE_BITS = 24  # a block has at most 2 MiB
_SIZE_MASK = (1 << _SIZE_BITS) - 1


class UnreadableCar(InvalidRequest):
    """400: the bytes are not a CAR of one repo."""


class CarFile:
    """The blocks of one CAR, by CID. `root` names the commit. Close it, or use it in a `with`."""

    def __init__(self, path: Path, file: IO[bytes], root: bytes) -> None:
        self.path = path
        self.root = root
        self.size_bytes = 0
        self._file = file
        self._index: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, block_cid: bytes) -> bool:
        return block_cid in self._index

    def __getitem__(self, block_cid: bytes) -> bytes:
        """A block; KeyError when the CAR had none of that CID."""
        block = self.get(block_cid)
        if block is None:
            raise KeyError(block_cid)
        return block

    def get(self, block_cid: bytes) -> bytes | None:
        """A block, or None when the CAR had none of that CID."""
        place = self._index.get(block_cid)
        if place is None:
            return None
        offset = place >> _SIZE_BITS
        return self._mapped[offset : offset + (place & _SIZE_MASK)]

    @cached_property
    def _mapped(self) -> mmap.mmap:
        """The file in the address space: a block costs a tenth of a system call."""
        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def __enter__(self) -> "CarFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file handle back; the file stays."""
        if "_mapped" in self.__dict__:
            self._mapped.close()
        self._file.close()

    def commit(self) -> Commit:
        """The commit that the CAR's root names. Raises UnreadableCar."""
        try:
            return commit.parse(self[self.root])
        except KeyError:
            raise UnreadableCar("The CAR does not contain its root") from None
        except CborError as fault:
            raise UnreadableCar(f"The CAR's root is not a commit: {fault}") from fault

    def note(self, blocks: CarStream) -> None:
        """Remember where each block lies. Raises UnreadableCar."""
        index, end = self._index, blocks.header_bytes
        try:
            for block_cid, block in blocks.blocks:
                size = len(block)
                end += car.frame_bytes(size)
                index[block_cid] = (end - size) << _SIZE_BITS | size
                if len(index) > MAX_BLOCKS:
                    raise UnreadableCar(f"The CAR has more than {MAX_BLOCKS} blocks")
        except car.CarError as fault:
            raise UnreadableCar(f"Could not read the CAR: {fault}") from fault
        self.size_bytes = end


def folder() -> Path:
    """Where CARs wait. Web processes and workers must share it."""
    path: Path = settings.DATA_DIR / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def receive(chunks: Iterable[bytes]) -> CarFile:
    """Write a CAR down, checking it as it comes. Raises UnreadableCar, InsufficientStorage; then
    nothing is left."""
    _check_room()
    path = folder() / f"{uuid.uuid4().hex}.car"
    file = path.open("xb+")
    try:
        car_file = _read(_written(chunks, file), path, file)
        file.flush()
    except BaseException:
        file.close()
        path.unlink(missing_ok=True)
        raise
    return car_file


def reopen(path: Path) -> CarFile:
    """A CAR that was received before. Raises UnreadableCar, FileNotFoundError."""
    file = path.open("rb")
    try:
        return _read(iter(lambda: file.read(_CHUNK_BYTES), b""), path, file)
    except BaseException:
        file.close()
        raise


def _written(chunks: Iterable[bytes], file: IO[bytes]) -> Iterator[bytes]:
    written = 0
    for chunk in chunks:
        if written % _LOOKED_EVERY_BYTES + len(chunk) >= _LOOKED_EVERY_BYTES:
            _check_room()
        file.write(chunk)
        written += len(chunk)
        yield chunk


def _check_room() -> None:
    """Raise InsufficientStorage when the disk is nearly full, or too much waits to be imported."""
    free_space.check()
    waiting = 0
    for path in folder().iterdir():
        with suppress(FileNotFoundError):
            waiting += path.stat().st_size
    if waiting > settings.IMPORTS_WAITING_BYTES:
        raise free_space.InsufficientStorage


def _read(chunks: Iterable[bytes], path: Path, file: IO[bytes]) -> CarFile:
    try:
        blocks = car.stream(chunks)
    except car.CarError as fault:
        raise UnreadableCar(f"Could not read the CAR: {fault}") from fault
    car_file = CarFile(path, file, _only(blocks.roots))
    car_file.note(blocks)
    return car_file


def _only(roots: tuple[bytes, ...]) -> bytes:
    if len(roots) != 1:
        raise UnreadableCar(f"Expected one root in the CAR, found {len(roots)}")
    return roots[0]
