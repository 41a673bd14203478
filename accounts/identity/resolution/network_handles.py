"""Handle resolution: what the handle's own domain says about its DID.

Source: atproto.com/specs/handle "Handle Resolution": a TXT record of `_atproto.`, else a well-known
document. Names under a handle domain of this platform are answered as that domain's host would
answer, without asking ourselves over the network.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from accounts.identity.handles import allocation
from accounts.identity.resolution.errors import NetworkUnavailable
from hosting.models import HandleDomain
from hosting.tenancy import routing
from protocol.syntax import is_did, is_handle, normalize_handle
from server.cache.shared import SharedCache
from server.cache.single_flight import SingleFlight
from server.net import dns, http_client

FRESH_S = 300.0
NOT_FOUND_S = 30.0
_PREFIX = "did="
_ANSWER_MAX_BYTES = 8192
_cache = SharedCache("handle")
_single_flight: SingleFlight[str | None] = SingleFlight()


@dataclass(frozen=True)
class Heard:
    """What is known of a handle: where it leads, or that it leads nowhere."""

    did: str | None


def resolve_handle(handle: str, *, fresh: bool = False) -> str | None:
    """The DID that the handle leads to; None when it leads nowhere, is none, or nobody answers.

    `fresh` asks the network even when the answer is remembered.
    """
    heard = _of_ours(handle) if fresh else heard_of(handle)
    if heard is not None:
        return heard.did
    name = normalize_handle(handle)
    return _single_flight.run(name, lambda: _asked(name))


def heard_of(handle: str) -> Heard | None:
    """As `resolve_handle` has it without asking anybody; None when it would have to."""
    heard = _of_ours(handle)
    if heard is not None:
        return heard
    known = _cache.get(normalize_handle(handle))
    return Heard(known.value) if known is not None else None


def ask_for_handle(handle: str) -> str | None:
    """The DID that the handle's domain names at this moment; None when it names none.

    Raises NetworkUnavailable when name servers or the web server do not answer, so that an outage
    is not taken for a word.
    """
    name = normalize_handle(handle)
    domain = _own_domain(name)
    if domain is not None:
        return allocation.resolve(domain.host, name)
    return ask(name)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one way to prove a handle says now: the DID, none, or nothing at all (`is_silent`)."""

    did: str | None = None
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Proofs:
    """Both ways to prove a handle, apart from each other."""

    dns: Proof
    https: Proof


def proofs_of(handle: str) -> Proofs:
    """What a domain says by DNS and by HTTPS at this moment, for its owner to set it right. Asks
    the network; nobody is asked about what is no handle, nor about a name of ours."""
    if _of_ours(handle) is not None:
        return Proofs(Proof(), Proof())
    name = normalize_handle(handle)
    return Proofs(_proof(name, _by_dns), _proof(name, _by_https))


def _proof(name: str, source: Callable[[str], str | None]) -> Proof:
    try:
        return Proof(source(name))
    except (dns.NoAnswer, NetworkUnavailable):
        return Proof(is_silent=True)


def _asked(name: str) -> str | None:
    try:
        did = ask(name)
    except NetworkUnavailable:
        did = None
    fresh_s = FRESH_S if did else NOT_FOUND_S
    _cache.put(name, did, fresh_s=fresh_s, keep_s=fresh_s)
    return did


def ask(name: str) -> str | None:
    """DNS, then HTTPS, then the backup name servers. When none finds it, a timeout counts."""
    timeouts: list[Exception] = []
    for source in (_by_dns, _by_https, _by_backup_dns):
        if source is _by_https and any(isinstance(one, dns.TimedOut) for one in timeouts):
            continue  # who does not answer about a record will not about an address
        try:
            did = source(name)
        except (dns.NoAnswer, NetworkUnavailable) as timeout:
            timeouts.append(timeout)
        else:
            if did is not None:
                return did
    if timeouts:
        raise NetworkUnavailable(f"Could not resolve handle {name}: no response") from timeouts[0]
    return None


def _by_dns(name: str) -> str | None:
    return _only_did(dns.values(f"_atproto.{name}"))


def _by_backup_dns(name: str) -> str | None:
    return _only_did(dns.backup_values(f"_atproto.{name}"))


def _only_did(values: list[str]) -> str | None:
    """The DID of the one record that begins with `did=`; two of them contradict each other."""
    named = [value.removeprefix(_PREFIX) for value in values if value.startswith(_PREFIX)]
    return named[0] if len(named) == 1 and is_did(named[0]) else None


def _by_https(name: str) -> str | None:
    url = f"https://{name}/.well-known/atproto-did"
    try:
        answer = http_client.request(
            "GET", url, timeout_s=settings.RESOLVE_TIMEOUT_S, max_bytes=_ANSWER_MAX_BYTES
        )
    except http_client.Unreachable:
        return None  # no such server: most handles prove themselves by DNS alone
    except http_client.TooLarge as page:
        status, body = page.status, b""  # a page for people, such as those of parked domains
    except http_client.TimedOut as timeout:
        raise NetworkUnavailable(str(timeout)) from timeout
    else:
        status, body = answer.status, answer.body
    if status >= 500:
        raise NetworkUnavailable(f"{url} answered {status}")
    lines = body.decode(errors="replace").strip().splitlines()
    did = lines[0].strip() if status == 200 and lines else ""
    return did if is_did(did) else None


def _of_ours(handle: str) -> Heard | None:
    """The answer for what is no handle, and for names under this platform's own domains."""
    if not is_handle(handle):
        return Heard(None)
    name = normalize_handle(handle)
    domain = _own_domain(name)
    return Heard(allocation.resolve(domain.host, name)) if domain is not None else None


def _own_domain(name: str) -> HandleDomain | None:
    """The longest handle domain of this platform that the name is under."""
    above = routing.domains_above(name)
    domains = HandleDomain.objects.select_related("host").filter(name__in=above)
    return max(domains, key=lambda domain: len(domain.name), default=None)
