"""What an app needs for each method: the rule beside it, asked with just enough and with less."""

from types import SimpleNamespace
from typing import Any

import pytest

from protocol.oauth.permissions import ScopeMissing, permissions_of
from xrpc import (
    app_bsky,  # noqa: F401 - importing it declares its methods
    com_atproto,  # noqa: F401 - importing it declares its methods
    registry,
)
from xrpc.auth.app_scopes import NotForApps
from xrpc.request.call import Call, Caller

POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
VIEW = "did:web:view.example.com#bsky_appview"
OTHER = "did:web:other.example.com#bsky_appview"
HERE = "did:web:pds.example.com#atproto_pds"
REPO, SERVER, IDENTITY = "com.atproto.repo.", "com.atproto.server.", "com.atproto.identity."
ACTOR, FEED, NOTIFICATION = "app.bsky.actor.", "app.bsky.feed.", "app.bsky.notification."


@pytest.fixture(autouse=True)
def _app_view(settings):
    settings.APPVIEW_DID, settings.APPVIEW_URL = VIEW.partition("#")[0], "http://127.0.0.1:9"


def allowed(nsid: str, scope: str, **asked: Any) -> bool:
    """Whether an app with `atproto` and this scope gets through to the method."""
    host = SimpleNamespace(service_did="did:web:pds.example.com", appview_did="", appview_url="")
    host.report_did = host.report_url = ""
    meta = {"HTTP_ATPROTO_PROXY": asked["proxy"]} if "proxy" in asked else {}
    body = SimpleNamespace(content_type=asked.get("content_type", ""))
    permissions = permissions_of(f"atproto {scope}")
    caller = Caller("did:plc:a", "oauth", permissions=permissions)
    call = Call(host, asked.get("params", {}), asked.get("input", {}), caller, body, meta=meta)
    try:
        rule = registry.find(nsid).scope
        if rule.fixed is not None:
            rule.fixed(permissions)
        if rule.check is not None:
            rule.check(permissions, call)
    except ScopeMissing:
        return False
    return True


def into(collection: str) -> dict[str, Any]:
    return {"input": {"collection": collection}}


def batch(*writes: tuple[str, str]) -> dict[str, Any]:
    listed = [{"$type": f"{REPO}applyWrites#{kind}", "collection": name} for kind, name in writes]
    return {"input": {"writes": listed}}


