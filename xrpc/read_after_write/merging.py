"""Merges one answer of the app view with the author's own writes since.

`Merging` is what a plan carries (xrpc.proxy.plans): it looks whether the app view is behind, reads
what it lacks, asks for whatever those records quote, and has the method's own function merge.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from accounts.models import Account
from protocol.untrusted_input import bounded_json
from protocol.untrusted_input.limits import ANSWER
from repos.reads import recent_writes
from repos.reads.repos import RepoRow
from xrpc.auth.subjects import handle_of
from xrpc.proxy import encodings, refusals
from xrpc.proxy.destinations import Service, appview_cdn
from xrpc.proxy.plans import Composed, Finish, Outcome, ProxyContext, Questions, Received
from xrpc.read_after_write import embeds, unseen_writes
from xrpc.read_after_write.embeds import Shown
from xrpc.read_after_write.own_record_views import Author, View
from xrpc.read_after_write.unseen_writes import LAG_HEADER, REV_HEADER, UnseenWrites

Value = dict[str, Any]
_KEPT = ("atproto-repo-rev", "atproto-content-labelers", "content-language")


@dataclass(frozen=True)
class Lacking:
    """What an answer lacks, and the means to show it."""

    author: Author
    records: UnseenWrites
    shown: Shown
    params: Mapping[str, Any]

    def post_views(self) -> list[View]:
        """The unseen posts as the app view will show them, oldest first."""
        return [
            self.author.post(post, embeds.view_of(self.author, post.value.get("embed"), self.shown))
            for post in self.records.posts
        ]


Merge = Callable[[Value, Lacking], Value]


@dataclass(frozen=True)
class Merging(Finish):
    """For one request of the repo's author. `merge` gets the app view's JSON and what it lacks."""

    way: ProxyContext
    service: Service
    account: Account
    repo: RepoRow
    params: Mapping[str, Any]
    merge: Merge
    shows_posts: bool = True

    def wants(self, status: int, headers: Mapping[str, str]) -> bool:
        """A success in JSON, of an app view that is behind."""
        is_behind = unseen_writes.is_behind(headers.get(REV_HEADER), self.repo.rev)
        return status == 200 and is_behind and refusals.is_json(headers)

    def __call__(self, received: Received) -> Outcome:
        records = self.lacking_records(received)
        if records is None:
            return None
        return self.having_asked(
            received, records, lambda shown: self.composed(received, records, shown)
        )

    def lacking_records(self, received: Received) -> UnseenWrites | None:
        """What the app view lacks; None when that is nothing to show."""
        return unseen_writes.load(self.repo, received.headers[REV_HEADER])

    def having_asked(
        self, received: Received, records: UnseenWrites, go_on: Callable[[Shown], Outcome]
    ) -> Outcome:
        """Go on with what the records quote, once the app view has shown it."""
        posts = records.posts if self.shows_posts else ()
        questions = embeds.questions(self.way, self.service, posts)
        if not questions:
            return go_on({})
        return Questions(
            questions, lambda replies: go_on(embeds.shown_in(replies)), fallback=received
        )

    def composed(self, received: Received, records: UnseenWrites, shown: Shown) -> Composed:
        """The merged answer. What it raises leaves the app view's."""
        coding = received.headers.get("content-encoding", "")
        value = bounded_json.loads(encodings.decoded(received.body, coding), ANSWER)
        merged = self.merge(value, self.lacking(records, shown))
        return self.answer(received, merged, records)

    def lacking(self, records: UnseenWrites, shown: Shown) -> Lacking:
        """The records with the means to show them, their author as the newest profile says."""
        profile = records.profile or recent_writes.current(self.repo, unseen_writes.PROFILE, "self")
        author = Author(
            did=self.account.did,
            handle=handle_of(self.account),
            origin=self.way.host.origin,
            profile=profile.value if profile else None,
            cdn=appview_cdn(self.way.host),
        )
        return Lacking(author, records, shown, self.params)

    def answer(self, received: Received, value: Value, records: UnseenWrites) -> Composed:
        """JSON in a coding that the client takes, with how far the app view is behind."""
        headers = {name: received.headers[name] for name in _KEPT if name in received.headers}
        accepted = self.way.meta.get("HTTP_ACCEPT_ENCODING", "")
        text, coded = encodings.packed(orjson.dumps(value), accepted)
        return Composed(text, {**headers, **coded, LAG_HEADER: str(records.lag_ms)})
