"""What a relay says of a host, and of some of its accounts.

Source: com.atproto.sync.getHostStatus, getRepoStatus. `active` is said of hosts most of whose
accounts are throttled, so the newest accounts, which an allowance hits first, are asked about one
by one. Relays are the operator's (GROVE_CRAWLERS), but what they answer is a stranger's.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from protocol.untrusted_input import bounded_json
from server.net import http_client
from server.net.http_client import RequestFailed

SAMPLE: Final = 5  # accounts
_OLD_ENOUGH: Final = timedelta(minutes=10)  # the relay reads some seconds behind
TIMEOUT_S: Final = 3.0
_MAX_BYTES: Final = 64 * 1024
_COUNT_MAX: Final = 2**53
_WORD_MAX: Final = 60
_METHODS: Final = "/xrpc/com.atproto.sync"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a relay said; `error` where it said nothing of use."""

    status: str = ""
    seq: int | None = None
    account_count: int | None = None
    sampled: int = 0
    throttled: int = 0
    missing: int = 0
    error: str = ""


def ask(relay: str, host: Host) -> Answer:
    """Ask a relay, up to six times three seconds; no transaction may be open."""
    name = quote(urlsplit(host.origin).netloc)
    try:
        status, said = _get(f"{relay}{_METHODS}.getHostStatus?hostname={name}")
    except RequestFailed as fault:
        return Answer(error=f"{type(fault).__name__}: no answer")
    if status == 404 or said.get("error") == "HostNotFound":
        return Answer(status="unknown")
    if status != 200:
        return Answer(error=f"it answered {status} {_word(said.get('error'))}".strip())
    states = _states(relay, host)
    return Answer(
        status=_word(said.get("status")),
        seq=_count(said.get("seq")),
        account_count=_count(said.get("accountCount")),
        sampled=len(states),
        throttled=states.count("throttled"),
        missing=states.count("missing"),
    )


def _states(relay: str, host: Host) -> list[str]:
    """Of the newest accounts; the first silence ends it."""
    seen_by_now = (
        Account.objects.of(host).active().filter(opened_at__lt=timezone.now() - _OLD_ENOUGH)
    )
    states = []
    for did in seen_by_now.order_by("-pk").values_list("did", flat=True)[:SAMPLE]:
        try:
            status, said = _get(f"{relay}{_METHODS}.getRepoStatus?did={quote(did)}")
        except RequestFailed:
            break
        is_missing = status == 404 or said.get("error") == "RepoNotFound"
        states.append("missing" if is_missing else _word(said.get("status")))
    return states


def _get(url: str) -> tuple[int, dict[str, Any]]:
    """Status and body, which is {} where it is no JSON object. Raises RequestFailed."""
    answer = http_client.request_configured("GET", url, timeout_s=TIMEOUT_S, max_bytes=_MAX_BYTES)
    try:
        said = bounded_json.loads(answer.body)
    except ValueError:
        said = None
    return answer.status, said if isinstance(said, dict) else {}


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value <= _COUNT_MAX else None  # type: ignore[operator,return-value]


def _word(value: object) -> str:
    return value[:_WORD_MAX].replace("\0", " ") if isinstance(value, str) else ""
