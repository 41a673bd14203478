"""Child processes that never outlive us: each is told to end when its starter dies.

Linux' PR_SET_PDEATHSIG covers the one case that no clean-up code can: `kill -9` on the starter. It
follows the *thread* that called fork, so children are started from the main thread only.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from server.environment import bare

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # linux/prctl.h
_LOOK_EVERY_S = 0.02
_LIBC = ctypes.CDLL(None, use_errno=True)


class Process(Protocol):
    """A child, started by `start` or forked (server.supervisor.forked)."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


@dataclass(frozen=True)
class SystemUser:
    """The system account a service runs as; `None` in its place means: as we do."""

    name: str
    uid: int
    gid: int


class Server(Protocol):
    """A service that runs as a child of ours."""

    @property
    def process(self) -> Process: ...

    def stop(self) -> None: ...


def service_user() -> SystemUser | None:
    """As root: the account `grove` where the operator made one, else `nobody`. Otherwise None."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = accounts.get("grove") or accounts.get("nobody")
    if entry is None:
        raise SystemExit("Running as root needs a system user named grove (or nobody).")
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def start(  # noqa: PLR0913 - a process has that many sides
    argv: Sequence[str | Path],
    *,
    user: SystemUser | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    output: IO[bytes] | int | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own: Ctrl-C reaches only us, and we stop it in order.

    Without an `environment` it gets a bare one: what it does not need it cannot give away.
    """
    return subprocess.Popen(  # noqa: S603 - our own programs only
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(environment) if environment is not None else bare(),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=_die_with(os.getpid(), death_signal),  # noqa: PLW1509 - two system calls, no locks
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )


def stop(process: Process, ask: signal.Signals, deadline_s: float) -> None:
    """Ask, wait, then insist."""
    if process.poll() is None:
        process.send_signal(ask)
    try:
        process.wait(deadline_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def name_process(name: str) -> None:
    """What `ps -o comm` and `top` show for this process, 15 characters."""
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def die_with_starter(starter_pid: int, death_signal: signal.Signals) -> None:
    """Have the kernel send us that signal when the process that started us ends."""
    if sys.platform != "linux":
        return
    _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != starter_pid:  # the starter died between fork and prctl
        os._exit(1)


def await_ready(
    server: Server, is_ready: Callable[[], bool], within_s: float, while_waiting: Callable[[], None]
) -> bool:
    """Wait until a server that was just started is ready. False when it ended, or was not ready in
    time: it is stopped then, as it is when `while_waiting`, called at every look, raises."""
    deadline = time.monotonic() + within_s
    ready = False
    try:
        while not ready and time.monotonic() < deadline and server.process.poll() is None:
            while_waiting()
            time.sleep(_LOOK_EVERY_S)
            ready = is_ready()
    finally:
        if not ready:
            server.stop()
    return ready


def _die_with(starter_pid: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None

    def in_child() -> None:
        # A shell that puts us into the background has us, and so our children, ignore Ctrl-C's.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        die_with_starter(starter_pid, death_signal)

    return in_child
