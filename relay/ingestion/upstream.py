"""What a host is asked beside its firehose: the status of an account, its newest commit."""

from typing import Final
from urllib.parse import quote

from protocol import car
from protocol.untrusted_input import bounded_json
from relay.hosts import names
from server.net.http_client import Connections, Reply, Request, TooLarge

TIMEOUT_S: Final = 5.0
_STATUS_BYTES: Final = 10_000
_COMMIT_BYTES: Final = 65_536  # of a repo's beginning: the header, and the commit block
_OK: Final = 200


class NoAnswer(Exception):
    """The host does not answer, or not what it should."""


async def is_active(connections: Connections, host: str, did: str) -> bool:
    """Whether a host calls an account active now (getRepoStatus). Raises NoAnswer,
    RequestFailed."""
    async with connections.ask(_request(host, "getRepoStatus", did)) as reply:
        body = await reply.whole(_STATUS_BYTES)
    try:
        said = bounded_json.loads(body)
    except ValueError as fault:
        raise NoAnswer("not JSON") from fault
    return reply.status == _OK and isinstance(said, dict) and said.get("active") is True


async def newest_commit(connections: Connections, host: str, did: str) -> bytes:
    """The block of an account's commit, which begins its repo (getRepo): no more of it is read.
    Raises NoAnswer, CarError, RequestFailed."""
    async with connections.ask(_request(host, "getRepo", did)) as reply:
        if reply.status != _OK:
            raise NoAnswer(f"getRepo: {reply.status}")
        start = await _beginning(reply)
    opened = car.stream([start])
    first = next(opened.blocks, None)
    if first is None or opened.roots != (first[0],):
        raise NoAnswer("the repo does not begin with its commit")
    return first[1]


async def _beginning(reply: Reply) -> bytes:
    kept = b""
    try:
        async for piece in reply.chunks(_COMMIT_BYTES):
            kept += piece
            if len(kept) >= _COMMIT_BYTES // 4:
                break
    except TooLarge:
        pass
    return kept


def _request(host: str, method: str, did: str) -> Request:
    url = f"{names.origin(host)}/xrpc/com.atproto.sync.{method}?did={quote(did, safe=':')}"
    return Request("GET", url, names.HEADERS, timeout_s=TIMEOUT_S)
