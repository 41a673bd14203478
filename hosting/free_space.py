"""A floor of free disk space: below it nothing large comes in any more.

Uploads, imports and what is fetched for accounts that move in are refused with 507. Records still
go in: what remains is theirs, and Postgres', whose embedded data lies in the data folder. One
look costs some two microseconds, so every piece of a body can afford it.
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

    def __init__(self) -> None:
        super().__init__("This server has no room for uploads at the moment: try again later")


def check(folders: Iterable[str | Path] = ()) -> None:
    """Raise InsufficientStorage when the data folder's disk, or that of one of these folders, is
    below the floor (GROVE_FREE_SPACE, bytes; 0: no floor)."""
    if settings.FREE_SPACE_BYTES:
        for folder in (settings.DATA_DIR, *folders):
            if _free_bytes(folder) < settings.FREE_SPACE_BYTES:
                raise InsufficientStorage


def _free_bytes(folder: str | Path) -> int:
    """What is left to others than root; a folder that is not there yet fills nothing."""
    try:
        stat = os.statvfs(folder)
    except FileNotFoundError:
        return int(settings.FREE_SPACE_BYTES)
    return stat.f_bavail * stat.f_frsize
