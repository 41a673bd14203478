"""The client of an account's old host, which is asked for one blob.

Source: com.atproto.sync.getBlob. The host is untrusted, named by a DID document: the request is
guarded as any untrusted URL (server.net.http_client) and its answer counted as it comes.
"""

from typing import IO, Final
from urllib.parse import urlencode

from protocol import cid
from protocol.untrusted_input import bounded_json
from server.net import http_client

TIMEOUT_S: Final = 600.0  # the largest blob over a slow line
_ERROR_MAX_BYTES: Final = 10_000
# What an old host says when it will not give anything of the account, and when that is for good.
_OF_THE_ACCOUNT: Final = frozenset(
    {"RepoNotFound", "RepoDeactivated", "RepoTakendown", "RepoSuspended"}
)
_FOR_GOOD: Final = frozenset({"RepoNotFound", "RepoTakendown"})
_GONE_MESSAGE: Final = "Could not find repo for DID"


class NoSuchBlob(Exception):
    """The host answers, and has not these bytes, or more than may come."""


class HostRefused(Exception):
    """The host is silent, busy, or gives nothing of this account. `is_final`: nor ever will."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


def fetch(origin: str, did: str, blob_cid: bytes, into: IO[bytes], max_bytes: int) -> str | None:
    """Write the blob's bytes, unverified, into a file; the type that the host declares.

    Raises NoSuchBlob, HostRefused.
    """
    query = urlencode({"did": did, "cid": cid.to_text(blob_cid)})
    url = f"{origin}/xrpc/com.atproto.sync.getBlob?{query}"
    try:
        answer = http_client.request(
            "GET", url, timeout_s=TIMEOUT_S, max_bytes=max_bytes, into=into
        )
    except http_client.TooLarge as fault:
        raise NoSuchBlob(f"The blob is larger than this host allows: {max_bytes} bytes") from fault
    except http_client.Forbidden as fault:
        raise HostRefused(str(fault), is_final=True) from fault
    except (http_client.Unreachable, http_client.TimedOut) as fault:
        raise HostRefused(f"The old host does not answer: {fault}") from fault
    if answer.status == 200:
        return answer.headers.get("content-type")
    raise _refusal(answer.status, into)


def _refusal(status: int, body: IO[bytes]) -> Exception:
    body.seek(0)
    name, message = _error(body.read(_ERROR_MAX_BYTES))
    said = f"The old host answered: {name or status} {message}".strip()
    if name in _OF_THE_ACCOUNT or message.startswith(_GONE_MESSAGE):
        return HostRefused(said, is_final=name in _FOR_GOOD or name not in _OF_THE_ACCOUNT)
    if status in (400, 404, 410):
        return NoSuchBlob(said)
    return HostRefused(said)


def _error(body: bytes) -> tuple[str, str]:
    try:
        parsed = bounded_json.loads(body)
    except ValueError:
        return "", ""
    if not isinstance(parsed, dict):
        return "", ""
    return str(parsed.get("error", "")), str(parsed.get("message", ""))[:300]
