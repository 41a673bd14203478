"""Threads in the app view's answers, with the author's own new replies in them.

Source: app.bsky.feed.getPostThread. When the app view does not know the very post that is asked
for, and it is the caller's own, the thread is made here and hung under its parent.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from protocol.syntax import AtUri
from xrpc.proxy import refusals
from xrpc.proxy.plans import Outcome, Questions, Received, value_of
from xrpc.read_after_write import unseen_writes
from xrpc.read_after_write.merging import Lacking, Merging, Value
from xrpc.read_after_write.own_record_views import View
from xrpc.read_after_write.unseen_writes import REV_HEADER, UnseenWrites

GET_THREAD: Final = "app.bsky.feed.getPostThread"
_VIEW: Final = "app.bsky.feed.defs#threadViewPost"
_REFUSALS: Final = (400, 404)


def thread(value: Value, lacking: Lacking) -> Value:
    """Own replies into a thread."""
    found = value["thread"]
    if found.get("$type") != _VIEW:
        return value
    return {**value, "thread": with_replies(found, lacking.post_views())}


class ThreadMerging(Merging):
    """As Merging, and a refusal is merged, too: `NotFound` of a post that is the caller's."""

    def wants(self, status: int, headers: Mapping[str, str]) -> bool:
        is_refusal = status in _REFUSALS and refusals.is_json(headers)
        is_behind = unseen_writes.is_behind(headers.get(REV_HEADER), self.repo.rev)
        return (is_refusal and is_behind) or super().wants(status, headers)

    def __call__(self, received: Received) -> Outcome:
        if received.status == 200:
            return super().__call__(received)
        if refusals.said(received)[0] != "NotFound":
            return None
        records, uri = self.lacking_records(received), self._own_uri()
        if records is None or uri not in {post.uri for post in records.posts}:
            return None
        return self.having_asked(
            received,
            records,
            lambda shown: self._made_here(received, records, self.lacking(records, shown), uri),
        )

    def _own_uri(self) -> str:
        """The URI that was asked for, the caller's handle in it replaced by the DID."""
        uri = AtUri.parse(self.params["uri"])
        is_own_handle = uri.authority.lower() == self.account.handle
        return str(AtUri(self.account.did, uri.collection, uri.rkey)) if is_own_handle else str(uri)

    def _made_here(
        self, received: Received, records: UnseenWrites, lacking: Lacking, uri: str
    ) -> Outcome:
        posts = lacking.post_views()
        root = next(post for post in posts if post["uri"] == uri)
        others = [post for post in posts if post["uri"] != uri]
        made = with_replies({"$type": _VIEW, "post": root}, others)
        parent = _parent_of(root["record"])
        if parent is None:
            return self.answer(received, {"thread": made}, records)
        height = {name: self.params[name] for name in ("parentHeight",) if name in self.params}
        query = urlencode({"uri": parent, **height, "depth": 0})

        def hung(replies: tuple[Received | None, ...]) -> Outcome:
            above = value_of(replies[0]).get("thread")
            whole = {**made, "parent": above} if above else made
            return self.answer(received, {"thread": whole}, records)

        return Questions((self.way.question(self.service, GET_THREAD, query),), hung, received)


def with_replies(view: View, posts: list[View]) -> View:
    """The thread with those of the posts that belong to it, oldest put in first."""
    root = view["post"]["uri"]
    thread_root = _root_of(view["post"]["record"]) or root
    for post in posts:
        if _root_of(post["record"]) in (root, thread_root):
            view = _with_reply(view, post)
    return view


def _with_reply(view: View, post: View) -> View:
    """The thread with a post under its parent, wherever that is; as it is when it is nowhere."""
    replies = view.get("replies") or []
    if _parent_of(post["record"]) == view["post"]["uri"]:
        known = {reply["post"]["uri"] for reply in replies if reply.get("$type") == _VIEW}
        if post["uri"] in known:
            return view
        return {**view, "replies": [{"$type": _VIEW, "post": post}, *replies]}
    if not replies:
        return view
    deeper = [_with_reply(one, post) if one.get("$type") == _VIEW else one for one in replies]
    return {**view, "replies": deeper}


def _root_of(record: dict[str, Any]) -> str | None:
    return _referred(record, "root")


def _parent_of(record: dict[str, Any]) -> str | None:
    return _referred(record, "parent")


def _referred(record: dict[str, Any], which: str) -> str | None:
    reply = record.get("reply")
    ref = reply.get(which) if isinstance(reply, dict) else None
    uri = ref.get("uri") if isinstance(ref, dict) else None
    return uri if isinstance(uri, str) else None
