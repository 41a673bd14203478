"""Permissions: what granted scopes allow, and what a refusal names as missing."""

import pytest

from protocol.oauth.permissions import Permissions, ScopeMissing, permissions_of

POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
TIMELINE, CONVERSATION = "app.bsky.feed.getTimeline", "chat.bsky.convo.getConvo"
VIEW, OTHER = "did:web:view.example#bsky_appview", "did:web:other.example#bsky_appview"


def granted(*scopes: str) -> Permissions:
    return permissions_of(" ".join(("atproto", *scopes)))


def test_the_marker_alone_allows_nothing() -> None:
    nobody = granted()
    assert not nobody.may_write(POST, "create")
    assert not nobody.may_call(TIMELINE, VIEW)
    assert not nobody.may_upload("image/png")
    assert not nobody.may_account("email", "read")
    assert not nobody.may_identity("handle")


def test_records_are_written_by_collection_and_action() -> None:
    some = granted(f"repo:{POST}?action=create", "repo:*?action=delete")
    assert some.may_write(POST, "create")
    assert some.may_write(LIKE, "delete")
    assert not some.may_write(POST, "update")
    assert not some.may_write(LIKE, "create")


def test_methods_are_called_by_name_and_service() -> None:
    some = granted(f"rpc:{TIMELINE}?aud={VIEW}", f"rpc:{CONVERSATION}?aud=*", f"rpc:*?aud={OTHER}")
    assert some.may_call(TIMELINE, VIEW)
    assert some.may_call(CONVERSATION, VIEW)
    assert some.may_call("com.example.any", OTHER)
    assert some.may_call("*", OTHER)
    assert not some.may_call("com.example.any", VIEW)
    assert not some.may_call("*", VIEW)


def test_files_are_uploaded_by_media_type() -> None:
    some = granted("blob:image/*", "blob:video/mp4")
    assert some.may_upload("image/png")
    assert some.may_upload("Image/PNG")
    assert some.may_upload("video/mp4")
    assert not some.may_upload("video/webm")
    assert not some.may_upload("image/*")
    assert not some.may_upload("image")


def test_managing_an_attribute_includes_reading_it() -> None:
    some = granted("account:email?action=manage", "account:repo")
    assert some.may_account("email", "read")
    assert some.may_account("email", "manage")
    assert not some.may_account("repo", "manage")
    assert not some.may_account("status", "read")


def test_the_whole_identity_includes_the_handle() -> None:
    assert granted("identity:*").may_identity("handle")
    assert granted("identity:*").may_identity("*")
    assert not granted("identity:handle").may_identity("*")


def test_the_generic_transition_is_an_app_password_without_messages() -> None:
    some = granted("transition:generic")
    assert some.may_write(POST, "delete")
    assert some.may_upload("image/png")
    assert some.may_call(TIMELINE, VIEW)
    assert some.may_call("*", VIEW)
    assert not some.may_call(CONVERSATION, VIEW)
    assert not some.may_call(CONVERSATION.upper(), VIEW)
    assert not some.may_account("email", "read")
    assert not some.may_identity("handle")


def test_the_other_transitions_allow_one_thing_each() -> None:
    assert granted("transition:chat.bsky").may_call(CONVERSATION, VIEW)
    assert not granted("transition:chat.bsky").may_call(TIMELINE, VIEW)
    assert granted("transition:email").may_account("email", "read")
    assert not granted("transition:email").may_account("email", "manage")


def test_a_set_that_was_not_expanded_allows_nothing() -> None:
    assert not granted("include:app.bsky.authFull").may_write(POST, "create")


def test_a_refusal_names_the_narrowest_scope_that_would_do() -> None:
    nobody = granted()
    for refused, scope in (
        (lambda: nobody.require_write(POST, "create"), f"repo:{POST}?action=create"),
        (
            lambda: nobody.require_call(TIMELINE, VIEW),
            f"rpc:{TIMELINE}?aud={VIEW}".replace("#", "%23"),
        ),
        (lambda: nobody.require_upload("image/png"), "blob:image/png"),
        (lambda: nobody.require_account("email", "manage"), "account:email?action=manage"),
        (lambda: nobody.require_identity("handle"), "identity:handle"),
    ):
        with pytest.raises(ScopeMissing, match="Missing required scope") as refusal:
            refused()
        assert refusal.value.scope == scope
        assert (refusal.value.status, refusal.value.name) == (403, "ScopeMissingError")
