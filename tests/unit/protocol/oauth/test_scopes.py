"""Scopes as values: what is void, what is equal, and how a scope is written."""

import pytest

from protocol.oauth import scopes
from protocol.oauth.scope_syntax import InvalidScope
from protocol.oauth.scopes import MarkerScope, RepoScope

SERVICE = "did:web:example.com#svc"
NORMAL_FORMS = {
    "repo:*?action=delete&action=create&action=update": "repo:*",
    "repo?collection=*&collection=com.example.foo&action=update": "repo:*?action=update",
    "repo?collection=com.example.foo&collection=com.example.bar&action=create": (
        "repo?collection=com.example.bar&collection=com.example.foo&action=create"
    ),
    "rpc?aud=did%3Aweb%3Aexample.com%23svc&lxm=com.example.b&lxm=com.example.a": (
        "rpc?lxm=com.example.a&lxm=com.example.b&aud=did:web:example.com%23svc"
    ),
    "rpc:com.example.a?aud=did:web:example.com#svc": (
        "rpc:com.example.a?aud=did:web:example.com%23svc"
    ),
    "rpc:com.example.a?aud=did:web:localhost%253A2583%23svc": (
        "rpc:com.example.a?aud=did:web:localhost%253A2583%23svc"
    ),
    "blob?accept=image/png&accept=IMAGE/*": "blob:image/*",
    "blob?accept=image/png&accept=*/*": "blob:*/*",
    "blob?accept=image/svg+xml": "blob:image/svg+xml",
    "account?attr=email&action=read": "account:email",
    "account:email?action=read&action=manage": "account:email?action=manage",
    "identity?attr=handle": "identity:handle",
    "include?aud=did:web:example.com%23svc&nsid=com.example.set": (
        "include:com.example.set?aud=did:web:example.com%23svc"
    ),
}
VOID = (
    "",
    "openid",
    "transition:unknown",
    "repo:com.example.foo&collection=com.example.bar",
    "repo:com.example.foo?action=",
    "repo:com.example.foo?action=create&extra=1",
    "rpc:com.example.foo?aud=did:plc:111%23svc",
    "rpc:com.example.foo?aud=did:web:example.com%3A8080%23svc",
    "rpc:com.example.foo?aud=did:web:example.com%23svc%23other",
    "rpc:com.example.foo?aud=*&aud=*",
    "include:com.example.set?aud=*",
    "blob:image/%zz",
    "blob:image/%ff",
    "repo:com.example.foo?%ff=1",
    'repo:"com.example.foo"',
)


@pytest.mark.parametrize(("text", "normal"), NORMAL_FORMS.items())
def test_scopes_that_mean_the_same_are_written_alike(text: str, normal: str) -> None:
    assert str(scopes.parse(text)) == normal
    assert scopes.parse(normal) == scopes.parse(text)


@pytest.mark.parametrize("text", VOID)
def test_what_is_not_understood_is_void(text: str) -> None:
    with pytest.raises(InvalidScope):
        scopes.parse(text)


def test_a_parameter_keeps_what_is_known_once_and_in_order() -> None:
    found = scopes.parse_all(
        "repo:com.example.foo unknown:thing atproto  repo?collection=com.example.foo"
    )
    assert found == (MarkerScope("atproto"), RepoScope(("com.example.foo",)))
    assert scopes.join(found) == "atproto repo:com.example.foo"
