"""An archive that was finished, read: its members, their rows, all of it against its digests."""

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

import orjson
from django.db import DataError

from provider.tenant_archive.container import (
    DIGESTS,
    PIECE_BYTES,
    BrokenArchive,
    digest_line,
    manifest_of,
    next_member,
    sha256_of,
)

_LINE_MAX_BYTES: Final = 64 * 1024 * 1024
_UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, DataError)


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
            self.manifest = manifest_of(self._tar, self._tar.next())
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
                    if sha256_of(self._tar, member) != seen.digest():
                        break
                    return
                seen.update(digest_line(self._tar, member))
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
        while piece := file.read(PIECE_BYTES):
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
        while (member := next_member(tar)) is not None:
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
