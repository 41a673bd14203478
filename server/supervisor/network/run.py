"""The supervisor of `make network`: Grove as `make run` has it, then the app view and Ozone.

Order: packages, the services' Postgres and keys, Grove with their addresses, the services when
Grove answers. Stopping goes the other way. A service that ends is started again; when Grove refuses
to start, all of it ends, with its sentence.
"""

import http.client
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from server import environment, ports
from server.embedded import postgres
from server.embedded.service_user import ForeignFolder
from server.supervisor.announcements import say, warn
from server.supervisor.checks import Refusal, lock
from server.supervisor.children import Child, ChildProcesses
from server.supervisor.network import packages, programs
from server.supervisor.network.programs import Addresses
from server.supervisor.readiness import answers, directory_answers
from server.supervisor.stop_signals import Stopped, StopSignals

STOP_ORDER = ("ozone", "appview", "grove", "postgres")
_FOLDERS = ("secrets", "run", "logs", "images")
_TURN_S = 0.2
_ASK_S = 2.0
_GROVE_ENDS_S = 60.0
GIVEN = ("GROVE_PLC_URL", "GROVE_APPVIEW_URL", "GROVE_REPORT_URL", "GROVE_MODERATION_URL")


def main() -> int:
    """Run until a signal; 0 after an orderly stop, 1 with a sentence when it cannot start."""
    folder = environment.data_folder() / "network"
    children = ChildProcesses(pids_file=folder / "run" / "pids.json", say=say)
    stop_signals = StopSignals(at_second=children.kill)
    try:
        where = programs.addresses()
        check(where)
        _open(folder)
        with lock(folder):
            packages.fetch_missing(folder, stop_signals.check)
            return _run(folder, where, children, stop_signals)
    except Stopped:
        return 0
    except (Refusal, ports.PortTaken, ForeignFolder, postgres.PostgresFailed) as refusal:
        warn(str(refusal))
        return 1


def check(where: Addresses) -> None:
    """Raises Refusal where this is no sandbox or something else answers, and PortTaken."""
    if not environment.is_sandbox():
        raise Refusal("make network is for a sandbox: GROVE_PUBLIC_URL is none of localhost.")
    if given := [name for name in GIVEN if environment.text(name)]:
        raise Refusal(f"make network brings its own: unset {', '.join(given)}.")
    for port, name in (
        (where.appview_port, "GROVE_NETWORK_APPVIEW_PORT"),
        (where.ozone_port, "GROVE_NETWORK_OZONE_PORT"),
    ):
        ports.check(port, name)


def _open(folder: Path) -> None:
    try:
        for name in _FOLDERS:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as reason:
        raise Refusal(f"Cannot write to {folder} ({reason.strerror}).") from reason


def _run(
    folder: Path, where: Addresses, children: ChildProcesses, stop_signals: StopSignals
) -> int:
    urls: list[str] = []

    def begin_postgres() -> subprocess.Popen[bytes]:
        server = programs.start_postgres(folder, stop_signals.check)
        urls[:] = [server.url]
        return server.process

    try:
        children.add(Child("postgres", begin_postgres, signal.SIGINT, 30.0))
        dids = programs.identities(folder)
        stop_signals.check()
        begin = programs.grove(programs.for_grove(where, dids))
        grove = Child("grove", begin, deadline_s=_GROVE_ENDS_S)
        children.add(grove)
        if not _await(lambda: _grove_answers(where), grove, stop_signals):
            return 1
        for name in ("appview", "ozone"):
            children.add(Child(name, programs.program(name, folder, where, urls[0])))
        _serve(where, children, stop_signals)
    finally:
        children.stop(STOP_ORDER)
    return 0


def _await(is_ready: Callable[[], bool], grove: Child, stop_signals: StopSignals) -> bool:
    """Whether it is ready; False when Grove has ended: it said why."""
    while not is_ready():
        stop_signals.check()
        if grove.process is None or grove.process.poll() is not None:
            return False
        time.sleep(_TURN_S)
    return True


def _grove_answers(where: Addresses) -> bool:
    return directory_answers(where.plc_port) and answers(where.port, where.public_url)


def _serve(where: Addresses, children: ChildProcesses, stop_signals: StopSignals) -> None:
    """Look after the children until a signal, and say once when both services answer."""
    is_told = False
    while True:
        stop_signals.check()
        children.restart_ended()
        if not is_told and all(map(_is_healthy, (where.appview_port, where.ozone_port))):
            is_told = True
            say(
                f"network ready: app view http://localhost:{where.appview_port},"
                f" Ozone http://localhost:{where.ozone_port}; clients sign in at"
                f" {' or '.join(where.hosts)}"
            )
        time.sleep(_TURN_S)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASK_S)
    try:
        connection.request("GET", "/xrpc/_health", headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
