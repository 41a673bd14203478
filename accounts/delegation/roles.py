"""Roles: the one table of what a controller may do, on pages and by apps.

Deny by default. A page that names no `Deed` is closed to whoever acts for the account; so are
passwords, factors, the address, the DID and its keys, moving and closing. A method needs what its
scope rule says (xrpc.auth.app_scopes), and a session of a controller has the scopes of the role at
the most.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Delegation
from hosting.models import Host
from protocol.errors import InvalidRequest
from protocol.oauth import scopes
from protocol.oauth.intersection import intersection
from protocol.oauth.scopes import (
    ANY,
    AccountScope,
    BlobScope,
    IdentityScope,
    MarkerScope,
    RepoScope,
    RpcScope,
    Scope,
)

Role = Delegation.Role
SCOPE_MAX_CHARS: Final = 2_000


class Deed(Enum):
    """What pages let controllers do. Whatever is not here is for the account's own credentials."""

    SEE = "see the account's home page and its names"
    SEE_APPS = "see which apps are connected, and end their access"
    SEE_PEOPLE = "see who may act for the account, and what they did"
    CHANGE_HANDLE = "change the handle"
    MANAGE_PEOPLE = "invite, change and remove controllers below an owner"


_EVERYBODY: Final = frozenset({Deed.SEE})
_ADMIN: Final = _EVERYBODY | {Deed.SEE_APPS, Deed.SEE_PEOPLE}
PAGES: Final[Mapping[str, frozenset[Deed]]] = {
    Role.OWNER: _ADMIN | {Deed.CHANGE_HANDLE, Deed.MANAGE_PEOPLE},
    Role.ADMIN: _ADMIN,
    Role.EDITOR: _EVERYBODY,
    Role.VIEWER: _EVERYBODY,
    Role.CUSTOM: _EVERYBODY,
}

_ATPROTO: Final = MarkerScope(scopes.ATPROTO)
_EVERYTHING_PUBLIC: Final = (RepoScope((ANY,)), BlobScope(("*/*",)))
_AS_AN_APP_PASSWORD: Final = (
    MarkerScope(scopes.TRANSITION_GENERIC),
    MarkerScope(scopes.TRANSITION_CHAT),
)
_READS: Final = tuple(
    f"app.bsky.{room}.{name}"
    for room, names in {
        "actor": "getPreferences getProfile getProfiles getSuggestions searchActors"
        " searchActorsTypeahead",
        "feed": "getActorFeeds getActorLikes getAuthorFeed getFeed getFeedGenerator"
        " getFeedGenerators getFeedSkeleton getLikes getListFeed getPostThread getPosts getQuotes"
        " getRepostedBy getSuggestedFeeds getTimeline searchPosts",
        "graph": "getActorStarterPacks getBlocks getFollowers getFollows getKnownFollowers getList"
        " getListBlocks getListMutes getLists getMutes getRelationships getStarterPack"
        " getStarterPacks",
        "labeler": "getServices",
        "notification": "getUnreadCount listNotifications",
        "unspecced": "getConfig getPostThreadV2 getTrends",
    }.items()
    for name in names.split()
)
# Of apps, without what depends on the host. What is about the account itself is in no role: its
# address, its status, its keys, the repo as a whole.
SCOPES: Final[Mapping[str, tuple[Scope, ...]]] = {
    Role.OWNER: (
        *_AS_AN_APP_PASSWORD,
        AccountScope(scopes.EMAIL),
        IdentityScope(scopes.HANDLE),
    ),
    Role.ADMIN: _AS_AN_APP_PASSWORD,
    Role.EDITOR: _EVERYTHING_PUBLIC,
    Role.VIEWER: (),
    Role.CUSTOM: (),
}
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {Role.EDITOR: (ANY,), Role.VIEWER: _READS}

TITLES: Final[Mapping[str, Promise]] = {
    Role.OWNER: _("Owner"),
    Role.ADMIN: _("Admin"),
    Role.EDITOR: _("Editor"),
    Role.VIEWER: _("Viewer"),
    Role.CUSTOM: _("Chosen scopes"),
}
MEANINGS: Final[Mapping[str, Promise]] = {
    Role.OWNER: _("Everything but password, keys, moving and closing; invites people, too."),
    Role.ADMIN: _("Posts and settings, direct messages, connected apps and the log."),
    Role.EDITOR: _("Posts, pictures and everything else public; no direct messages."),
    Role.VIEWER: _("Reads in apps what the account sees, and changes nothing."),
    Role.CUSTOM: _("Only what the scopes below allow in apps."),
}


class ScopeRefused(InvalidRequest):
    """400: no scopes, or more than a controller can have."""

    field = "scope"
    message = "The scopes are missing, malformed, or more than a controller can have"
    page_text = _("Enter scopes such as repo:app.bsky.feed.post, with spaces between them.")


def may(delegation: Delegation, deed: Deed | None) -> bool:
    """Whether the controller may do that on a page; None is what is closed to all of them."""
    return deed in PAGES[delegation.role]


def scopes_of(host: Host, delegation: Delegation) -> tuple[Scope, ...]:
    """What a session of the controller may do at the most."""
    chosen = scopes.parse_all(delegation.scope)
    methods = _METHODS.get(delegation.role)
    calls = tuple(RpcScope(methods, each) for each in _services(host)) if methods else ()
    return (_ATPROTO, *SCOPES[delegation.role], *chosen, *calls)


def narrowed(host: Host, delegation: Delegation, scope: str) -> str:
    """An expanded `scope` parameter as far as the controller may go."""
    asked = scopes.parse_all(scope)
    return scopes.join(intersection(asked, scopes_of(host, delegation)))


def checked_scope(text: str) -> str:
    """Chosen scopes in their normal form, all of which an owner has. Raises ScopeRefused."""
    words = text.split()
    chosen = scopes.parse_all(" ".join(words))
    chosen = tuple(each for each in chosen if each != _ATPROTO)
    is_read = len({*words} - {scopes.ATPROTO}) == len(chosen) > 0 and len(text) <= SCOPE_MAX_CHARS
    if not is_read or not {*chosen} <= {*intersection(chosen, SCOPES[Role.OWNER])}:
        raise ScopeRefused
    return scopes.join(chosen)


def _services(host: Host) -> tuple[str, ...]:
    """The services where an account reads: the app view, and this host in its place."""
    app_view = host.appview_did or settings.APPVIEW_DID
    own = f"{host.service_did}#atproto_pds"
    return (f"{app_view}#bsky_appview", own) if app_view else (own,)
