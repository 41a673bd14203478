"""Permission sets: what an `include:` stands for, and what no set may grant."""

from typing import Any

import pytest

from protocol.oauth import permission_sets, scopes
from protocol.oauth.permission_sets import NotAPermissionSet, PermissionSet, is_under
from protocol.oauth.scopes import IncludeScope

SET = "com.example.calendar.auth"
EVENT, LIST = "com.example.calendar.event", "com.example.calendar.listEvents"
SERVICE = "did:web:example.com#svc"


def published(*permissions: Any, **main: Any) -> PermissionSet:
    main = {"type": "permission-set", "permissions": list(permissions)} | main
    return permission_sets.read({"lexicon": 1, "id": SET, "defs": {"main": main}})


def expanded(*permissions: Any, aud: str = "") -> str:
    return scopes.join(permission_sets.expand(IncludeScope(SET, aud), published(*permissions)))


def repo(*collections: str, **more: Any) -> dict[str, Any]:
    return {"type": "permission", "resource": "repo", "collection": list(collections)} | more


def rpc(*methods: str, **more: Any) -> dict[str, Any]:
    return {"type": "permission", "resource": "rpc", "lxm": list(methods)} | more


def test_records_and_methods_of_the_namespace_are_granted() -> None:
    assert expanded(repo(EVENT, action=["create"]), rpc(LIST, aud="*")) == (
        f"repo:{EVENT}?action=create rpc:{LIST}?aud=*"
    )


def test_the_service_is_inherited_from_the_scope() -> None:
    inheriting = rpc(LIST, inheritAud=True)
    assert expanded(inheriting, aud=SERVICE) == f"rpc:{LIST}?aud=did:web:example.com%23svc"
    assert expanded(inheriting) == ""


@pytest.mark.parametrize(
    "permission",
    [
        repo("com.example.other.thing"),
        repo(EVENT, "com.example.other.thing"),
        repo("*"),
        repo(EVENT, extra=1),
        repo(EVENT, action="create"),
        repo(),
        rpc("*", inheritAud=True),
        rpc(LIST, aud=SERVICE),
        rpc(LIST, aud="*", inheritAud=True),
        rpc(LIST),
        rpc("com.example.other.list", aud="*"),
        {"type": "permission", "resource": "rpc", "lxm": LIST, "aud": "*"},
        {"type": "permission", "resource": "blob", "accept": ["*/*"]},
        {"type": "permission", "resource": "account", "attr": "email"},
        {"type": "permission", "resource": "identity", "attr": "*"},
        {"type": "permission", "resource": "include", "nsid": "com.example.calendar.other"},
        "repo:*",
    ],
    ids=str,
)
def test_what_a_set_may_not_grant_is_left_out_alone(permission: Any) -> None:
    assert expanded(permission, repo(EVENT), aud=SERVICE) == f"repo:{EVENT}"


@pytest.mark.parametrize(
    ("nsid", "is_reached"),
    [
        ("com.example.foo.identifier", True),
        ("com.example.foo.bar.baz", True),
        ("com.example.foo", False),
        ("com.example.foobar.baz", False),
        ("com.example.bar", False),
        ("*", False),
    ],
)
def test_a_set_reaches_its_group_and_below(nsid: str, is_reached: bool) -> None:
    assert is_under(nsid, "com.example.foo.auth") is is_reached


def test_people_read_a_set_in_their_language() -> None:
    found = published(title="Calendar", **{"title:lang": {"de": "Kalender", "fr": 7}})
    assert found.title_in("de-AT") == "Kalender"
    assert found.title_in("fr") == "Calendar"
    assert found.detail_in("de") == ""


@pytest.mark.parametrize("document", [{}, {"defs": []}, {"defs": {"main": {"type": "record"}}}])
def test_another_document_is_no_set(document: dict[str, Any]) -> None:
    with pytest.raises(NotAPermissionSet):
        permission_sets.read(document)
