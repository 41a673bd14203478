"""Names of hosts: which may be read, and where they answer."""

import re
from typing import Final

from django.conf import settings

from server.net.http_client import USER_AGENT

RELAY: Final = "atproto-relay"  # in `Server` and `User-Agent` of relays, which read no relay
HEADERS: Final = {"User-Agent": f"{USER_AGENT} ({RELAY})"}
_NAME: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*")
_MAX_CHARS: Final = 253 + len(":65535")
_LOCAL: Final = re.compile(r"([a-z0-9-]+\.)*localhost(:[0-9]{1,5})?")


def normal(text: str) -> str | None:
    """The name as it is stored; None when no host of that name can be read.

    A port, and names of this machine, are for sandboxes alone.
    """
    name = text.strip().lower().removeprefix("https://").removesuffix("/")
    if is_local(name):
        return name if settings.SANDBOX else None
    return name if _NAME.fullmatch(name) and not name.endswith(".localhost") else None


def is_local(name: str) -> bool:
    """Whether it is a name of this machine."""
    return _LOCAL.fullmatch(name) is not None


def origin(name: str) -> str:
    """Where the host answers."""
    return f"http://{name}" if is_local(name) else f"https://{name}"


def of_origin(url: str | None) -> str:
    """The name in an origin, such as a DID document's; "" when there is none, or one that is longer
    than names are."""
    name = (url or "").partition("://")[2].lower().removesuffix(":443")
    return name if len(name) <= _MAX_CHARS else ""
