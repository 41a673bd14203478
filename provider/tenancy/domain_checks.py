"""What DNS, TLS and HTTPS say of a handle domain: three results apart, each with what to do.

A name under the domain that nobody has is asked for, so that a wildcard is needed to answer.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from hosting.models import HandleDomain
from server.net import http_client
from server.net.http_client import Forbidden, NoSuchHost, RequestFailed, TimedOut

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
    try:
        status = ask(f"{origin}/.well-known/atproto-did")
    except NoSuchHost:
        yield Result("address", Verdict.FAILED, _wildcard(domain))
        yield Result("certificate", Verdict.SKIPPED, "It needs the address first.")
        yield Result("answer", Verdict.SKIPPED, "It needs the address first.")
        return
    except RequestFailed as fault:
        yield Result("address", Verdict.OK, f"*{domain.name} has an address.")
        yield Result("certificate", Verdict.FAILED, _unreachable(fault))
        yield Result("answer", Verdict.SKIPPED, "It needs a connection first.")
        return
    yield Result("address", Verdict.OK, f"*{domain.name} has an address.")
    yield Result("certificate", Verdict.OK, "A connection was made and the certificate accepted.")
    if status == 404:  # a name that nobody has
        yield Result("answer", Verdict.OK, "Names under the domain are answered by Grove.")
    else:
        yield Result("answer", Verdict.FAILED, _other_server(name, status))


def _wildcard(domain: HandleDomain) -> str:
    return f"Add a DNS record *{domain.name} (CNAME) that points to {domain.host.hostname}."


def _unreachable(fault: RequestFailed) -> str:
    if isinstance(fault, Forbidden):
        return "The record leads to an address that is not public."
    what = (
        "No answer in time" if isinstance(fault, TimedOut) else "No connection, or no certificate"
    )
    return (
        f"{what}: let the reverse proxy take certificates for names under the domain"
        " (deploy/Caddyfile), and open its port."
    )


def _other_server(name: str, status: int) -> str:
    return (
        f"{name} answered {status} where Grove says 404: the record leads to another server, or the"
        " reverse proxy does not pass the Host header on."
    )
