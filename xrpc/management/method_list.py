"""docs/methods.md: what this server answers itself, written from the registry.

`manage.py methods > docs/methods.md` makes it anew; tests/house/test_methods.py holds it to that.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from xrpc import registry
from xrpc.auth.declared import FULL, LEAVING, PRIV, STANDARD, Auth, Kind
from xrpc.registry import Method, Subscription

_HEAD: Final = """\
# Methods

What a host answers itself. Everything else goes to the service that `atproto-proxy` names, or to
the app view of the deployment ([operators/services.md](operators/services.md));
without one it is a 501 that says so. Inputs and outputs are those of the lexicons at
<https://github.com/bluesky-social/atproto/tree/main/lexicons>.

*An app* signed in by OAuth; what it needs is a scope. `transition:generic` does for `repo:`,
`blob:` and `rpc:`, private messages aside.

Made by `manage.py methods > docs/methods.md`; do not edit.
"""
_COLUMNS: Final = "| method | HTTP | who | an app needs | what |\n|---|---|---|---|---|"
_SESSIONS: Final = {
    FULL: "a session of the main password",
    PRIV: "a session, also of a privileged app password",
    STANDARD: "a session",
    LEAVING: "a session of the main password, also when taken down",
}
_WHO: Final = {
    Kind.NONE: "everybody",
    Kind.ACCOUNT_OR_SERVICE: "a session, or a service that the account sent",
    Kind.ACCOUNT_OR_BEARER: "a session, or a service that the account sent",
    Kind.USER_SERVICE: "everybody; a service token proves a DID",
    Kind.REFRESH: "a refresh token",
    Kind.OPTIONAL_OWNER: "everybody; the owner and the admin see more",
    Kind.ADMIN: "the host's admin",
    Kind.MODERATOR: "the host's admin, its moderation service",
}


def render() -> str:
    """The whole document, the methods by namespace."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for namespace, nsids in groupby(registry.registered(), lambda nsid: nsid.rpartition(".")[0]):
        yield f"## {namespace}\n\n{_COLUMNS}"
        yield "\n".join(map(_row, nsids)) + "\n"


def _row(nsid: str) -> str:
    method = registry.find(nsid) or registry.find_subscription(nsid)
    if method is None:
        raise LookupError(nsid)
    what = " ".join(method.lexicon.description.split()).replace("|", "\\|")
    return f"| `{nsid}` | {_verb(method)} | {_who(method)} | {_scope(method)} | {what} |"


def _verb(method: Method | Subscription) -> str:
    return "WebSocket" if isinstance(method, Subscription) else registry.HTTP_VERB[method.kind]


def _scope(method: Method | Subscription) -> str:
    rule = None if isinstance(method, Subscription) else method.scope
    return "" if rule is None else rule.text


def _who(method: Method | Subscription) -> str:
    auth = Auth.none() if isinstance(method, Subscription) else method.auth
    if auth.kind is Kind.ACCOUNT:
        return _SESSIONS.get(auth.scopes, "a session")
    return _WHO[auth.kind]
