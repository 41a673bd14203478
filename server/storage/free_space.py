"""The minimum of free disk space, below which large uploads are refused.

Uploads, imports and what is fetched for accounts that move in are refused with 507. Records still
go in: what remains is theirs, and Postgres', whose embedded data lies in the data folder. One
look costs some three microseconds: what comes in is asked about once, and each write to a
temporary file looks at the disk that it goes to.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from protocol.errors import XrpcError


class InsufficientStorage(XrpcError):
    """507: the host's disk is nearly full; its operator has to make room."""

    name = "InsufficientStorage"
    status = 507
    message = "This server has no disk space for uploads at the moment: try again later"


def check(folders: Iterable[str | Path] = ()) -> None:
    """Raise InsufficientStorage when the data folder's disk, or that of one of these folders, is
    below the floor (GROVE_FREE_SPACE, bytes; 0: no floor)."""
    for folder in (settings.DATA_DIR, *folders):
        check_disk(folder)


def check_disk(place: str | Path | int) -> None:
    """The same for one disk alone, on which there is this folder, or this open file."""
    if settings.FREE_SPACE_BYTES and _free_bytes(place) < settings.FREE_SPACE_BYTES:
        raise InsufficientStorage


def _free_bytes(place: str | Path | int) -> int:
    """What is left to others than root; a folder that is not there yet fills nothing."""
    try:
        stat = os.statvfs(place)
    except FileNotFoundError:
        return int(settings.FREE_SPACE_BYTES)
    return stat.f_bavail * stat.f_frsize
