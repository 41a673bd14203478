"""Scopes of AT Protocol as values, one class a resource; `str()` gives the normal form.

Source: atproto.com/specs/permission. Names and values are case-sensitive. An unknown parameter, an
empty or unknown value, or a parameter both positional and by name makes the whole scope void: it
grants nothing, rather than more than its author meant. Scopes that differ in writing alone are
equal.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from protocol.oauth import scope_syntax
from protocol.oauth.scope_syntax import InvalidScope, ScopeSyntax
from protocol.syntax import is_nsid, is_service_reference

ANY: Final = "*"
CREATE, UPDATE, DELETE = "create", "update", "delete"
READ, MANAGE = "read", "manage"
EMAIL, REPO, STATUS = "email", "repo", "status"
HANDLE: Final = "handle"
ATPROTO: Final = "atproto"
TRANSITION_GENERIC: Final = "transition:generic"
TRANSITION_EMAIL: Final = "transition:email"
TRANSITION_CHAT: Final = "transition:chat.bsky"

WRITES: Final = (CREATE, UPDATE, DELETE)
_MARKERS: Final = (ATPROTO, TRANSITION_GENERIC, TRANSITION_EMAIL, TRANSITION_CHAT)
_ACCOUNT_ATTRIBUTES: Final = (EMAIL, REPO, STATUS)
_MEDIA_RANGE: Final = re.compile(r"\*/\*|[^\s/*]+/(?:\*|[^\s/*]+)")


@dataclass(frozen=True, slots=True)
class MarkerScope:
    """`atproto`, which every request has, and the `transition:` ones, broad as app passwords."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RepoScope:
    """`repo:`: write records of these collections (`*`: of all) by these actions."""

    collections: tuple[str, ...]
    actions: tuple[str, ...] = WRITES

    def __str__(self) -> str:
        actions = () if self.actions == WRITES else self.actions
        return _written("repo", ("collection", self.collections), ("action", actions))

    def grants(self, collection: str, action: str) -> bool:
        """Whether records of the collection may be written so."""
        return action in self.actions and (
            collection in self.collections or ANY in self.collections
        )


@dataclass(frozen=True, slots=True)
class RpcScope:
    """`rpc:`: call these methods (`*`: all) of the service `did#id` (`*`: of any)."""

    methods: tuple[str, ...]
    audience: str

    def __str__(self) -> str:
        return _written("rpc", ("lxm", self.methods), ("aud", (self.audience,)))

    def grants(self, method: str, audience: str) -> bool:
        """Whether the method may be called at the audience; `*` asks for all methods at once."""
        return self.audience in (ANY, audience) and (method in self.methods or ANY in self.methods)


@dataclass(frozen=True, slots=True)
class BlobScope:
    """`blob:`: upload files whose media type is in one of these ranges."""

    accept: tuple[str, ...]

    def __str__(self) -> str:
        return _written("blob", ("accept", self.accept))

    def grants(self, media_type: str) -> bool:
        """Whether a file of the type (`image/png`, without parameters) may be uploaded."""
        kind = media_type.lower()
        if ANY in kind or not _MEDIA_RANGE.fullmatch(kind):
            return False
        return any(each in ("*/*", kind, f"{kind.partition('/')[0]}/*") for each in self.accept)


@dataclass(frozen=True, slots=True)
class AccountScope:
    """`account:`: see or manage the e-mail address, the repo as a whole, the account's status."""

    attribute: str
    actions: tuple[str, ...] = (READ,)

    def __str__(self) -> str:
        actions = () if self.actions == (READ,) else self.actions
        return _written("account", ("attr", (self.attribute,)), ("action", actions))

    def grants(self, attribute: str, action: str) -> bool:
        """Whether the attribute may be read or managed; who manages it may read it."""
        return attribute == self.attribute and (action in self.actions or MANAGE in self.actions)


@dataclass(frozen=True, slots=True)
class IdentityScope:
    """`identity:`: change the handle; with `*`, everything in the DID document, keys as well."""

    attribute: str

    def __str__(self) -> str:
        return _written("identity", ("attr", (self.attribute,)))

    def grants(self, attribute: str) -> bool:
        """Whether the attribute may be changed."""
        return self.attribute in (ANY, attribute)


@dataclass(frozen=True, slots=True)
class IncludeScope:
    """`include:`: the permissions of a published set; `audience` is for those that inherit it."""

    nsid: str
    audience: str = ""

    def __str__(self) -> str:
        audience = (self.audience,) if self.audience else ()
        return _written("include", ("nsid", (self.nsid,)), ("aud", audience))


Granular = RepoScope | RpcScope | BlobScope | AccountScope | IdentityScope
Scope = MarkerScope | Granular | IncludeScope


def parse(text: str) -> Scope:
    """One scope as a value. Raises InvalidScope for what is void or unknown."""
    if text in _MARKERS:
        return MarkerScope(text)
    syntax = scope_syntax.read(text)
    build = _BUILD.get(syntax.resource)
    if build is None:
        raise InvalidScope(f"unknown scope: {text[:100]}")
    return build(syntax)


