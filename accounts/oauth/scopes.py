"""Scopes of requests: which a client may ask for, and what granted ones come to.

What a scope means is the parser's business; here is what the authorization server does with them.
"""

from collections.abc import Iterable

from accounts.oauth.errors import InvalidScope

ATPROTO = "atproto"
SCOPE_MAX_CHARS = 16_384


def asked(scope: str, declared: Iterable[str]) -> tuple[str, ...]:
    """The scopes of a request, each once, those dropped that nobody knows. `declared` is what the
    client's document has. Raises InvalidScope."""
    wanted = tuple(dict.fromkeys(scope.split()))
    if ATPROTO not in wanted:
        raise InvalidScope("The scope must include atproto")
    if "openid" in wanted:
        raise InvalidScope("OpenID Connect is not supported")
    for each in wanted:
        if each not in declared:
            raise InvalidScope(f"Scope is not declared in the client metadata: {each}")
    return wanted


def expanded(granted: Iterable[str]) -> str:
    """What a token of these scopes may do: permission sets (`include:`) in full. May ask other
    servers: never inside a transaction. Raises InvalidScope for a set that cannot be resolved and
    of which no good copy is kept."""
    return " ".join(granted)
