"""Declarations that contradict the lexicons do not import."""

from typing import get_args

import pytest
from django.urls import reverse

from server.web.threads.named_pools import THREADS
from xrpc import com_atproto, registry
from xrpc.auth import app_scopes
from xrpc.auth.declared import Auth
from xrpc.registry import RegistryError, find, pool_of, procedure, query, subscription

FREE = "app.bsky.actor.getProfile"  # a query that we do not declare


@pytest.fixture
def _empty(monkeypatch):
    """A table of this test's own."""
    monkeypatch.setattr(registry, "METHODS", {})
    monkeypatch.setattr(registry, "SUBSCRIPTIONS", {})


@pytest.mark.usefixtures("_empty")
def test_a_declared_method_is_found():
    query(FREE, auth=Auth.none(), pool="slow")(lambda _call: None)
    assert (find(FREE).kind, find(FREE).pool) == ("query", "slow")


@pytest.mark.usefixtures("_empty")
def test_a_name_without_a_lexicon_is_refused():
    with pytest.raises(RegistryError, match="no lexicon"):
        query("com.example.nothing.here", auth=Auth.none())(lambda _call: None)


@pytest.mark.usefixtures("_empty")
def test_a_record_type_is_no_method():
    with pytest.raises(RegistryError, match="no lexicon has this method"):
        query("app.bsky.feed.post", auth=Auth.none())(lambda _call: None)


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize("declare", [procedure(FREE, auth=Auth.none()), subscription(FREE)])
def test_another_kind_than_the_lexicons_is_refused(declare):
    with pytest.raises(RegistryError, match="is a query"):
        declare(lambda _call: None)


@pytest.mark.usefixtures("_empty")
def test_a_second_declaration_is_refused():
    query(FREE, auth=Auth.none())(lambda _call: None)
    with pytest.raises(RegistryError, match="declared twice"):
        query(FREE, auth=Auth.none())(lambda _call: None)


@pytest.mark.usefixtures("_empty")
def test_a_declaration_without_auth_is_refused():
    with pytest.raises(TypeError):
        query(FREE)
    with pytest.raises(RegistryError, match="auth"):
        query(FREE, auth=None)(lambda _call: None)


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize(
    ("auth", "scope"),
    [
        (Auth.account(), None),
        (Auth.account_or_bearer(), None),
        (Auth.optional_owner(), None),
        (Auth.none(), app_scopes.ANY),
        (Auth.user_service(), app_scopes.ANY),
    ],
)
def test_what_an_app_needs_is_said_where_accounts_call_and_nowhere_else(auth, scope):
    with pytest.raises(RegistryError, match="scope"):
        query(FREE, auth=auth, scope=scope)(lambda _call: None)


@pytest.mark.parametrize(
    ("path", "method", "pool"),
    [
        ("/xrpc/com.atproto.server.createAccount", "POST", "remote"),
        ("/xrpc/com.atproto.server.createSession", "POST", "slow"),
        ("/xrpc/com.atproto.identity.resolveDid", "GET", "lookup"),
        ("/xrpc/com.atproto.lexicon.resolveLexicon", "GET", "lookup"),
        ("/xrpc/com.atproto.repo.uploadBlob", "POST", "transfer"),
        ("/xrpc/com.atproto.sync.getBlob", "GET", "transfer"),
        ("/xrpc/com.atproto.sync.getRepo", "GET", "export"),
        ("/xrpc/com.atproto.sync.getCheckout", "GET", "export"),
        ("/xrpc/com.atproto.repo.createRecord", "POST", "write"),
        ("/xrpc/com.atproto.repo.getRecord", "GET", "fast"),
        ("/xrpc/_health", "GET", "fast"),
        ("/account/sign-in", "POST", "slow"),
        ("/", "GET", "fast"),
        ("/static/grove.css", "GET", "static"),
        ("/console/login/", "POST", "moderation"),
        ("/console/", "GET", "moderation"),
        ("/xrpc/com.atproto.admin.searchAccounts", "GET", "moderation"),
        ("/xrpc/com.atproto.server.createInviteCode", "POST", "moderation"),
        ("/xrpc/com.atproto.identity.refreshIdentity", "POST", "lookup"),
        ("/xrpc/com.atproto.identity.updateHandle", "POST", "lookup"),
        ("/xrpc/com.atproto.server.checkAccountStatus", "GET", "lookup"),
        ("/account/sign-up", "GET", "fast"),
        ("/account/sign-up", "POST", "remote"),
        ("/account/identity", "GET", "remote"),
        ("/account/u/alice.test/identity/confirm", "POST", "remote"),
        ("/account/u/alice.test/move-out", "GET", "remote"),
        ("/account/activate", "POST", "remote"),
        ("/account/u/identity/apps", "GET", "fast"),
    ],
)
def test_what_waits_on_others_does_not_hold_up_reads(path, method, pool):
    assert pool_of(path, method) == pool


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize(
    ("auth", "pool"), [(Auth.moderator(), "remote"), (Auth.none(), "moderation")]
)
def test_staff_have_a_lane_that_nobody_else_has(auth, pool):
    with pytest.raises(RegistryError, match="moderation"):
        query(FREE, auth=auth, pool=pool)(lambda _call: None)


def test_every_lane_has_threads():
    assert set(THREADS) - set(get_args(registry.Pool)) == {"large_write"}  # the bridge's own choice


def test_the_sign_up_page_is_where_the_lanes_think():
    assert {reverse("accounts:sign_up"), reverse("accounts:gate")} == registry.ASK_OTHERS
    for name in ("accounts:did", "accounts:activate", "accounts:move_out"):
        assert reverse(name).removeprefix("/account/") in registry.ACCOUNT_PAGES_ASK_OTHERS


@pytest.mark.parametrize("name", ["change_handle", "own_domain"])
def test_forms_that_ask_the_network_wait_in_a_pool_of_their_own(name):
    for who in ({}, {"who": "alice.test"}):
        assert registry.pool_of(reverse(f"accounts:{name}", kwargs=who), "POST") == "remote"


def test_importing_the_namespace_declares_its_methods():
    assert find("com.atproto.server.getSession").run is com_atproto.server.sessions.get_session


def test_a_body_limit_may_be_the_hosts():
    upload = find("com.atproto.repo.uploadBlob")
    record = find("com.atproto.repo.createRecord")
    host = type("Host", (), {"blob_limit_bytes": 5})()
    assert upload.body_limit_bytes(host) == 5
    assert record.body_limit_bytes(host) == 1_000_000


def test_pages_that_ask_hosts_of_others_keep_no_thread_of_our_own_people():
    forms = ("move_in", "move_in_with_password", "move_in_with_key", "move_code", "move_confirm")
    assert {registry.pool_of(reverse(f"data:{name}"), "POST") for name in forms} == {"lookup"}
    named = reverse("data:move_code", kwargs={"who": "alice.test"})
    assert registry.pool_of(named, "POST") == "lookup"
    assert registry.pool_of(reverse("data:repo_car"), "GET") == "export"
    assert registry.pool_of(reverse("data:archive"), "GET") == "transfer"
