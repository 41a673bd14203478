"""The file: a tar whose first member is the manifest and whose last names the digest of each other.

Being written it is called `FILE.part`. A writer that was killed leaves whole members and perhaps
the beginning of one, which the next writer cuts off before it goes on. The digests are taken from
the file when all is there, so what was written before a crash is covered like the rest.
"""

import fcntl
import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

import orjson
from django.db import DataError
from django.utils.translation import gettext_lazy as _

from protocol.errors import InvalidRequest, XrpcError
from protocol.untrusted_input import bounded_json
from server.storage.temporary_files import TemporaryFile

MANIFEST: Final = "manifest.json"
DIGESTS: Final = "digests.jsonl"
_PIECE_BYTES: Final = 262_144
_LINE_MAX_BYTES: Final = 64 * 1024 * 1024
_MANIFEST_MAX_BYTES: Final = 1_000_000
_UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, DataError)


class BrokenArchive(InvalidRequest):
    """400: the file is no archive, is not whole, or was altered."""

    page_text = _("This file is no archive of a tenant, or it is damaged.")


class BeingWritten(XrpcError):
    """409: another process writes this archive."""

    name = "JobUnderway"
    status = 409
    message = "This archive is being written already."


class Writer:
    """Writes an archive, going on with what is there. `names`: the members that are there."""

    def __init__(self, path: Path) -> None:
        """Raises BeingWritten."""
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._part.touch(mode=0o600)
        self._file = self._part.open("r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise BeingWritten from None
        self.names, end = _whole_members(self._file)
        self._file.truncate(end)
        self._file.seek(end)
        self._tar = tarfile.open(fileobj=self._file, mode="w:", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """One member, unless it is there already; its bytes wait on disk until all are known."""
        if name in self.names:
            return
        with TemporaryFile() as waiting:
            for piece in pieces:
                waiting.write(piece)
            self.add_file(name, waiting, waiting.tell())

    def add_file(self, name: str, file: IO[bytes], size: int) -> None:
        """The same from a file of known size, which is read from its beginning."""
        if name in self.names:
            return
        file.seek(0)
        about = tarfile.TarInfo(name)
        about.size, about.mode = size, 0o600
        self._tar.addfile(about, file)
        _forget_members(self._tar)
        self._file.flush()
        self.names.add(name)

    def manifest(self) -> dict[str, Any] | None:
        """What a killed writer began with."""
        if MANIFEST not in self.names:
            return None
        with tarfile.open(self._part, "r:") as tar:
            return _manifest(tar, tar.next())

    def begin_anew(self) -> None:
        """Drop all that is there."""
        self.names.clear()
        self._file.seek(0)
        self._file.truncate()
        self._tar = tarfile.open(fileobj=self._file, mode="w:", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def finish(self) -> None:
        """Add the digests and give the file its name."""
        self.names.discard(DIGESTS)
        self._file.flush()
        self.add(DIGESTS, self._digest_lines())
        self._tar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def close(self) -> None:
        """Leave it as it is, to be gone on with."""
        self._file.close()

    def _digest_lines(self) -> Iterator[bytes]:
        with tarfile.open(self._part, "r:") as tar:
            while (member := _next(tar)) is not None:
                yield _digest_line(tar, member)


class Reader:
    """Reads an archive that was finished.

    Where members lie is kept in memory, but of an account's files only where the first one does:
    they stand side by side, and are looked up when the account is read.
    """

    def __init__(self, path: Path) -> None:
        """Raises BrokenArchive, FileNotFoundError."""
        self._file = path.open("rb")
        try:
            self._tar = tarfile.open(fileobj=self._file, mode="r:")  # noqa: SIM115
            self.manifest = _manifest(self._tar, self._tar.next())
        except tarfile.TarError as fault:
            self._file.close()
            raise BrokenArchive("The file is no archive of a tenant.") from fault
        self._folder, self._in_folder = "", dict[str, _Place]()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()
        self._file.close()

    def check(self) -> None:
        """Read all of it against its digests. Raises BrokenArchive."""
        seen = hashlib.sha256()
        with suppress(tarfile.TarError):
            for member in self._walk(0):
                if not _is_plain(member):
                    break
                if member.name == DIGESTS:
                    if _sha256(self._tar, member) != seen.digest():
                        break
                    return
                seen.update(_digest_line(self._tar, member))
        raise BrokenArchive("The archive is not whole, or was altered: a digest differs.")

    def names(self, beginning: str) -> list[str]:
        """The members whose names begin so, in their order."""
        return [name for name in self._places[0] if name.startswith(beginning)]

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of a member, each a JSON object; none of one that is not there. Raises
        BrokenArchive."""
        if self._place_of(name) is not None:
            file = self.file(name)
            while line := file.readline(_LINE_MAX_BYTES):
                yield _row(line)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member's bytes. Raises BrokenArchive."""
        file = self.file(name)
        while piece := file.read(_PIECE_BYTES):
            yield piece

    def file(self, name: str) -> IO[bytes]:
        """A member as a file. Raises BrokenArchive."""
        place = self._place_of(name)
        if place is None or not place.is_plain:
            raise BrokenArchive(f"The archive lacks {name}.")
        member = tarfile.TarInfo(name)
        member.offset_data, member.size = place.at, place.size
        found = self._tar.extractfile(member)
        assert found is not None  # noqa: S101 - it is plain
        return found

    def _place_of(self, name: str) -> "_Place | None":
        named, first_files = self._places
        folder = _folder_of_files(name)
        if not folder:
            return named.get(name)
        if folder != self._folder:
            self._folder, self._in_folder = folder, {}
            if folder in first_files:
                self._in_folder = dict(self._side_by_side(folder, first_files[folder]))
        return self._in_folder.get(name)

    @cached_property
    def _places(self) -> "tuple[dict[str, _Place], dict[str, int]]":
        """Those members that have a digest, by name; and where each account's files begin."""
        named: dict[str, _Place] = {}
        first_files: dict[str, int] = {}
        for member in self._walk(0):
            if member.name == DIGESTS:
                break
            if folder := _folder_of_files(member.name):
                first_files.setdefault(folder, member.offset)
            else:
                named[member.name] = _Place.of(member)
        return named, first_files

    def _side_by_side(self, folder: str, at: int) -> "Iterator[tuple[str, _Place]]":
        for member in self._walk(at):
            if _folder_of_files(member.name) != folder:
                return
            yield member.name, _Place.of(member)

    def _walk(self, at: int) -> Iterator[tarfile.TarInfo]:
        """The members from a place on."""
        tar: Any = self._tar
        tar.firstmember, tar.offset = None, at
        self._file.seek(at)
        while (member := _next(tar)) is not None:
            after = self._tar.offset
            yield member
            self._tar.offset = after


@contextmanager
def readable() -> Iterator[None]:
    """Rows are whatever somebody put into a file: one sentence for whatever is wrong with one."""
    try:
        yield
    except _UNREADABLE as fault:
        said = f"A row of the archive cannot be read ({type(fault).__name__})."
        raise BrokenArchive(said) from fault


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a member's bytes lie. A file alone is plain: no link (perhaps to itself), and none with
    holes, by which a short archive holds bytes without end."""

    at: int
    size: int
    is_plain: bool

    @classmethod
    def of(cls, member: tarfile.TarInfo) -> "_Place":
        return cls(member.offset_data, member.size, _is_plain(member))


def _folder_of_files(name: str) -> str:
    """`blobs/7` of `blobs/7/bafk...`; empty for what is no account's file."""
    folder, _, _ = name.rpartition("/")
    return folder if folder.startswith("blobs/") else ""


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo | None:
    member = tar.next()
    _forget_members(tar)
    return member


def _forget_members(tar: Any) -> None:
    """tarfile remembers all that it has read or written: a kilobyte for each file of a tenant."""
    tar.members = []


def _whole_members(file: IO[bytes]) -> tuple[set[str], int]:
    """The names of the members that are all there, and where the last one ends."""
    size, names, end = os.fstat(file.fileno()).st_size, set[str](), 0
    if size == 0:
        return names, 0
    with suppress(tarfile.TarError, EOFError), tarfile.open(fileobj=file, mode="r:") as tar:
        while (member := _next(tar)) is not None:
            blocks, rest = divmod(member.size, tarfile.BLOCKSIZE)
            after = member.offset_data + (blocks + bool(rest)) * tarfile.BLOCKSIZE
            if after > size:
                break
            names.add(member.name)
            end = after
    return names, end


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict[str, Any]:
    file = None if member is None or member.name != MANIFEST else tar.extractfile(member)
    if file is None:
        raise BrokenArchive("The file is no archive of a tenant.")
    try:
        found = bounded_json.loads(file.read(_MANIFEST_MAX_BYTES))
    except ValueError as fault:
        raise BrokenArchive("The archive's manifest cannot be read.") from fault
    if not isinstance(found, dict):
        raise BrokenArchive("The archive's manifest cannot be read.")
    return found


def _is_plain(member: tarfile.TarInfo) -> bool:
    return member.isreg() and not member.issparse() and member.size >= 0


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)  # noqa: TID251 - its digest is right; rows are large
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise BrokenArchive("A row of the archive cannot be read.")
    return row


def _digest_line(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    digest = _sha256(tar, member).hex()
    return orjson.dumps({"name": member.name, "size": member.size, "sha256": digest}) + b"\n"


def _sha256(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    digest, file = hashlib.sha256(), tar.extractfile(member)
    while file is not None and (piece := file.read(_PIECE_BYTES)):
        digest.update(piece)
    return digest.digest()
