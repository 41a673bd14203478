"""The intersection of scopes: what two grants allow both, as scopes again.

An app that acts for somebody who may do less than the account's owner gets what it asked for and
they may do. Source: docs/decisions/0049. Where the common part of two scopes cannot be written as
one, nothing is granted rather than more than either side meant.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from protocol.oauth import scopes
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

_CHAT: Final = "chat.bsky."  # of private messages, which `transition:generic` leaves out
_CHAT_SERVICE: Final = "#bsky_chat"
_GENERIC: Final = MarkerScope(scopes.TRANSITION_GENERIC)
_PRIVATE: Final = MarkerScope(scopes.TRANSITION_CHAT)
_EMAIL: Final = MarkerScope(scopes.TRANSITION_EMAIL)
_READ_EMAIL: Final = AccountScope(scopes.EMAIL)


def intersection(some: Iterable[Scope], others: Iterable[Scope]) -> tuple[Scope, ...]:
    """What both allow, each once, in the order of their normal forms. Permission sets
    (`include:`) are expanded before: by themselves they have nothing in common with anything."""
    pairs = product(_whole(some), _whole(others))
    found = {each for one, other in pairs for each in _of_two(one, other)}
    return tuple(sorted(found, key=str))


def _whole(given: Iterable[Scope]) -> list[Scope | None]:
    """With None for the two markers together, which leave out no method of any service."""
    known: list[Scope | None] = list(dict.fromkeys(given))
    return [*known, None] if _GENERIC in known and _PRIVATE in known else known


def _of_two(one: Scope | None, other: Scope | None) -> Iterator[Scope]:
    if isinstance(one, RpcScope) and other is None:
        yield one
    elif isinstance(other, RpcScope) and one is None:
        yield other
    elif one is None or other is None:
        return
    elif one == other:
        yield from () if isinstance(one, scopes.IncludeScope) else (one,)
    elif isinstance(one, MarkerScope):
        yield from _of_marker(one, other)
    elif isinstance(other, MarkerScope):
        yield from _of_marker(other, one)
    else:
        yield from _of_resources(one, other)


def _of_marker(marker: MarkerScope, other: Scope) -> Iterator[Scope]:
    if marker == _GENERIC and isinstance(other, RepoScope | BlobScope):
        yield other
    elif marker in (_GENERIC, _PRIVATE) and isinstance(other, RpcScope):
        yield from _part_of(other, is_chat=marker == _PRIVATE)
    elif marker == _EMAIL and isinstance(other, AccountScope) and other.attribute == scopes.EMAIL:
        yield _READ_EMAIL


def _part_of(other: RpcScope, *, is_chat: bool) -> Iterator[Scope]:
    """The methods about private messages, or all but these. All methods of a service are those of
    the one kind or of the other, by what the service is."""
    if ANY in other.methods:
        if other.audience.endswith(_CHAT_SERVICE) == is_chat:
            yield other
        return
    methods = tuple(e for e in other.methods if e.lower().startswith(_CHAT) == is_chat)
    if methods:
        yield RpcScope(methods, other.audience)


def _of_resources(one: Scope, other: Scope) -> Iterator[Scope]:
    match one, other:
        case RepoScope(), RepoScope():
            collections = _both(one.collections, other.collections)
            actions = tuple(each for each in one.actions if each in other.actions)
            if collections and actions:
                yield RepoScope(collections, actions)
        case RpcScope(), RpcScope():
            methods = _both(one.methods, other.methods)
            audiences = _both((one.audience,), (other.audience,))
            if methods and audiences:
                yield RpcScope(methods, audiences[0])
        case BlobScope(), BlobScope():
            yield from _of_files(one, other)
        case AccountScope(), AccountScope() if one.attribute == other.attribute:
            yield AccountScope(one.attribute)  # the other one manages, too
        case IdentityScope(), IdentityScope():
            yield from (IdentityScope(each) for each in _both((one.attribute,), (other.attribute,)))


def _of_files(one: BlobScope, other: BlobScope) -> Iterator[Scope]:
    narrow = {each for each in one.accept if _is_covered(each, other)}
    narrow |= {each for each in other.accept if _is_covered(each, one)}
    if narrow:
        yield BlobScope(tuple(sorted(narrow)))


def _is_covered(media_range: str, by: BlobScope) -> bool:
    return any(e in ("*/*", media_range, f"{media_range.partition('/')[0]}/*") for e in by.accept)


def _both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The names in both; `*` is all of them."""
    if ANY in some:
        return others
    return some if ANY in others else tuple(each for each in some if each in others)
