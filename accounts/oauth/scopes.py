"""Scopes of requests: which a client may ask for, and what granted ones come to.

What a scope means is protocol.oauth's business; here is what the authorization server does with
them. Permission sets (`include:`) are lexicons, which the package above resolves
(settings.PERMISSION_SETS): from its own store, or from the network.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.oauth.errors import InvalidScope
from hosting.models import Host
from protocol.errors import XrpcError
from protocol.oauth import permission_sets, scope_syntax, scopes
from protocol.oauth.permission_sets import NotAPermissionSet, PermissionSet
from protocol.oauth.scopes import IncludeScope, Scope

ATPROTO: Final = "atproto"
SCOPE_MAX_CHARS: Final = 8_192
EXPANDED_MAX_CHARS: Final = 32_768  # read at every request that a token comes with
SETS_MAX: Final = 20  # of one request; each may be somebody else's server to ask


def asked(host: Host, scope: str, declared: Iterable[str]) -> tuple[str, ...]:
    """The scopes of a request, each once, without those that nobody knows. `declared` is what the
    client's document has. Raises InvalidScope, also for a permission set that cannot be
    resolved."""
    if len(scope) > SCOPE_MAX_CHARS:
        raise InvalidScope("The scope is too long")
    wanted = tuple(dict.fromkeys(scope.split(" ")))
    if "" in wanted and scope:
        raise InvalidScope("Scopes must be separated by single spaces")
    if "openid" in wanted:
        raise InvalidScope("OpenID Connect is not supported")
    if ATPROTO not in wanted:
        raise InvalidScope("The scope must include atproto")
    known = frozenset(declared)
    for each in wanted:
        if each not in known:
            raise InvalidScope(f"Scope is not declared in the client metadata: {each[:200]}")
    meant = tuple(each for each in wanted if _parsed(each) is not None)
    _in_full(host, meant, is_granted=False)
    return meant


def expanded(host: Host, granted: Iterable[str]) -> str:
    """What a token of these granted scopes may do: permission sets in full, the others as they were
    asked for. May ask other servers: never inside a transaction. Raises InvalidScope for a set that
    cannot be resolved and of which no good copy is kept, and for more than a token can carry."""
    return _in_full(host, granted, is_granted=True)


def _in_full(host: Host, texts: Iterable[str], *, is_granted: bool) -> str:
    asked_for = [(text, scope) for text in texts if (scope := _parsed(text)) is not None]
    if sum(isinstance(scope, IncludeScope) for _text, scope in asked_for) > SETS_MAX:
        raise InvalidScope(f"The scope names more than {SETS_MAX} permission sets")
    found = (
        each
        for text, scope in asked_for
        for each in _one_in_full(host, text, scope, is_granted=is_granted)
    )
    text = " ".join(dict.fromkeys(found))
    if len(text) > EXPANDED_MAX_CHARS:
        raise InvalidScope("The permission sets of the scope are too large together")
    return text


def permission_set(host: Host, nsid: str, **how: bool) -> PermissionSet:
    """A permission set by its name; `how` is what the resolver takes: pages, which wait for no
    other server, may not ask. Raises InvalidScope when nobody can say what it is."""
    try:
        return _resolver()(host, nsid, **how)
    except (XrpcError, NotAPermissionSet) as error:
        raise InvalidScope(f"The permission set {nsid} cannot be resolved: {error}") from error


def _one_in_full(host: Host, text: str, scope: Scope, *, is_granted: bool) -> Iterable[str]:
    if isinstance(scope, IncludeScope):
        found = permission_set(host, scope.nsid, is_granted=is_granted)
        return map(str, permission_sets.expand(scope, found))
    return (text,)


def _parsed(text: str) -> Scope | None:
    """A scope's meaning; None for one that has none here."""
    try:
        return scopes.parse(text)
    except scope_syntax.InvalidScope:
        return None


@cache
def _resolver() -> Callable[..., PermissionSet]:
    """`resolve(host, nsid, may_ask=..., is_granted=...)` of the package above; raises XrpcError or
    NotAPermissionSet."""
    if not settings.PERMISSION_SETS:
        return _no_sets
    found: Callable[..., PermissionSet] = import_string(settings.PERMISSION_SETS)
    return found


def _no_sets(_host: Host, nsid: str, **_how: bool) -> PermissionSet:
    raise InvalidScope(f"{nsid} is not known here")
