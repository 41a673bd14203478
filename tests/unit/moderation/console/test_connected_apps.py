"""The console's decisions about apps: seen, trusted, blocked, revoked for one account."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OAuthClientRule, OAuthConsent, OAuthSession
from moderation.models import AuditEntry
from server.encryption import digests

pytestmark = pytest.mark.django_db
HOME = "/console/apps/"
APP = "https://app.example.com/client.json"


def console(user, host="localhost") -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


def sign_in(account, client_id=APP, scope="atproto transition:generic") -> OAuthSession:
    later = timezone.now() + timedelta(days=1)
    return OAuthSession.objects.create(
        account=account, client_id=client_id, dpop_jkt="jkt", granted_scope=scope, scope=scope,
        refreshed_at=timezone.now(), code_sha256=digests.sha256(f"{client_id}{account.pk}"),
        refresh_until=later, ends_at=later,
    )  # fmt: skip


def decide(user, verb, client_id=APP, reason="asked to", host="localhost"):
    given = {"client_id": client_id, "reason": reason}
    return console(user, host).post(f"{HOME}{verb}/", given)


def stance_of(client_id=APP) -> str:
    rules = OAuthClientRule.objects.filter(client_id=client_id)
    return rules.values_list("stance", flat=True).first() or ""


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


def test_apps_in_use_are_listed(account, moderator):
    sign_in(account)
    page = console(moderator).get(HOME).content.decode()
    assert "app.example.com" in page
    assert APP in page


def test_another_tenants_apps_are_not_listed(account, birch, staff_of):
    sign_in(account)
    page = console(staff_of(birch, "owner"), "birch.localhost").get(HOME).content.decode()
    assert APP not in page


def test_a_blocked_app_has_no_sessions_left(account, moderator):
    sign_in(account)
    other = sign_in(account, "https://other.example.com/client.json")
    assert decide(moderator, "block").status_code == 302
    assert list(OAuthSession.objects.all()) == [other]
    assert stance_of() == "blocked"
    assert AuditEntry.objects.get(action="app.block").reason == f"{APP}: asked to"


def test_a_block_is_one_tenants(account, birch, staff_of):
    session = sign_in(account)
    decide(staff_of(birch, "owner"), "block", host="birch.localhost")
    assert OAuthSession.objects.get() == session
    assert OAuthClientRule.objects.get().tenant == birch.tenant


def test_a_rule_without_sessions_is_listed_and_can_be_ended(owner):
    decide(owner, "trust")
    assert stance_of() == "trusted"
    assert "app.example.com" in console(owner).get(HOME).content.decode()
    decide(owner, "reset")
    assert not stance_of()


@pytest.mark.parametrize(
    ("role", "verb"),
    [("moderator", "trust"), ("moderator", "reset"), ("support", "block"), ("auditor", "block")],
)
def test_other_roles_decide_nothing_about_apps(ash, staff_of, role, verb):
    decide(staff_of(ash, role), verb)
    assert not stance_of()
    assert not AuditEntry.objects.filter(action__startswith="app.").exists()


@pytest.mark.parametrize(
    ("client_id", "reason"), [("", "because"), ("javascript:alert(1)", "because"), (APP, " ")]
)
def test_a_decision_needs_an_app_and_a_reason(moderator, client_id, reason):
    decide(moderator, "block", client_id, reason)
    assert not OAuthClientRule.objects.exists()


def test_a_development_client_is_never_trusted(owner):
    decide(owner, "trust", "http://localhost?scope=atproto")
    assert not OAuthClientRule.objects.exists()


def revoke(user, account, client_id=APP, host="localhost"):
    given = {"client_id": client_id, "reason": "lost phone"}
    return console(user, host).post(f"/console/accounts/{account.did}/apps/revoke/", given)


def test_an_account_page_shows_what_was_granted(account, moderator):
    sign_in(account, scope="atproto repo:app.bsky.feed.post")
    page = console(moderator).get(f"/console/accounts/{account.did}/").content.decode()
    assert APP in page
    assert "app.bsky.feed.post" in page


def test_support_revokes_an_apps_access(account, ash, staff_of):
    sign_in(account)
    OAuthConsent.objects.create(account=account, client_id=APP, granted=["atproto"])
    assert revoke(staff_of(ash, "support"), account).status_code == 302
    assert not OAuthSession.objects.exists()
    assert not OAuthConsent.objects.exists()  # it has to ask again
    assert AuditEntry.objects.get().subject_did == account.did


def test_what_is_not_signed_in_leaves_no_entry(account, moderator):
    revoke(moderator, account)
    assert not AuditEntry.objects.exists()


def test_auditors_revoke_nothing(account, ash, staff_of):
    session = sign_in(account)
    revoke(staff_of(ash, "auditor"), account)
    assert OAuthSession.objects.get() == session


def test_another_tenants_staff_revokes_nothing(account, birch, staff_of):
    session = sign_in(account)
    answer = revoke(staff_of(birch, "owner"), account, host="birch.localhost")
    assert answer.status_code == 404
    assert OAuthSession.objects.get() == session
