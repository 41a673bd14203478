"""Permission sets: the lexicon documents that `include:` scopes name, and what they may grant.

Source: atproto.com/specs/permission, "Permission Sets". A set speaks for its own namespace alone:
of records and methods in its group or below, never of `*`, of a service that it names itself, of
files, the account or the identity. A permission that breaks a rule is left out, the others stay.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.oauth.scope_syntax import InvalidScope, ScopeSyntax
from protocol.oauth.scopes import ANY, IncludeScope, RepoScope, RpcScope, build_repo, build_rpc

TYPE: Final = "permission-set"
PERMISSIONS_MAX: Final = 200  # in one set; what follows is left out
_LISTS: Final = {"repo": ("collection", "action"), "rpc": ("lxm",)}
_KEYWORDS: Final = ("type", "resource")


class NotAPermissionSet(ValueError):
    """The document exists and is something else."""


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A set as published: its NSID, what people read of it, its permissions as they stand."""

    nsid: str
    title: str
    detail: str
    titles: Mapping[str, str]  # by language
    details: Mapping[str, str]
    permissions: tuple[Mapping[str, Any], ...]

    def title_in(self, language: str) -> str:
        """The title in a language (`de`, `de-AT`), or in the author's own."""
        return _in_language(self.titles, language) or self.title

    def detail_in(self, language: str) -> str:
        """The explanation in a language, or in the author's own."""
        return _in_language(self.details, language) or self.detail


def read(document: Mapping[str, Any]) -> PermissionSet:
    """The set of a lexicon document. Raises NotAPermissionSet."""
    defs = document.get("defs")
    main = defs.get("main") if isinstance(defs, Mapping) else None
    if not isinstance(main, Mapping) or main.get("type") != TYPE:
        raise NotAPermissionSet(f"{document.get('id')} is not a permission set")
    permissions = main.get("permissions")
    listed = permissions if isinstance(permissions, list) else []
    return PermissionSet(
        str(document.get("id", "")),
        _text(main.get("title")),
        _text(main.get("detail")),
        _texts(main.get("title:lang")),
        _texts(main.get("detail:lang")),
        tuple(each for each in listed[:PERMISSIONS_MAX] if isinstance(each, Mapping)),
    )


def expand(include: IncludeScope, found: PermissionSet) -> tuple[RepoScope | RpcScope, ...]:
    """The scopes that an `include:` of this set stands for."""
    return tuple(_granted(include, found.permissions))


def is_under(nsid: str, set_nsid: str) -> bool:
    """Whether a name is in the group of a set or below: `app.ex.full` reaches `app.ex.*`."""
    group = set_nsid.rpartition(".")[0]
    return bool(group) and nsid.startswith(f"{group}.") and len(nsid) > len(group) + 1


def _granted(
    include: IncludeScope, permissions: Iterable[Mapping[str, Any]]
) -> Iterator[RepoScope | RpcScope]:
    for permission in permissions:
        try:
            scope = _scope_of(include, permission)
        except InvalidScope:
            continue
        names = scope.collections if isinstance(scope, RepoScope) else scope.methods
        if all(is_under(name, include.nsid) for name in names):
            yield scope


def _scope_of(include: IncludeScope, permission: Mapping[str, Any]) -> RepoScope | RpcScope:
    resource = permission.get("resource")
    fields = {key: value for key, value in permission.items() if key not in _KEYWORDS}
    if resource == "repo":
        return build_repo(_syntax("repo", fields))
    if resource == "rpc":
        return build_rpc(_syntax("rpc", _with_audience(include, fields)))
    raise InvalidScope("a set grants records and methods alone")


def _with_audience(include: IncludeScope, fields: dict[str, Any]) -> dict[str, Any]:
    """The permission's fields with the audience that it inherits. Raises InvalidScope."""
    if fields.get("aud", ANY) != ANY:
        raise InvalidScope("a set does not choose the service")
    if fields.get("inheritAud") is True and "aud" not in fields and include.audience:
        rest = {key: value for key, value in fields.items() if key != "inheritAud"}
        return rest | {"aud": include.audience}
    return fields


def _syntax(resource: str, fields: Mapping[str, Any]) -> ScopeSyntax:
    """The fields in the shape of a scope's parameters. Raises InvalidScope."""
    params: dict[str, tuple[str, ...]] = {}
    for name, value in fields.items():
        values = value if name in _LISTS[resource] else [value]
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise InvalidScope(f"{name} has a value that it cannot have")
        params[name] = tuple(values)
    return ScopeSyntax(resource, None, params)


def _in_language(texts: Mapping[str, str], language: str) -> str:
    exact = texts.get(language)
    return exact or texts.get(language.partition("-")[0], "")


def _text(value: object) -> str:
    return value[:1_000] if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {
        str(language): _text(text) for language, text in list(value.items())[:100] if _text(text)
    }
