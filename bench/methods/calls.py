"""The table of calls: for each method of ours one way to call it, again and again.

A call is declared by the function that makes its requests: `@method("nsid")` over a coroutine that
is given a Stage and how many requests will be taken at the most. `is_used_up` says that each
request serves once and had to be prepared (a code from an e-mail, an account to delete), so that
they are counted and not timed out.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bench.methods.stage import Stage

Prepare = Callable[[Stage, int], Awaitable[Iterator[bytes]]]

# Not called here, by the beginning of their names.
ELSEWHERE: Final = {
    "app.bsky.actor.getProfile": "the app view answers",
    "app.bsky.feed.": "the app view answers",
    "app.bsky.notification.": "a push service answers",
    "com.atproto.label.": "bench.label_load; the reference has no labels",
    "com.atproto.lexicon.resolveLexicon": "DNS and another server answer",
    "com.atproto.moderation.sendAbuseNotice": "an authority's service token; no other host has it",
    "com.atproto.repo.importRepo": "bench.compare import_repo",
    "com.atproto.sync.subscribeRepos": "bench.compare firehose",
}


@dataclass(frozen=True, slots=True)
class MethodCall:
    """How a method is called."""

    nsid: str
    prepare: Prepare
    is_used_up: bool


CALLS: dict[str, MethodCall] = {}


def method(nsid: str, *, is_used_up: bool = False) -> Callable[[Prepare], Prepare]:
    """Declare how a method is called."""

    def declare(prepare: Prepare) -> Prepare:
        CALLS[nsid] = MethodCall(nsid, prepare, is_used_up)
        return prepare

    return declare
