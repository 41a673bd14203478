"""The thread around a reported post, as the host's app view has it.

It is a service elsewhere: asked when a moderator wants it, for a few seconds and so many bytes, and
what it says is text and nothing more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hosting.models import Host
from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json
from server.net import http_client

TIMEOUT_S: Final = 4.0
MAX_BYTES: Final = 1_000_000
POSTS_MAX: Final = 40
TEXT_MAX_CHARS: Final = 3_000


class NoThread(XrpcError):
    """502: the app view does not answer, or has no such post."""

    name = "UpstreamFailure"
    status = 502
    message = "The app view does not answer"
    page_text = _("The app view does not answer, or does not know this post.")


@dataclass(frozen=True)
class ThreadPost:
    """One post of a thread. `depth` is below 0 for what is answered, 0 for the post itself."""

    depth: int
    handle: str
    text: str
    is_the_one: bool


def app_view_url(host: Host) -> str:
    """Where the app view of a host is; empty: nobody set one."""
    return host.appview_url if host.appview_url and host.appview_did else settings.APPVIEW_URL


def around(host: Host, uri: str) -> list[ThreadPost]:
    """The posts above and below one. Waits for the network. Raises NoThread."""
    query = urlencode({"uri": uri, "depth": 3, "parentHeight": 10})
    url = f"{app_view_url(host)}/xrpc/app.bsky.feed.getPostThread?{query}"
    # A tenant's own setting leads to public addresses alone
    ask = http_client.request if host.appview_url else http_client.request_configured
    try:
        answer = ask("GET", url, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
        found = bounded_json.loads(answer.body) if answer.status == 200 else None
    except (http_client.RequestFailed, ValueError):
        raise NoThread from None
    thread = _mapping(_mapping(found).get("thread"))
    if not _mapping(thread.get("post")):
        raise NoThread
    return [*reversed(list(_above(thread))), _post(thread, 0), *_below(thread, 1)][:POSTS_MAX]


def _above(thread: Mapping[str, Any]) -> Iterator[ThreadPost]:
    depth, node = -1, _mapping(thread.get("parent"))
    while node and depth > -POSTS_MAX:
        yield _post(node, depth)
        depth, node = depth - 1, _mapping(node.get("parent"))


def _below(thread: Mapping[str, Any], depth: int) -> Iterator[ThreadPost]:
    replies = thread.get("replies")
    for each in (replies if isinstance(replies, list) else [])[:POSTS_MAX]:
        yield _post(_mapping(each), depth)
        if depth < 4:
            yield from _below(_mapping(each), depth + 1)


def _post(node: Mapping[str, Any], depth: int) -> ThreadPost:
    post = _mapping(node.get("post"))
    handle = _text(_mapping(post.get("author")).get("handle"))
    text = _text(_mapping(post.get("record")).get("text"))
    return ThreadPost(depth, handle, text, is_the_one=depth == 0)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value[:TEXT_MAX_CHARS] if isinstance(value, str) else ""
