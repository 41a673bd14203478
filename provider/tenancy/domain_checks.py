"""What DNS, TLS and HTTPS say of a handle domain: three results apart, each with what to do.

A name under the domain that nobody has is asked for, so that a wildcard is needed to answer.
"""

import secrets
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hosting.models import HandleDomain
from server.net import http_client
from server.net.http_client import Forbidden, NoSuchHost, RequestFailed

_BODY_MAX_BYTES = 64 * 1024


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "not looked at"


@dataclass(frozen=True, slots=True)
class Result:
    """One check: its subject, how it ended, and what to do about it."""

    subject: str
    verdict: Verdict
    sentence: str


Answer = TypeVar("Answer")
Fetch = Callable[[str], int]  # URL -> status; raises RequestFailed


def fetch(url: str) -> int:
    """The status of a GET, by the guarded client. Raises RequestFailed."""
    return http_client.request(
        "GET", url, max_bytes=_BODY_MAX_BYTES, timeout_s=settings.RESOLVE_TIMEOUT_S
    ).status


def check(domain: HandleDomain, ask: Fetch = fetch) -> Iterator[Result]:
    """Ask for a name under the domain that nobody has: address, certificate, our own answer.

    No transaction may be open: it waits for other servers for some seconds.
    """
    name = f"grove-check-{secrets.token_hex(4)}{domain.name}"
    scheme = domain.host.origin.partition(":")[0]
    port = domain.host.origin.rpartition(":")[2]
    origin = f"{scheme}://{name}" + (f":{port}" if port.isdecimal() else "")
    said = yield from reached(
        ("address", "certificate", "answer"),
        lambda: ask(f"{origin}/.well-known/atproto-did"),
        _wildcard(domain),
    )
    if said == 404:  # a name that nobody has
        yield Result("answer", Verdict.OK, str(_("Names under the domain are answered by Grove.")))
    elif said is not None:
        yield Result("answer", Verdict.FAILED, f"{name}: {other_server(said)}")


def reached(
    subjects: tuple[str, str, str], ask: Callable[[], Answer], no_address: str
) -> Generator[Result, None, Answer | None]:
    """The first two of three results, whether a name has an address and a connection an accepted
    certificate, and the answer for the third to be judged by; without one it is not looked at.
    `no_address`: what to do about the first."""
    address, certificate, answer = subjects
    skipped = str(_("Not looked at: first mend what is above."))
    try:
        said = ask()
    except NoSuchHost:
        yield Result(address, Verdict.FAILED, no_address)
        yield Result(certificate, Verdict.SKIPPED, skipped)
        yield Result(answer, Verdict.SKIPPED, skipped)
        return None
    except RequestFailed as fault:
        yield Result(address, Verdict.OK, str(_("The name has an address.")))
        yield Result(certificate, Verdict.FAILED, _unreachable(fault))
        yield Result(answer, Verdict.SKIPPED, skipped)
        return None
    yield Result(address, Verdict.OK, str(_("The name has an address.")))
    yield Result(certificate, Verdict.OK, str(_("The certificate is accepted.")))
    return said


def _wildcard(domain: HandleDomain) -> str:
    said = _("Add a DNS record %(name)s (CNAME) that points to %(host)s.")
    return str(said) % {"name": f"*{domain.name}", "host": domain.host.hostname}


def _unreachable(fault: RequestFailed) -> str:
    if isinstance(fault, Forbidden):
        return str(_("The record leads to an address that is not public."))
    said = _("No connection, or no certificate. Open port 443 and let the reverse proxy take one.")
    return str(said)


def other_server(status: int) -> str:
    """What to do when it is not Grove that answers."""
    said = _(
        "Another server answered (%(status)s). Point the name at Grove, and let the reverse proxy"
        " pass the Host header on."
    )
    return str(said) % {"status": status}
