"""Where an embedded service keeps its files, and as whom it runs.

An ordinary user's services live in the data folder. Postgres refuses to run as root, so as root the
services run as an unprivileged user, who must be able to reach its files: when the data folder lies
under a private home, its quarters are a folder of their own under /var/lib/grove, remembered in the
data folder's `quarters` file. We never open somebody else's folder to the world.
"""

import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hosting.embedded.processes import SystemUser, service_user

ELSEWHERE = Path("/var/lib/grove")
SOCKET_PATH_LIMIT = 107  # sun_path of unix(7) without its terminating zero
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Quarters:
    """A folder only the service user (and root) can enter, and that user."""

    folder: Path
    user: SystemUser | None

    def room(self, name: str) -> Path:
        """A private folder of the service inside the quarters, made when missing."""
        return private_folder(self.folder / name, self.user)

    def socket_folder(self) -> Path:
        """A private folder whose path is short enough for a unix socket."""
        folder = self.folder / "run"
        if len(str(folder)) + LONGEST_SOCKET_NAME <= SOCKET_PATH_LIMIT:
            return self.room("run")
        made = Path(tempfile.mkdtemp(prefix="grove-"))
        hand_over(made, self.user)
        return made


def find_quarters(data: Path) -> Quarters:
    """The quarters that belong to a data folder, made when missing."""
    user = service_user()
    note = data / "quarters"
    if note.exists():
        return Quarters(Path(note.read_text().strip()), user)
    folder = data / "embedded"
    if user is not None:
        data.chmod(data.stat().st_mode | stat.S_IXOTH)  # ours to open; what is in it stays private
        if not is_reachable(data, user):
            folder = ELSEWHERE / secrets.token_hex(8)
            ELSEWHERE.mkdir(parents=True, exist_ok=True)
    private_folder(folder, user)
    note.write_text(f"{folder}\n")
    return Quarters(folder, user)


def is_reachable(path: Path, user: SystemUser) -> bool:
    """Whether the user may walk through the folder and all that lead to it."""
    return all(_may_enter(folder.stat(), user) for folder in [path, *path.parents])


def reachable_copy(quarters: Quarters, source: Path, name: str) -> Path:
    """The source folder itself, or a copy of it in the quarters when the user cannot reach it.

    `name` carries the version, so that an upgrade makes a new copy.
    """
    if quarters.user is None or is_reachable(source, quarters.user):
        return source
    copy = quarters.folder / name
    if not copy.exists():
        unfinished = copy.with_name(f"{name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns("include", "__pycache__"))
        for path in [unfinished, *unfinished.rglob("*")]:
            path.chmod(0o755)  # a private umask at install time must not lock the service out
        unfinished.rename(copy)
    return copy


def private_folder(path: Path, user: SystemUser | None) -> Path:
    """Make a folder that only the service user can enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    hand_over(path, user)
    return path


def hand_over(path: Path, user: SystemUser | None) -> None:
    """Give a file or folder of ours to the service user."""
    if user is not None:
        os.chown(path, user.uid, user.gid)


def _may_enter(folder: os.stat_result, user: SystemUser) -> bool:
    if folder.st_uid == user.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == user.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)
