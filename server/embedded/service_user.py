"""The OS user that embedded services run as, and the folders they keep their files in.

An ordinary user's services live in the data folder. Postgres refuses to run as root, so as root the
services run as an unprivileged user, who must be able to reach its files: when the data folder lies
under a private home, they are in a folder of their own under /var/lib/grove, remembered in the
data folder's `embedded.json`. We never open somebody else's folder to the world.
"""

import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.embedded.processes import SystemUser, service_user

SYSTEM_FOLDER = Path("/var/lib/grove")
SOCKET_PATH_LIMIT = 107  # sun_path of unix(7) without its terminating zero
LOG_MAX_BYTES = 10_000_000
NOT_NEEDED = shutil.ignore_patterns("include", "__pycache__")
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


class ForeignFolder(Exception):
    """A folder that should be private is somebody else's; the message says what to do."""


@dataclass(frozen=True)
class ServiceFolders:
    """A folder only the service user (and root) can enter, that user, and a short place for
    sockets should the folder's own path be too long for one."""

    folder: Path
    user: SystemUser | None
    short_folder: Path

    def subfolder(self, name: str) -> Path:
        """A private folder of the service inside its folder, made when missing."""
        return private_folder(self.folder / name, self.user)

    def socket_folder(self) -> Path:
        """A private folder whose path is short enough for a unix socket; the same every time."""
        if len(str(self.folder / "run")) + LONGEST_SOCKET_NAME <= SOCKET_PATH_LIMIT:
            return self.subfolder("run")
        return private_folder(self.short_folder, self.user)


def folders_note(data: Path) -> Path:
    """The file in a data folder that says where the services' folders are."""
    note, older_name = data / "embedded.json", data / "quarters.json"
    if older_name.exists():
        older_name.rename(note)
    return note


def service_folders(data: Path) -> ServiceFolders:
    """The service's folders for a data folder, made when missing.

    Raises `ForeignFolder` for a copy of a data folder whose services' files are not in it, or lie
    where their user may not go.
    """
    user = service_user()
    note = folders_note(data)
    known = json.loads(note.read_text()) if note.exists() else {}  # noqa: TID251 - our own
    if known.get("data") != str(data):
        known = _noted_anew(data, known, user)
        note.write_text(json.dumps(known))
    note.chmod(0o600)  # it tells a name in a place for everybody
    folder = Path(known["folder"])
    _change_owner(folder, user)
    return ServiceFolders(private_folder(folder, user), user, Path(known["sockets"]))


def _noted_anew(data: Path, known: dict[str, str], user: SystemUser | None) -> dict[str, str]:
    """What the note of a data folder says that is new, was moved, is a copy, or was noted by a
    version that did not say whose note it was."""
    name = secrets.token_hex(8)  # nobody can lie in wait under a name that nobody can guess
    folder = data / "embedded"
    if user is not None:
        data.chmod(data.stat().st_mode | stat.S_IXOTH)  # its subfolders stay private
    is_within_reach = user is None or is_reachable(data, user)
    if known and not folder.is_dir():
        _refuse_copy(data, known)
        folder = Path(known["folder"])
    elif known and user is not None and not is_within_reach:
        raise ForeignFolder(
            f"{data} came to where the user {user.name}, who runs its database, may not enter."
            " Move it elsewhere, or let others enter (chmod o+x) the folders that it lies in."
        )
    elif not is_within_reach:
        folder = SYSTEM_FOLDER / name
        folder.parent.mkdir(parents=True, exist_ok=True)
    short = Path(tempfile.gettempdir()) / f"grove-{name}"
    return {"data": str(data), "folder": str(folder), "sockets": str(short)}


def _refuse_copy(data: Path, known: dict[str, str]) -> None:
    """Two that run on one database would take each other's accounts for their own."""
    original = Path(known.get("data", data))
    if original != data and folders_note(original).exists():
        raise ForeignFolder(
            f"{data} is a copy of {original}, whose database is in {known['folder']}."
            f" Restore a backup instead, or move {original} away if this is to take its place."
        )


def _change_owner(folder: Path, user: SystemUser | None) -> None:
    """Give all files to the service user when it is another one than at the last start: the
    operator has made a user `grove`."""
    if user is None or not folder.exists() or folder.stat().st_uid == user.uid:
        return
    for path in folder.rglob("*"):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def log_file(data: Path, name: str) -> Path:
    """Where a service's output goes; the last run's is kept beside it once it has grown large."""
    folder = data / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{name}.log"
    if file.exists() and file.stat().st_size > LOG_MAX_BYTES:
        file.replace(file.with_suffix(".log.old"))
    return file


def is_reachable(path: Path, user: SystemUser) -> bool:
    """Whether the user may walk through the folder and all that lead to it."""
    return all(_may_enter(folder.stat(), user) for folder in [path, *path.parents])


def reachable_copy(folders: ServiceFolders, sources: Sequence[Path], name: str) -> Path:
    """The folder that holds the (sibling) source folders, or one of the service's with copies of
    them when the user cannot reach them.

    `name` carries the version, so that an upgrade makes a new copy.
    """
    parent = sources[0].parent
    if folders.user is None or is_reachable(parent, folders.user):
        return parent
    copy = folders.folder / name
    if not copy.exists():
        unfinished = copy.with_name(f"{name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for source in sources:
            shutil.copytree(source, unfinished / source.name, ignore=NOT_NEEDED)
        for path in [unfinished, *unfinished.rglob("*")]:
            path.chmod(0o755)  # a private umask at install time must not lock the service out
        unfinished.rename(copy)
    return copy


def private_folder(path: Path, user: SystemUser | None) -> Path:
    """Make a folder that only the service user can enter, or make sure that it is one.

    Raises ForeignFolder: in a place for everybody somebody else may have been there before us.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    is_for_everybody = path.parent.stat().st_mode & stat.S_IWOTH
    if is_for_everybody and not _is_folder_of(path, {os.geteuid(), user.uid if user else -1}):
        raise ForeignFolder(f"{path} was made by somebody else. Remove it, and start again.")
    give_to_user(path, user)
    path.chmod(0o700)
    return path


def private_file(path: Path, text: str, user: SystemUser | None) -> Path:
    """Write a file that only the service user can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(text)
    give_to_user(path, user)
    return path


def give_to_user(path: Path, user: SystemUser | None) -> None:
    """Give a file or folder of ours to the service user."""
    if user is not None:
        os.chown(path, user.uid, user.gid)


def _is_folder_of(path: Path, user_ids: set[int]) -> bool:
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid in user_ids


def _may_enter(folder: os.stat_result, user: SystemUser) -> bool:
    if folder.st_uid == user.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == user.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)
