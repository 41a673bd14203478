"""Processes forked from this one, which has loaded the product once: they begin at once and share
its memory.

What a fork must not share is left behind: signal handlers, open files (the lock of the data folder,
the reserved ports) and the environment. Nothing here may run beside a second thread.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from server import allocator
from server.embedded import processes
from server.supervisor.stop_signals import SIGNALS

_POLL_S = 0.02
_FILES: Final = 65_536  # more than the supervisor ever has open
Main = Callable[[], int | None]


class Forked:
    """A forked child, as `subprocess.Popen` shows one: `pid`, `returncode`, `poll`, `wait`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            time.sleep(_POLL_S)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal while it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it now."""
        self.send_signal(signal.SIGKILL)


def fork(name: str, main: Main, environment: Mapping[str, str]) -> Forked:
    """Run `main` in a child with that environment; its result is the exit code. From the main
    thread, beside which there is no other."""
    starter = os.getpid()
    _flush()
    pid = os.fork()
    if pid:
        return Forked(pid)
    code = 1
    try:
        code = _outcome(partial(_run, name, main, environment, starter))
        _flush()
    finally:  # whatever it is, it ends here: our caller would stop its children once more
        os._exit(code)


def _flush() -> None:
    """Write out what was printed; a full disk or a reader that has gone is no reason to end."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()


def _outcome(run: Callable[[], int]) -> int:
    """The exit code; an exception is shown and is 1."""
    try:
        return run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - of a process, not of a call
        sys.excepthook(*sys.exc_info())
        return 1


def _run(name: str, main: Main, environment: Mapping[str, str], starter: int) -> int:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.setsid()  # Ctrl-C reaches only the supervisor
    # Not SIGTERM: Celery's worker waits then for a broker that ended with the starter, for ever.
    processes.die_with_starter(starter, signal.SIGKILL)
    processes.name_process(name)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(3, _FILES)
    allocator.tune()
    os.environ.clear()
    os.environ.update(environment)
    return main() or 0
