"""What DNS, TLS and the host itself say of a host's name, asked from outside as anybody would.

Three results apart, each with what to do: whether the name has an address, whether a connection
with an accepted certificate is made, and whether it is our host that answers `describeServer`.
"""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hosting.models import Host
from protocol.untrusted_input import bounded_json
from provider.tenancy.domain_checks import Result, Verdict, other_server, reached
from server.net import http_client, public_suffixes

ANSWER: Final = "describeServer"  # the result that says whether the host can be opened
_BODY_MAX_BYTES: Final = 64 * 1024

Ask = Callable[[str], tuple[int, bytes]]  # URL -> status and body; raises RequestFailed


def ask_outside(url: str) -> tuple[int, bytes]:
    """A GET by the guarded client. Raises RequestFailed."""
    answer = http_client.request(
        "GET", url, max_bytes=_BODY_MAX_BYTES, timeout_s=settings.RESOLVE_TIMEOUT_S
    )
    return answer.status, answer.body


def check(host: Host, ask: Ask = ask_outside) -> Iterator[Result]:
    """Ask the host for `describeServer` by its name. It waits for other servers for some seconds:
    no transaction may be open."""
    said = yield from reached(
        ("DNS", "TLS", ANSWER),
        lambda: ask(f"{host.origin}/xrpc/com.atproto.server.describeServer"),
        _no_address(host),
    )
    if said is None:
        return
    status, body = said
    if status == 200 and _did_in(body) == host.service_did:
        yield Result(ANSWER, Verdict.OK, str(_("The host answers from outside.")))
    else:
        yield Result(ANSWER, Verdict.FAILED, other_server(status))


def shared_site(hostname: str) -> str:
    """The domain below which browsers take an app for the host's own site; empty for a name that
    has none, such as `localhost`."""
    return public_suffixes.registrable_domain(hostname)


def same_site(host: Host) -> str:
    """The domain that a tenant's own app shares with its host, so that browsers take them for one
    site; "" when they share none."""
    site = shared_site(host.hostname)
    app = urlsplit(host.app_url).hostname or ""
    return site if site and (app == site or app.endswith(f".{site}")) else ""


def same_site_said(host: Host) -> str:
    """What to do about it; "" when there is nothing."""
    if not (site := same_site(host)):
        return ""
    said = _(
        "The app at %(app)s and this host are one site to browsers (%(site)s): cookies and scripts"
        " of the app reach the host's pages. Give the app or the host another domain."
    )
    return str(said) % {"app": host.app_url, "site": site}


def _no_address(host: Host) -> str:
    said = _("Add a DNS record for %(name)s (A, AAAA or CNAME) that leads to Grove.")
    return str(said) % {"name": host.hostname}


def _did_in(body: bytes) -> str:
    try:
        document = bounded_json.loads(body)
    except ValueError:
        return ""
    return str(document.get("did", "")) if isinstance(document, dict) else ""
