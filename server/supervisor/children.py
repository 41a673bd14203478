"""Child processes: started in order, restarted when they die, stopped in order."""

import json
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from server.embedded import processes
from server.embedded.processes import Process

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
SETTLED_S = 60.0  # whoever lived that long starts again without a pause


@dataclass
class Child:
    """One process: how to start it, how to ask it to end, how long it may take."""

    name: str
    begin: Callable[[], Process]
    ask: signal.Signals = signal.SIGTERM
    deadline_s: float = 15.0
    process: Process | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    start_again_at: float | None = None

    def start(self) -> None:
        self.process = self.begin()
        self.started_at = time.monotonic()
        self.start_again_at = None


@dataclass
class ChildProcesses:
    """All children, and the file of their process ids that tests and benchmarks read."""

    pids_file: Path
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def add(self, child: Child) -> None:
        """Start a child, and restart it from now on when it ends."""
        self.children.append(child)
        child.start()
        self._write_pids()

    def restart_ended(self) -> None:
        """Notice which children ended, and restart them when their pause is over. A machine that
        is out of processes, memory or disk costs a child its turn, and the others nothing."""
        for child in self.children:
            if child.start_again_at is not None:
                if time.monotonic() >= child.start_again_at:
                    self._restart(child)
            elif child.process is not None and child.process.poll() is not None:
                self._schedule_restart(child, f"ended ({_ending(child.process.returncode)})")

    def stop(self, order: Sequence[str]) -> None:
        """Ask all children whose name begins with the first prefix, wait, then the next."""
        for prefix in order:
            leaving = [child for child in self.children if child.name.startswith(prefix)]
            for child in leaving:
                if child.process is not None and child.process.poll() is None:
                    child.process.send_signal(child.ask)
            for child in leaving:
                if child.process is not None:
                    processes.stop(child.process, child.ask, child.deadline_s)
        self.children.clear()
        self.pids_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End everybody now."""
        for child in self.children:
            if child.process is not None and child.process.returncode is None:
                child.process.kill()

    def _restart(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            child.started_at = time.monotonic()
            self._schedule_restart(child, f"did not start ({error})")
            return
        with suppress(OSError):  # a full disk: the file is for tests and benchmarks
            self._write_pids()

    def _schedule_restart(self, child: Child, why: str) -> None:
        lived_s = time.monotonic() - child.started_at
        pause = FIRST_PAUSE_S if lived_s > SETTLED_S else child.pause_s
        child.pause_s = min(pause * 2, LONGEST_PAUSE_S)
        child.start_again_at = time.monotonic() + pause
        self.say(f"{child.name} {why}; it starts again in {pause:g} s")

    def _write_pids(self) -> None:
        pids = {child.name: child.process.pid for child in self.children if child.process}
        whole = self.pids_file.with_suffix(".new")  # a reader must never see half a file
        whole.write_text(json.dumps(pids))
        whole.replace(self.pids_file)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