def parse_all(text: str) -> tuple[Scope, ...]:
    """The scopes of a `scope` parameter, each once, in the order of their normal forms; void and
    unknown ones are left out."""
    return tuple(sorted({*_known(text.split(" "))}, key=str))


def join(scopes: Iterable[Scope]) -> str:
    """Scopes as a `scope` parameter in normal form."""
    return " ".join(sorted({str(scope) for scope in scopes}))


def build_repo(syntax: ScopeSyntax) -> RepoScope:
    """A repo scope of its parts. Raises InvalidScope."""
    values = _values(syntax, "collection", "action")
    collections = _all(values.get("collection"), lambda value: value == ANY or is_nsid(value))
    actions = _all(values.get("action", WRITES), WRITES.__contains__)
    return RepoScope(_widest(collections), tuple(each for each in WRITES if each in actions))


def build_rpc(syntax: ScopeSyntax) -> RpcScope:
    """An rpc scope of its parts; not every method of every service at once. Raises InvalidScope."""
    values = _values(syntax, "lxm", "aud")
    methods = _widest(_all(values.get("lxm"), lambda value: value == ANY or is_nsid(value)))
    audience = _one(values.get("aud"), lambda value: value == ANY or is_service_reference(value))
    if audience == ANY and ANY in methods:
        raise InvalidScope("an rpc scope names methods or a service")
    return RpcScope(methods, audience)


def _blob(syntax: ScopeSyntax) -> BlobScope:
    values = _values(syntax, "accept")
    accept = _all(values.get("accept"), lambda value: _MEDIA_RANGE.fullmatch(value) is not None)
    ranges = {each.lower() for each in accept}
    if "*/*" in ranges:
        return BlobScope(("*/*",))
    return BlobScope(tuple(sorted(each for each in ranges if not _is_covered(each, ranges))))


def _account(syntax: ScopeSyntax) -> AccountScope:
    values = _values(syntax, "attr", "action")
    attribute = _one(values.get("attr"), _ACCOUNT_ATTRIBUTES.__contains__)
    actions = _all(values.get("action", (READ,)), (READ, MANAGE).__contains__)
    return AccountScope(attribute, (MANAGE,) if MANAGE in actions else (READ,))


def _identity(syntax: ScopeSyntax) -> IdentityScope:
    values = _values(syntax, "attr")
    return IdentityScope(_one(values.get("attr"), (HANDLE, ANY).__contains__))


def _include(syntax: ScopeSyntax) -> IncludeScope:
    values = _values(syntax, "nsid", "aud")
    audience = _one(values["aud"], is_service_reference) if "aud" in values else ""
    return IncludeScope(_one(values.get("nsid"), is_nsid), audience)


_BUILD: Final[dict[str, Callable[[ScopeSyntax], Scope]]] = {
    "repo": build_repo,
    "rpc": build_rpc,
    "blob": _blob,
    "account": _account,
    "identity": _identity,
    "include": _include,
}


def _values(syntax: ScopeSyntax, *names: str) -> dict[str, tuple[str, ...]]:
    """The values by name; the positional one is the first name's."""
    if not syntax.params.keys() <= set(names):
        raise InvalidScope(f"a {syntax.resource} scope has the parameters {', '.join(names)}")
    values = dict(syntax.params)
    if syntax.positional is None:
        return values
    if names[0] in values:
        raise InvalidScope(f"{names[0]} is given twice")
    return {names[0]: (syntax.positional,)} | values


def _all(values: tuple[str, ...] | None, is_good: Callable[[str], bool]) -> tuple[str, ...]:
    if not values or not all(map(is_good, values)):
        raise InvalidScope("a parameter is missing or has a value that it cannot have")
    return values


def _one(values: tuple[str, ...] | None, is_good: Callable[[str], bool]) -> str:
    if len(_all(values, is_good)) != 1:
        raise InvalidScope("a parameter is given twice")
    assert values is not None  # noqa: S101 - `_all` has looked
    return values[0]


def _widest(values: tuple[str, ...]) -> tuple[str, ...]:
    return (ANY,) if ANY in values else tuple(sorted(set(values)))


def _is_covered(media_range: str, ranges: set[str]) -> bool:
    whole = f"{media_range.partition('/')[0]}/*"
    return media_range != whole and whole in ranges


def _written(
    resource: str, first: tuple[str, tuple[str, ...]], *rest: tuple[str, tuple[str, ...]]
) -> str:
    name, values = first
    named = [(key, value) for key, others in rest for value in others]
    if len(values) == 1:
        return scope_syntax.write(resource, values[0], named)
    return scope_syntax.write(resource, None, [(name, value) for value in values] + named)


def _known(words: Iterable[str]) -> Iterable[Scope]:
    for word in words:
        try:
            yield parse(word)
        except InvalidScope:
            continue
