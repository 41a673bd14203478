"""Event streams under the relay's host name; all of them are public."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from hosting.models import Host
from protocol.lexicon import catalog
from relay.events import stream
from xrpc.registry import Subscription

_REPOS: Final = "com.atproto.sync.subscribeRepos"


async def _subscribe_repos(
    _host: Host | None, params: Mapping[str, Any]
) -> AsyncGenerator[list[bytes], None]:
    return await stream.follow(params.get("cursor"))


def find(nsid: str) -> Subscription | None:
    """The relay's event stream of that name."""
    lexicon = catalog().method(nsid)
    opened = _STREAMS.get(nsid)
    return Subscription(nsid, opened, lexicon) if opened and lexicon else None


_STREAMS: Final = {_REPOS: _subscribe_repos}
