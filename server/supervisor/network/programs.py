"""The app view and Ozone as child processes: identities, database, programs, what Grove is told.

Their rows are in a Postgres of their own (the wheel's, as Grove's is) below the data folder's
`network/`, so that Grove's holds nothing of theirs. Each has a bound on its memory.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from server import environment
from server.embedded import postgres, processes
from server.embedded.processes import Process
from server.embedded.service_user import log_file
from server.encryption import secret_files
from server.supervisor.checks import Refusal
from server.supervisor.network import packages

HEAPS_MB: Mapping[str, int] = {"appview": 384, "ozone": 256}
_MAKING_KEYS_S = 60.0
# Small: one person's posts. A crash may cost what the firehose tells again.
_POSTGRES = {
    "max_connections": "40",
    "shared_buffers": "32MB",
    "effective_cache_size": "128MB",
    "max_wal_size": "256MB",
    "synchronous_commit": "off",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is: Grove and its first host's URL, the directory, the services."""

    port: int
    plc_port: int
    appview_port: int
    ozone_port: int
    public_url: str

    @property
    def hosts(self) -> list[str]:
        """The sandbox's hosts, *ash* first."""
        scheme, _, rest = self.public_url.partition("://")
        return [self.public_url, f"{scheme}://birch.{rest}"]

    @property
    def firehoses(self) -> list[str]:
        """What the app view reads: the relay, or all hosts where there is none."""
        names = [urlsplit(url).netloc for url in self.hosts]
        relay = environment.relay_host()
        return [f"ws://{name}" for name in ([f"{relay}:{self.port}"] if relay else names)]


def addresses() -> Addresses:
    """As the environment has them. Raises SystemExit with a sentence."""
    return Addresses(
        port=environment.port("GROVE_PORT", environment.WEB_PORT),
        plc_port=environment.port("GROVE_PLC_PORT", 2582),
        appview_port=environment.port("GROVE_NETWORK_APPVIEW_PORT", 2584),
        ozone_port=environment.port("GROVE_NETWORK_OZONE_PORT", 2585),
        public_url=environment.public_url(),
    )


def start_postgres(folder: Path, while_waiting: Callable[[], None]) -> postgres.Postgres:
    """The services' own Postgres. Raises PostgresFailed, and what `while_waiting` raises."""
    return postgres.start(folder, _POSTGRES, while_waiting)


def identities(folder: Path) -> dict[str, str]:
    """The DIDs of both services, made at the first start. Raises Refusal."""
    done = subprocess.run(  # noqa: S603 - our own program
        [packages.node(), "identities.mjs", folder / "secrets"],
        cwd=packages.FOLDER,
        env=environment.bare(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_MAKING_KEYS_S,
    )
    if done.returncode:
        raise Refusal(f"The services' keys could not be made: {done.stderr[-1000:]}")
    dids: dict[str, str] = json.loads(done.stdout)  # noqa: TID251 - our own
    return dids


def for_grove(where: Addresses, dids: Mapping[str, str]) -> dict[str, str]:
    """What `manage.py run` is told: both services for all hosts. Nothing of it is stored, so that
    `make run` by itself asks nobody."""
    appview, ozone = (f"http://localhost:{port}" for port in (where.appview_port, where.ozone_port))
    return {
        "GROVE_APPVIEW_URL": appview,
        "GROVE_APPVIEW_DID": dids["appview"],
        "GROVE_APPVIEW_CDN": f"{appview}/img/{{preset}}/plain/{{did}}/{{cid}}",
        "GROVE_REPORT_URL": ozone,
        "GROVE_REPORT_DID": dids["ozone"],
        "GROVE_MODERATION_URL": ozone,
        "GROVE_MODERATION_DID": dids["ozone"],
    }


def program(name: str, folder: Path, where: Addresses, database_url: str) -> Callable[[], Process]:
    """How a service of deploy/network is started; what it says goes to its log."""
    told = {
        **environment.bare(),
        "LOG_ENABLED": "true",
        "LOG_LEVEL": "error",
        "NETWORK_IDENTITIES": str(folder / "secrets"),
        "NETWORK_IMAGES": str(folder / "images"),
        "NETWORK_PLC_URL": f"http://localhost:{where.plc_port}",
        "NETWORK_HOSTS": json.dumps(where.hosts),
        "NETWORK_FIREHOSES": json.dumps(where.firehoses),
        "NETWORK_DATABASE_URL": database_url,
        "NETWORK_APPVIEW_PORT": str(where.appview_port),
        "NETWORK_OZONE_PORT": str(where.ozone_port),
        "NETWORK_ADMIN_PASSWORD": secret_files.password(folder, "admin-password"),
    }
    argv: list[str | Path] = [
        packages.node(), f"--max-old-space-size={HEAPS_MB[name]}", "--import", "./loopback.mjs",
        f"{name}.mjs",
    ]  # fmt: skip

    def begin() -> Process:
        with log_file(folder, name).open("ab") as output:
            return processes.start(argv, environment=told, cwd=packages.FOLDER, output=output)

    return begin


def grove(added: Mapping[str, str]) -> Callable[[], Process]:
    """How `manage.py run` is started, with our own environment and what it is told."""
    argv: list[str | Path] = [sys.executable, environment.ROOT / "manage.py", "run"]

    def begin() -> Process:
        return processes.start(
            argv,
            environment=environment.for_children(added),
            cwd=environment.ROOT,
            death_signal=signal.SIGTERM,
        )

    return begin
