"""Scope rules: what an app that signed in by OAuth needs to call a method, declared beside it.

Source: atproto.com/specs/permission and what clients meet elsewhere for each method. A rule sees
the whole call, since what is written, uploaded or asked for decides. Sessions of passwords have
kinds instead (xrpc.auth.declared.Auth); no rule is asked about them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from protocol.errors import XrpcError
from protocol.oauth import scopes
from protocol.oauth.permissions import Permissions
from protocol.oauth.scopes import AccountScope, IdentityScope
from server.net import media_types
from xrpc.request.call import Call

_APPLY_WRITES: Final = "com.atproto.repo.applyWrites#"


class NotForApps(XrpcError):
    """403: a method that no scope opens, such as those about passwords."""

    name = "Forbidden"
    status = 403
    message = "OAuth credentials are not supported for this endpoint"


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """What an app needs: as a line of the documents, and as a check of the permissions that it has,
    which raises ScopeMissing or NotForApps. `check` sees the call; `fixed` is asked before anything
    of the input is read, so that who may not call is told that first."""

    text: str
    check: Callable[[Permissions, Call], None] | None = None
    fixed: Callable[[Permissions], None] | None = None


def account(attribute: str, action: str) -> ScopeRule:
    """A permission about the account itself."""

    def fixed(permissions: Permissions) -> None:
        permissions.require_account(attribute, action)

    return ScopeRule(f"`{AccountScope(attribute, (action,))}`", fixed=fixed)


def identity(attribute: str) -> ScopeRule:
    """A permission about the handle, or about the whole DID document."""

    def fixed(permissions: Permissions) -> None:
        permissions.require_identity(attribute)

    return ScopeRule(f"`{IdentityScope(attribute)}`", fixed=fixed)


def write(*actions: str) -> ScopeRule:
    """A permission to do all of this to records of the collection in the input."""

    def check(permissions: Permissions, call: Call) -> None:
        for action in actions:
            permissions.require_write(call.input["collection"], action)

    return ScopeRule(f"`repo:` with {' and '.join(actions)}", check)


def _check_each_write(permissions: Permissions, call: Call) -> None:
    for wanted in call.input["writes"]:
        action = wanted["$type"].removeprefix(_APPLY_WRITES)
        permissions.require_write(wanted["collection"], action)


def _check_upload(permissions: Permissions, call: Call) -> None:
    permissions.require_upload(media_types.plain(call.body.content_type))


def _refuse(_permissions: Permissions) -> None:
    raise NotForApps


ANY: Final = ScopeRule("any")
NONE: Final = ScopeRule("no app", fixed=_refuse)
EACH_WRITE: Final = ScopeRule("`repo:` of each write", _check_each_write)
UPLOAD: Final = ScopeRule("`blob:` of the media type", _check_upload)
MANAGE_EMAIL: Final = account(scopes.EMAIL, scopes.MANAGE)
MANAGE_REPO: Final = account(scopes.REPO, scopes.MANAGE)
MANAGE_STATUS: Final = account(scopes.STATUS, scopes.MANAGE)
CHANGE_HANDLE: Final = identity(scopes.HANDLE)
CHANGE_IDENTITY: Final = identity(scopes.ANY)
