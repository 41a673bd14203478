"""What an app asks for, in sentences: one for each scope, in the reader's language.

Exactly what the scope allows and no more; collections and methods by name, because a name says what
an app is for. *Grave* is what could take the account away: its address, its handle, its keys, all
that is in it at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from protocol.oauth import permission_sets, scopes
from protocol.oauth.permission_sets import PermissionSet
from protocol.oauth.scope_syntax import InvalidScope
from protocol.oauth.scopes import (
    ANY,
    AccountScope,
    BlobScope,
    IdentityScope,
    IncludeScope,
    RepoScope,
    RpcScope,
    Scope,
)

NAMES_SHOWN: Final = 6  # further ones are a click away


@dataclass(frozen=True, slots=True)
class Name:
    """A collection, method or media type, and what people call it, if they do."""

    text: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """One scope in words. `inside`: what a permission set stands for."""

    scope: str
    sentence: str
    names: Sequence[Name] = ()
    detail: str = ""
    is_grave: bool = False
    inside: Sequence["Permission"] = ()

    @property
    def first_names(self) -> Sequence[Name]:
        """The names to read at once."""
        return self.names[:NAMES_SHOWN]

    @property
    def more_names(self) -> Sequence[Name]:
        """The names behind them."""
        return self.names[NAMES_SHOWN:]


_MARKERS: Final[Mapping[str, Promise]] = {
    scopes.ATPROTO: _("Know who you are: your handle and your DID"),
    scopes.TRANSITION_GENERIC: _(
        "Use your account: create, change and delete everything public in it, upload files, read"
        " and change the settings of apps, and call other services in your name. Not your direct"
        " messages, not your e-mail address."
    ),
    scopes.TRANSITION_EMAIL: _("See your e-mail address"),
    scopes.TRANSITION_CHAT: _("Read and send your direct messages"),
}
_WRITES: Final[Mapping[tuple[str, ...], Promise]] = {
    ("create", "update", "delete"): _("Create, change and delete:"),
    ("create", "update"): _("Create and change:"),
    ("create", "delete"): _("Create and delete:"),
    ("update", "delete"): _("Change and delete:"),
    ("create",): _("Create:"),
    ("update",): _("Change:"),
    ("delete",): _("Delete:"),
}
_COLLECTIONS: Final[Mapping[str, Promise]] = {
    ANY: _("everything public in your account"),
    "app.bsky.actor.profile": _("your profile"),
    "app.bsky.feed.post": _("posts"),
    "app.bsky.feed.like": _("likes"),
    "app.bsky.feed.repost": _("reposts"),
    "app.bsky.feed.generator": _("feeds"),
    "app.bsky.feed.threadgate": _("who may reply to you"),
    "app.bsky.feed.postgate": _("who may quote you"),
    "app.bsky.graph.follow": _("whom you follow"),
    "app.bsky.graph.block": _("whom you block"),
    "app.bsky.graph.list": _("lists"),
    "app.bsky.graph.listitem": _("who is on your lists"),
    "app.bsky.graph.listblock": _("lists that you block"),
    "app.bsky.graph.starterpack": _("starter packs"),
    "chat.bsky.actor.declaration": _("who may write to you"),
}
_FILES: Final[Mapping[str, Promise]] = {
    "*/*": _("files of any kind"),
    "image/*": _("images"),
    "video/*": _("videos"),
    "audio/*": _("sound"),
}
_METHODS: Final[Mapping[str, Promise]] = {ANY: _("everything that it offers")}
_ACCOUNT: Final[Mapping[tuple[str, str], Promise]] = {
    ("email", "read"): _("See your e-mail address"),
    ("email", "manage"): _("See and change your e-mail address"),
    ("repo", "read"): _("Download all public data of your account"),
    ("repo", "manage"): _("Replace all public data of your account"),
    ("status", "read"): _("See whether your account is active"),
    ("status", "manage"): _("Deactivate your account"),
}
_IDENTITY: Final[Mapping[str, Promise]] = {
    scopes.HANDLE: _("Change your handle"),
    ANY: _(
        "Change your whole identity: your handle, your keys, and where your account lives. Whoever"
        " may do this can take the account from you."
    ),
}


def described(asked: Iterable[str], sets: Mapping[str, PermissionSet]) -> list[Permission]:
    """Scopes in words, the grave ones first. `sets`: those named by `include:`, by NSID."""
    permissions = [_described(text, sets) for text in asked]
    return sorted(permissions, key=lambda each: (not each.is_grave, each.scope != scopes.ATPROTO))


def sets_named(asked: Iterable[str]) -> set[str]:
    """The NSIDs of the permission sets among scopes."""
    return {scope.nsid for scope in map(_parsed, asked) if isinstance(scope, IncludeScope)}


def _parsed(text: str) -> Scope | None:
    """A scope's meaning; None for what grants nothing."""
    try:
        return scopes.parse(text)
    except InvalidScope:
        return None


def _described(text: str, sets: Mapping[str, PermissionSet]) -> Permission:
    """One scope; `text` as the app has written it."""
    scope = _parsed(text)
    if scope is None:
        return Permission(text, text)
    words = _of_set(scope, sets) if isinstance(scope, IncludeScope) else _of(scope)
    return replace(words, scope=text)


def _of_set(scope: IncludeScope, sets: Mapping[str, PermissionSet]) -> Permission:
    """A set by its title, which is its author's word, and its name, which is not."""
    names = (Name(scope.nsid),)
    found = sets.get(scope.nsid)
    if found is None:
        return Permission(str(scope), gettext("A set of permissions:"), names)
    language = get_language() or "en"
    return Permission(
        str(scope),
        found.title_in(language) or gettext("A set of permissions:"),
        names,
        detail=found.detail_in(language),
        inside=[_of(each) for each in permission_sets.expand(scope, found)],
    )


def _of(scope: Scope) -> Permission:
    text = str(scope)
    match scope:
        case RepoScope(collections, actions):
            return Permission(text, str(_WRITES[actions]), _named(collections, _COLLECTIONS))
        case RpcScope():
            return Permission(text, _call(scope), _named(scope.methods, _METHODS))
        case BlobScope(accept):
            return Permission(text, gettext("Upload:"), _named(accept, _FILES))
        case AccountScope(attribute, (action, *_others)):
            is_grave = action == scopes.MANAGE
            return Permission(text, str(_ACCOUNT[attribute, action]), is_grave=is_grave)
        case IdentityScope(attribute):
            return Permission(text, str(_IDENTITY[attribute]), is_grave=True)
    return Permission(text, str(_MARKERS.get(text, text)))


def _call(scope: RpcScope) -> str:
    if scope.audience == ANY:
        return gettext("Call in your name, at any service:")
    did, _hash, service = scope.audience.partition("#")
    host = did.removeprefix("did:web:").replace("%3A", ":")
    return gettext("Call in your name, at %(service)s:") % {"service": f"{host} ({service})"}


def _named(texts: Iterable[str], meanings: Mapping[str, Promise]) -> list[Name]:
    return [Name(text, str(meanings.get(text, ""))) for text in texts]
