"""app.bsky.*: reads of the app view in which the caller expects own writes of a moment ago.

Source: the lexicons of these methods; protocol, read-after-write. A service that is not the default
app view answers for itself.
"""

from typing import Final

from repos.reads import repos
from xrpc.auth.declared import Auth
from xrpc.proxy.forwardable_methods import needed_service, proxy_context, relayed
from xrpc.proxy.rpc_scopes import calling
from xrpc.read_after_write import feeds, profiles, threads
from xrpc.read_after_write.merging import Merge, Merging
from xrpc.registry import query
from xrpc.request.call import Answer, Call

GET_PROFILE: Final = "app.bsky.actor.getProfile"
GET_PROFILES: Final = "app.bsky.actor.getProfiles"
GET_AUTHOR_FEED: Final = "app.bsky.feed.getAuthorFeed"
GET_ACTOR_LIKES: Final = "app.bsky.feed.getActorLikes"
GET_TIMELINE: Final = "app.bsky.feed.getTimeline"
GET_POST_THREAD: Final = threads.GET_THREAD


@query(GET_PROFILE, auth=Auth.account(), scope=calling(GET_PROFILE))
def get_profile(call: Call) -> Answer:
    return _merged(call, GET_PROFILE, profiles.one, shows_posts=False)


@query(GET_PROFILES, auth=Auth.account(), scope=calling(GET_PROFILES))
def get_profiles(call: Call) -> Answer:
    return _merged(call, GET_PROFILES, profiles.several, shows_posts=False)


@query(GET_AUTHOR_FEED, auth=Auth.account(), scope=calling(GET_AUTHOR_FEED))
def get_author_feed(call: Call) -> Answer:
    return _merged(call, GET_AUTHOR_FEED, feeds.author_feed)


@query(GET_ACTOR_LIKES, auth=Auth.account(), scope=calling(GET_ACTOR_LIKES))
def get_actor_likes(call: Call) -> Answer:
    return _merged(call, GET_ACTOR_LIKES, feeds.actor_likes, shows_posts=False)


@query(GET_TIMELINE, auth=Auth.account(), scope=calling(GET_TIMELINE))
def get_timeline(call: Call) -> Answer:
    return _merged(call, GET_TIMELINE, feeds.timeline)


@query(GET_POST_THREAD, auth=Auth.account(), scope=calling(GET_POST_THREAD))
def get_post_thread(call: Call) -> Answer:
    return _merged(call, GET_POST_THREAD, threads.thread, kind=threads.ThreadMerging)


def _merged(
    call: Call,
    nsid: str,
    merge: Merge,
    *,
    shows_posts: bool = True,
    kind: type[Merging] = Merging,
) -> Answer:
    service = needed_service(call, nsid)
    way = proxy_context(call, nsid)
    if not service.is_default_appview or way.account is None:
        return relayed(way.to(service, nsid))
    repo = repos.find_repo(call.host, way.account.did)
    finish = kind(way, service, way.account, repo, call.params, merge, shows_posts)
    return relayed(way.to(service, nsid, finish=finish))
