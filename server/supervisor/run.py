"""The supervisor: `python manage.py run` starts a whole PDS with one command.

Order: data folder, ports, secrets, Postgres and Valkey (unless their addresses are given), database
and sandbox, then web processes, sequencer, worker, relay and the embedded PLC directory; `ready`
when the port really answers. Stopping goes the other way, Postgres last.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from server import environment, ports
from server.embedded import postgres, processes, service_user, valkey
from server.embedded.processes import Process
from server.embedded.service_user import ForeignFolder
from server.encryption import secret_files
from server.supervisor import forked, interpreter, preload
from server.supervisor.announcements import say, warn
from server.supervisor.checks import (
    Refusal,
    cautions,
    clear_temporary,
    lock,
    open_data_folder,
)
from server.supervisor.children import Child, ChildProcesses
from server.supervisor.readiness import answers, directory_answers, is_nameless
from server.supervisor.stop_signals import Stopped, StopSignals

STOP_ORDER = ("web", "certificates", "relay", "worker", "sequencer", "plc", "valkey", "postgres")
_REFUSALS = (
    Refusal, ports.PortTaken, ForeignFolder, postgres.PostgresFailed, valkey.ValkeyFailed,
)  # fmt: skip
TURN_S = 0.05
NAMELESS_TURN_S = 2.0
_NAMELESS = (
    "running, but no host is called {name} yet: make it (docs/operators/install.md, Tenants and"
    " hosts), or set GROVE_PUBLIC_URL to one of the hosts"
)


def main() -> int:
    """Run until a signal; 0 after an orderly stop, 1 with a sentence when it cannot start."""
    data = environment.data_folder()
    environment.log_level()  # a wrong word is said before anything starts
    children = ChildProcesses(pids_file=data / "run" / "pids.json", say=say)
    stop_signals = StopSignals(at_second=children.kill)
    try:
        open_data_folder(data)
        with lock(data):
            clear_temporary(data)
            return _run(data, children, stop_signals)
    except Stopped:
        return 0
    except _REFUSALS as refusal:
        warn(str(refusal))
        return 1


def _run(data: Path, children: ChildProcesses, stop_signals: StopSignals) -> int:
    port = environment.port("GROVE_PORT", environment.WEB_PORT)
    for line in cautions():
        warn(line)
    plc_port = environment.port("GROVE_PLC_PORT", 2582)
    has_plc = not environment.text("GROVE_PLC_URL")
    held = ports.reserve(port, "GROVE_PORT")
    if certificates_port := environment.certificates_port():
        held += ports.reserve(certificates_port, "GROVE_CERTIFICATES_PORT")
    if has_plc:
        held += ports.reserve(plc_port, "GROVE_PLC_PORT")
    secret_files.create_missing(data)
    _make_admin_password(data)
    if slow := interpreter.caution(data):
        warn(slow)
    services = data / "services.json"
    try:
        added = _start_services(data, children, stop_signals)
        secret_files.replace(services, json.dumps(added))
        added |= {"DJANGO_SETTINGS_MODULE": "hosting.settings", "GROVE_DATA": str(data)}
        password = _admin_password(data)
        _take_on(added)
        if has_plc:
            _start_directory(children)
        preload.models()
        with _preparing({**os.environ, **password}, stop_signals):
            preload.product()
            preload.freeze()
        _start_processes(children)
        _serve(children, stop_signals, port, plc_port if has_plc else None)
    finally:
        children.stop(STOP_ORDER)
        services.unlink(missing_ok=True)
        for each in held:
            each.close()
    return 0


def _start_services(
    data: Path, children: ChildProcesses, stop_signals: StopSignals
) -> dict[str, str]:
    """Start what is not given, and return its addresses as environment variables."""
    added: dict[str, str] = {}

    libraries = iter(preload.LIBRARIES)

    def wait() -> None:  # one at a time: neither server waits for what the other has time for
        stop_signals.check()
        preload.load(tuple(islice(libraries, 1)))

    def begin_postgres() -> subprocess.Popen[bytes]:
        server = postgres.start(data, while_waiting=wait)
        added["DATABASE_URL"] = server.url
        added["GROVE_DATABASE_CONNECTIONS"] = postgres.SETTINGS["max_connections"]
        return server.process

    def begin_valkey() -> subprocess.Popen[bytes]:
        server = valkey.start(data, while_waiting=wait)
        added["VALKEY_URL"] = server.url
        return server.process

    if not environment.text("DATABASE_URL"):
        if not service_user.folders_note(data).exists():
            warn(f"first start: making a database in {data} (up to half a minute)")
        children.add(Child("postgres", begin_postgres, signal.SIGINT, 30.0))
    stop_signals.check()
    if not environment.text("VALKEY_URL"):
        children.add(Child("valkey", begin_valkey))
    stop_signals.check()
    return added


def _admin_password(data: Path) -> dict[str, str]:
    file = data / "secrets" / "admin-password"
    given = environment.text("GROVE_ADMIN_PASSWORD")
    return {"GROVE_ADMIN_PASSWORD": given or file.read_text().strip()}


def _make_admin_password(data: Path) -> None:
    """Make the first member of staff's password when nobody chose one, and show it this once."""
    file = data / "secrets" / "admin-password"
    if not environment.text("GROVE_ADMIN_PASSWORD") and not file.exists():
        password = secret_files.keep_or_write(file, secrets.token_urlsafe(12))
        shown = f"its password is in {file}" if environment.has_json_logs() else password
        say(f"console {environment.public_url()}/console/  admin / {shown}")


