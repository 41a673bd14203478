"""Links that invite: the sign-up page with a code filled in."""

from typing import Final
from urllib.parse import urlencode

from hosting.models import Host

PARAMETER: Final = "invite"


def link(host: Host, code: str) -> str:
    """Where somebody signs up with a code; without one, where anybody does."""
    page = f"{host.origin}/account/sign-up"
    return f"{page}?{urlencode({PARAMETER: code})}" if code else page