@pytest.mark.parametrize(
    ("nsid", "enough", "less", "asked"),
    [
        (f"{REPO}createRecord", f"repo:{POST}?action=create", f"repo:{LIKE}", into(POST)),
        (f"{REPO}createRecord", "repo:*?action=create", "repo:*?action=update", into(POST)),
        (f"{REPO}createRecord", "transition:generic", "transition:email", into(POST)),
        (f"{REPO}putRecord", f"repo:{POST}", f"repo:{POST}?action=create", into(POST)),
        (f"{REPO}putRecord", f"repo:{POST}", f"repo:{POST}?action=update", into(POST)),
        (f"{REPO}deleteRecord", f"repo:{POST}?action=delete", f"repo:{LIKE}", into(POST)),
        (f"{REPO}applyWrites", f"repo:{POST}?action=create repo:{LIKE}?action=delete",
         f"repo:{POST}?action=create", batch(("create", POST), ("delete", LIKE))),
        (f"{REPO}applyWrites", "", "", batch()) ,
        (f"{REPO}uploadBlob", "blob:image/*", "blob:video/*",
         {"content_type": "Image/PNG; charset=utf-8"}),
        (f"{REPO}uploadBlob", "blob:*/*", "blob:image/*", {"content_type": "text/plain"}),
        (f"{REPO}importRepo", "account:repo?action=manage", "account:repo", {}),
        (f"{IDENTITY}updateHandle", "identity:handle", "transition:generic", {}),
        (f"{IDENTITY}signPlcOperation", "identity:*", "identity:handle", {}),
        (f"{IDENTITY}submitPlcOperation", "identity:*", "identity:handle", {}),
        (f"{IDENTITY}requestPlcOperationSignature", "identity:*", "identity:handle", {}),
        (f"{SERVER}confirmEmail", "account:email?action=manage", "transition:email", {}),
        (f"{SERVER}requestEmailConfirmation", "account:email?action=manage", "account:email", {}),
        (f"{SERVER}deactivateAccount", "account:status?action=manage", "account:status", {}),
        (f"{SERVER}getServiceAuth", f"rpc:{FEED}x?aud={VIEW}", f"rpc:{FEED}x?aud={OTHER}",
         {"params": {"aud": VIEW, "lxm": f"{FEED}x"}}),
        (f"{SERVER}getServiceAuth", f"rpc:*?aud={VIEW}", f"rpc:{FEED}x?aud=*",
         {"params": {"aud": VIEW}}),
        (f"{SERVER}getServiceAuth", "transition:chat.bsky", "transition:generic",
         {"params": {"aud": VIEW, "lxm": "chat.bsky.convo.getConvo"}}),
        (f"{SERVER}getServiceAuth", f"rpc:{FEED}x?aud=*", f"rpc:{FEED}x?aud={VIEW}",
         {"params": {"aud": VIEW.partition("#")[0], "lxm": f"{FEED}x"}}),
        (f"{ACTOR}getProfile", f"rpc:{ACTOR}getProfile?aud={VIEW}",
         f"rpc:{ACTOR}getProfile?aud={OTHER}", {}),
        (f"{ACTOR}getProfile", f"rpc:{ACTOR}getProfile?aud={OTHER}",
         f"rpc:{ACTOR}getProfile?aud={VIEW}", {"proxy": OTHER}),
        (f"{FEED}getFeed", f"rpc:*?aud={VIEW}", f"rpc:{FEED}getFeed?aud=*", {}),
        (f"{ACTOR}putPreferences", f"rpc:{ACTOR}putPreferences?aud=*", f"repo:{POST}", {}),
        (f"{NOTIFICATION}registerPush", "rpc:*?aud=did:web:push.example#bsky_notif",
         "rpc:*?aud=did:web:push.example#bsky_appview",
         {"input": {"serviceDid": "did:web:push.example"}}),
        (f"{NOTIFICATION}registerPush", f"rpc:*?aud={VIEW}", f"rpc:*?aud={OTHER}",
         {"input": {"serviceDid": VIEW.partition("#")[0]}}),
        ("com.atproto.moderation.createReport",
         "rpc:com.atproto.moderation.createReport?aud=*", f"rpc:{ACTOR}getProfile?aud=*", {}),
    ],
)  # fmt: skip
def test_a_method_opens_to_the_scope_that_it_needs(nsid, enough, less, asked):
    assert allowed(nsid, enough, **asked)
    if less:
        assert not allowed(nsid, less, **asked)


@pytest.mark.parametrize("name", ["getSession", "checkAccountStatus"])
def test_every_app_may_ask_whose_account_it_is(name):
    assert allowed(f"{SERVER}{name}", "")


@pytest.mark.parametrize(
    "name",
    [
        "activateAccount", "createAppPassword", "listAppPasswords", "revokeAppPassword",
        "requestAccountDelete", "getAccountInviteCodes", "requestEmailUpdate", "updateEmail",
    ],
)  # fmt: skip
def test_some_methods_open_to_no_app(name):
    broad = "transition:generic account:email?action=manage account:status?action=manage identity:*"
    with pytest.raises(NotForApps):
        allowed(f"{SERVER}{name}", broad)


def test_no_app_mints_tokens_that_open_a_host():
    params = {"aud": VIEW, "lxm": "com.atproto.admin.getAccountInfo"}
    with pytest.raises(NotForApps):
        allowed(f"{SERVER}getServiceAuth", f"rpc:*?aud={VIEW}", params=params)


def test_preferences_without_an_app_view_are_this_hosts_own(settings):
    settings.APPVIEW_DID = settings.APPVIEW_URL = ""
    assert allowed(f"{ACTOR}getPreferences", f"rpc:*?aud={HERE}")
    assert not allowed(f"{ACTOR}getPreferences", f"rpc:*?aud={VIEW}")
