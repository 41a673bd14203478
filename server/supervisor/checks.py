"""Start-up checks; each failure is one sentence that says what to do."""

import fcntl
import os
from pathlib import Path
from typing import IO

# process_limits: what is wrong with one of them is said before anything starts.
from server import environment, ports
from server.net import public_addresses
from server.web import process_limits  # noqa: F401

FOLDERS = ("secrets", "run", "files", "blobs", "logs", "temporary")

_SANDBOX_ALLOWS = (
    "A sandbox lets everybody with an account ask URLs on this machine, deletes accounts without "
    "a delay and gives every tenant the same admin password: set GROVE_SANDBOX=off where anybody "
    "can reach it."
)


class Refusal(Exception):
    """We cannot start; the message is for the person who tried."""


def open_data_folder(data: Path) -> None:
    """Make the data folder and its private subfolders. Raises Refusal when it is not writable."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        for name in FOLDERS:
            (data / name).mkdir(mode=0o700, exist_ok=True)
        probe = data / "run" / "probe"
        probe.write_text("")
        probe.unlink()
    except OSError as reason:
        raise Refusal(
            f"Cannot write to the data folder {data} ({reason.strerror}). "
            "Choose another with GROVE_DATA."
        ) from reason


def clear_temporary(data: Path) -> None:
    """Remove temporary files that an earlier run had to leave behind: most have no name at all."""
    for left in (data / "temporary").iterdir():
        if not left.is_dir():
            left.unlink(missing_ok=True)


def lock(data: Path) -> IO[str]:
    """Hold the data folder for as long as the file stays open. Raises Refusal."""
    file = (data / "run" / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as reason:
        file.close()
        raise Refusal(f"Another Grove is running on the data folder {data}.") from reason
    os.set_inheritable(file.fileno(), False)
    return file


def cautions() -> list[str]:
    """What is allowed and should not be met by surprise: a sandbox that others can reach."""
    if not environment.is_sandbox():
        return []
    url, listened = environment.public_url(), ports.addresses()
    if not environment.is_local(url):
        return [f"WARNING: GROVE_SANDBOX=on at {url}. {_SANDBOX_ALLOWS}"]
    if not all(map(public_addresses.is_loopback, listened)):
        return [f"WARNING: a sandbox listens on {', '.join(listened)}. {_SANDBOX_ALLOWS}"]
    return []
