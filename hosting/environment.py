"""What the environment says, read once and typed. The only module that looks at `os.environ`.

The variables are the contract of docs/operators.md ("Environment"). `make run` starts the embedded
services and passes their addresses on as DATABASE_URL and VALKEY_URL; a second shell (`python
manage.py shell`) finds them in the data folder's `services.json` while they run.
"""

import json
import os
from ipaddress import ip_network
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAST_PORT = 65535


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


def port(name: str, default: int) -> int:
    """The variable as a TCP port. Raises SystemExit with a sentence when it is none."""
    value = number(name, default)
    if not 0 < value <= LAST_PORT:
        raise SystemExit(f"{name} must be a port between 1 and {LAST_PORT}, not {value}.")
    return value


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


def data_folder() -> Path:
    """GROVE_DATA, or `.grove/` beside manage.py."""
    return Path(text("GROVE_DATA", str(ROOT / ".grove"))).absolute()


def for_children(added: dict[str, str]) -> dict[str, str]:
    """Our own environment with something added: what a process we start inherits."""
    return {**os.environ, **added}


def service_url(name: str) -> str:
    """DATABASE_URL or VALKEY_URL: from the environment, else from the embedded services' note."""
    if value := text(name):
        return value
    note = data_folder() / "services.json"
    try:
        return str(json.loads(note.read_text()).get(name, ""))
    except (OSError, ValueError):
        return ""
