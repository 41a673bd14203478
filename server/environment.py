"""Environment variables, read once and typed. The only module that looks at `os.environ`.

The variables are the contract of docs/operators/configuration.md ("Environment"). `make run` starts
the embedded services and passes their addresses on as DATABASE_URL and VALKEY_URL; a second shell
(`python manage.py shell`) finds them in the data folder's `services.json` while they run.
"""

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server.net.public_addresses import is_loopback

ROOT = Path(__file__).resolve().parent.parent
LAST_PORT = 65535
WEB_PORT = 2583
_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_BARE = ("PATH", "LANG", "TZ")
# What opens something else than Postgres and Valkey: only processes that use it get it.
SECRETS = frozenset({
    "GROVE_ADMIN_PASSWORD", "GROVE_KEK", "GROVE_RATE_LIMIT_BYPASS_KEY", "GROVE_SECRET_KEY",
    "GROVE_SMTP_URL", "GROVE_MAIL_OPTIONS", "GROVE_S3_ACCESS_KEY", "GROVE_S3_SECRET_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
})  # fmt: skip

# Our hot statements are the same few with other values: planned anew each time, as Postgres would
# have it wherever a table has partitions, they cost several times what they cost to run.
POSTGRES_OPTIONS = "-c plan_cache_mode=force_generic_plan"


def text(name: str, default: str = "") -> str:
    """The variable's value; unset and empty are the same."""
    return os.environ.get(name) or default