def _take_on(added: dict[str, str]) -> None:
    """Take on the environment of all processes that are started from now on: ours without the
    admin's password, which is written to the database before they begin."""
    os.environ.update(added)
    os.environ.pop("GROVE_ADMIN_PASSWORD", None)


def _start_directory(children: ChildProcesses) -> None:
    """Start the embedded PLC directory: it loads its code while we load ours, and asks the database
    nothing before somebody asks it."""
    settings = {"DJANGO_SETTINGS_MODULE": "hosting.plc_directory.settings"}
    children.add(Child("plc", _program(settings, "server.web.serve", "plc")))


def _program(more: Mapping[str, str], *arguments: str) -> Callable[[], Process]:
    """A program of its own, which inherits no memory of ours and no secrets: it needs nothing but
    Postgres."""
    own = {**environment.for_children({}, without=environment.SECRETS), **more}
    argv = [sys.executable, "-m", *arguments]
    return lambda: processes.start(argv, environment=own, cwd=environment.ROOT)


@contextmanager
def _preparing(inherited: Mapping[str, str], stop_signals: StopSignals) -> Iterator[None]:
    """Migrations and sandbox, in a child beside the block: this process never asks a database.
    Raises Refusal when they failed."""
    child = forked.fork("prepare", preload.prepare, inherited)
    try:
        yield
        while child.poll() is None:
            stop_signals.check()
            time.sleep(TURN_S)
    finally:
        processes.stop(child, signal.SIGTERM, 5.0)
    if child.returncode:
        raise Refusal("The database could not be prepared; the reason is above.")


def _start_processes(children: ChildProcesses) -> None:
    """Web processes and worker are forks; the sequencer uses nothing but Postgres."""

    def fork(name: str, main: forked.Main) -> Callable[[], Process]:
        return lambda: forked.fork(name, main, os.environ.copy())

    for number in range(1, environment.web_processes() + 1):
        name = f"web-{number}"
        children.add(Child(name, fork(name, preload.serve)))
    if environment.certificates_port():
        children.add(Child("certificates", fork("certificates", preload.certificates)))
    children.add(Child("sequencer", _program({}, "repos.events.sequencer")))
    children.add(Child("worker", fork("worker", preload.work)))
    if environment.relay_host():
        children.add(Child("relay", fork("relay", preload.relay)))


def _serve(
    children: ChildProcesses, stop_signals: StopSignals, port: int, plc_port: int | None
) -> None:
    """Look after the children until a signal, and say once when requests are answered."""
    url = environment.public_url()
    is_ready = is_told = False
    ask_at = time.monotonic()
    while True:
        stop_signals.check()
        children.restart_ended()
        if not is_ready and time.monotonic() >= ask_at:
            has_directory = plc_port is None or directory_answers(plc_port)
            is_ready = has_directory and answers(port, url)
            if is_ready:
                say(f"ready {url}")
            elif not is_told and is_nameless(port, url):
                is_told = True
                say(_NAMELESS.format(name=urlsplit(url).hostname))
            ask_at = time.monotonic() + (NAMELESS_TURN_S if is_told else TURN_S)
        time.sleep(TURN_S if not is_ready else 0.2)
