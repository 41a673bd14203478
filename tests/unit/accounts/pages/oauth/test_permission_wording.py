"""Scopes in sentences: what is asked, by name, and no more."""

import pytest
from django.utils import translation

from accounts.pages.oauth import permission_wording
from protocol.oauth import permission_sets

ONE = {"type": "permission", "resource": "repo", "collection": ["com.example.one"]}
SET = permission_sets.read(
    {
        "id": "com.example.authFull",
        "defs": {
            "main": {
                "type": "permission-set",
                "title": "Full access",
                "title:lang": {"de": "Voller Zugriff"},
                "detail": "All of it",
                "permissions": [ONE],
            }
        },
    }
)
TWO = "repo?collection=com.example.one&collection=com.example.two&action=create&action=update"


def described(scope, sets=None):
    (permission,) = permission_wording.described([scope], sets or {})
    return permission


@pytest.mark.parametrize(
    ("scope", "sentence", "names"),
    [
        ("atproto", "Know who you are: your handle and your DID", []),
        ("transition:email", "See your e-mail address", []),
        ("transition:chat.bsky", "Read and send your direct messages", []),
        ("repo:*", "Create, change and delete:", ["everything public in your account"]),
        ("repo:*?action=delete", "Delete:", ["everything public in your account"]),
        ("repo:app.bsky.feed.like?action=create", "Create:", ["likes"]),
        (TWO, "Create and change:", ["com.example.one", "com.example.two"]),
        ("blob:*/*", "Upload:", ["files of any kind"]),
        ("blob?accept=image/*&accept=text/html", "Upload:", ["images", "text/html"]),
        ("account:email", "See your e-mail address", []),
        ("account:repo?action=manage", "Replace all public data of your account", []),
        ("identity:handle", "Change your handle", []),
        ("rpc:com.example.one?aud=*", "Call in your name, at any service:", ["com.example.one"]),
        (
            "rpc:*?aud=did:web:api.example.com%23view",
            "Call in your name, at api.example.com (view):",
            ["everything that it offers"],
        ),
    ],
)
def test_a_scope_is_a_sentence(scope, sentence, names):
    permission = described(scope)
    assert permission.sentence == sentence
    assert [each.meaning or each.text for each in permission.names] == names
    assert permission.scope == scope


@pytest.mark.parametrize(
    ("scope", "is_grave"),
    [
        ("identity:*", True),
        ("identity:handle", True),
        ("account:email?action=manage", True),
        ("account:repo?action=manage", True),
        ("account:email", False),
        ("transition:generic", False),
        ("repo:*", False),
    ],
)
def test_grave_is_what_could_take_the_account_away(scope, is_grave):
    assert described(scope).is_grave is is_grave


def test_the_grave_ones_come_first():
    asked = ["repo:com.example.one", "atproto", "identity:*"]
    shown = [each.scope for each in permission_wording.described(asked, {})]
    assert shown == ["identity:*", "atproto", "repo:com.example.one"]


def test_a_set_is_shown_by_its_title_its_name_and_what_it_stands_for():
    permission = described("include:com.example.authFull", {SET.nsid: SET})
    assert (permission.sentence, permission.detail) == ("Full access", "All of it")
    assert [name.text for name in permission.names] == ["com.example.authFull"]
    (inside,) = permission.inside
    assert [name.text for name in inside.names] == ["com.example.one"]


def test_a_set_speaks_the_readers_language():
    with translation.override("de"):
        permission = described("include:com.example.authFull", {SET.nsid: SET})
    assert permission.sentence == "Voller Zugriff"


def test_a_set_that_nobody_has_read_is_shown_by_its_name():
    permission = described("include:com.example.authFull")
    assert [name.text for name in permission.names] == ["com.example.authFull"]


def test_many_names_are_a_click_away():
    collections = "&".join(f"collection=com.example.c{number}" for number in range(9))
    permission = described(f"repo?{collections}")
    assert (len(permission.first_names), len(permission.more_names)) == (6, 3)


@pytest.mark.parametrize("scope", ["repo:", "nonsense", "rpc:com.example.one"])
def test_what_grants_nothing_is_shown_as_it_is(scope):
    assert described(scope).sentence == scope