def number(name: str, default: int) -> int:
    """The variable as an integer. Raises SystemExit with a sentence when it is none."""
    value = text(name)
    if not value:
        return default
    if not value.isdecimal():
        raise SystemExit(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def at_least_one(name: str, default: int) -> int:
    """The variable as a positive integer. Raises SystemExit with a sentence when it is none."""
    value = number(name, default)
    if not value:
        raise SystemExit(f"{name} must be at least 1.")
    return value


def certificates_port() -> int | None:
    """The port of a process that says which names a certificate may be made for; None: the web
    processes say it alone."""
    name = "GROVE_CERTIFICATES_PORT"
    return port(name, 0) if text("GROVE_CERTIFICATES_PORT") else None


def web_processes() -> int:
    """How many web processes share this machine."""
    return at_least_one("GROVE_WORKERS", 2)


def database_connections() -> int:
    """How many connections Postgres has for this deployment (its `max_connections`)."""
    return at_least_one("GROVE_DATABASE_CONNECTIONS", 100)


def port(name: str, default: int) -> int:
    """The variable as a TCP port. Raises SystemExit with a sentence when it is none."""
    value = number(name, default)
    if not 0 < value <= LAST_PORT:
        raise SystemExit(f"{name} must be a port between 1 and {LAST_PORT}, not {value}.")
    return value


def budgets(name: str) -> list[tuple[int, int]]:
    """The variable as limits, `30/300 300/86400`: so many in so many seconds; [] when it is unset.
    Raises SystemExit with a sentence when it is anything else."""
    found = []
    for each in words(name):
        count, _, seconds = each.partition("/")
        if not (count.isdecimal() and seconds.isdecimal() and int(seconds)):
            raise SystemExit(f"{name} must be limits such as 30/300 (30 in 300 s), not {each!r}.")
        found.append((int(count), int(seconds)))
    return found


def origins(name: str) -> list[str]:
    """The variable as origins, separated by commas; [] when it is unset."""
    return [each.strip().rstrip("/") for each in text(name).split(",") if each.strip()]


def words(name: str) -> list[str]:
    """The variable as words, separated by commas or spaces; [] when it is unset."""
    return text(name).replace(",", " ").split()


def networks(name: str) -> list[str]:
    """The variable as IP addresses and networks, separated by commas; [] when it is unset. Raises
    SystemExit with a sentence when one is neither."""
    listed = [each.strip() for each in text(name).split(",") if each.strip()]
    for each in listed:
        try:
            ip_network(each, strict=False)
        except ValueError:
            raise SystemExit(f"{name} must list IP addresses, not {each!r}.") from None
    return listed


def switch(name: str, *, default: bool) -> bool:
    """The variable as `on` or `off`. Raises SystemExit with a sentence when it is neither."""
    value = text(name)
    if value not in ("", "on", "off"):
        raise SystemExit(f"{name} must be on or off, not {value!r}.")
    return value == "on" if value else default


def choice(name: str, choices: Sequence[str]) -> str:
    """The variable as one of some words, the first of which is the default. Raises SystemExit with
    a sentence when it is another word."""
    value = text(name, choices[0])
    if value not in choices:
        raise SystemExit(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def options(name: str) -> dict[str, Any]:
    """The variable as a JSON object; {} when it is unset. Raises SystemExit with a sentence when it
    is anything else, without its value, which may be a secret."""
    try:
        value = json.loads(text(name, "{}"))  # noqa: TID251 - our operator's own
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SystemExit(f"{name} must be a JSON object.")
    return value


def relay_host() -> str:
    """The relay's host name, "" when there is none: GROVE_RELAY_HOST, which may be `off`; of a
    sandbox relay.localhost by itself."""
    name = text("GROVE_RELAY_HOST", "relay.localhost" if is_sandbox() else "").lower()
    return "" if name == "off" else name


def public_url() -> str:
    """GROVE_PUBLIC_URL, an origin without trailing slash. Raises SystemExit with a sentence."""
    default = f"http://localhost:{port('GROVE_PORT', WEB_PORT)}"
    url = text("GROVE_PUBLIC_URL", default).rstrip("/")
    if not _ORIGIN.fullmatch(url):
        raise SystemExit(f"GROVE_PUBLIC_URL must be like https://pds.example.org, not {url!r}.")
    return url


def log_level() -> str:
    """GROVE_LOG_LEVEL: from which level on there are lines. Raises SystemExit with a sentence."""
    return choice("GROVE_LOG_LEVEL", ("WARNING", "DEBUG", "INFO", "ERROR", "CRITICAL"))


def has_json_logs() -> bool:
    """GROVE_LOG_FORMAT: whether each line of a log is a JSON object. Raises SystemExit with a
    sentence."""
    return choice("GROVE_LOG_FORMAT", ("text", "json")) == "json"


def is_sandbox() -> bool:
    """Whether this is a sandbox: GROVE_SANDBOX, else where the public URL leads nowhere but here.

    What a sandbox lets everybody do is meant for its only user, so a name that others could reach
    (or TLS, which a laptop does not need) has to be asked for.
    """
    return switch("GROVE_SANDBOX", default=is_local(public_url()))


def is_local(url: str) -> bool:
    """Whether it is an http URL of this machine alone: `localhost`, a name below it, loopback."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    if parts.scheme != "http":
        return False
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def data_folder() -> Path:
    """GROVE_DATA, or `.grove/` beside manage.py."""
    return Path(text("GROVE_DATA", str(ROOT / ".grove"))).absolute()


def for_children(added: Mapping[str, str], *, without: Collection[str] = ()) -> dict[str, str]:
    """Our own environment with something added, and without secrets that a process needs not."""
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return {**kept, **added}


def bare() -> dict[str, str]:
    """Where programs, texts and time zones are found, and nothing that is anybody's secret: what
    other people's programs inherit, whose environment others than us may read."""
    return {name: os.environ[name] for name in _BARE if name in os.environ}


def service_url(name: str) -> str:
    """DATABASE_URL or VALKEY_URL: from the environment, else from the embedded services' note."""
    if value := text(name):
        return value
    note = data_folder() / "services.json"
    try:
        return str(json.loads(note.read_text()).get(name, ""))  # noqa: TID251 - our own
    except (OSError, ValueError):
        return ""
