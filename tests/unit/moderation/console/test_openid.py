"""OpenID Connect on the console: staff who sign in by it, and the page that sets it."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OpenIdIdentity, OpenIdProvider
from accounts.oauth.openid import identities
from accounts.oauth.openid.people import Person
from hosting.models import Member, StaffUser, Tenant
from moderation.models import AuditEntry
from server.encryption import keyring
from server.net import http_client
from tests import openid_provider
from tests.factories import account_row, staff_member
from tests.openid_provider import ISSUER, SECRET, Provider

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = {"pds-admins": "owner", "pds-support": "support"}
SETTINGS = "/console/sign-in/"
FORM = {
    "name": "Corp",
    "issuer": ISSUER,
    "client_id": "grove",
    "client_auth": "client_secret_basic",
    "scope": "openid profile",
    "handle_claim": "preferred_username",
    "move_out_days": "60",
    "roles_text": "pds-admins = owner",
    "secret": SECRET,
    "reason": "we have one",
}


@pytest.fixture
def there(monkeypatch) -> Provider:
    provider = Provider(
        claims={"sub": "s1", "preferred_username": "olga", "groups": ["pds-admins"]}
    )
    monkeypatch.setattr(http_client, "request", provider.request)
    return provider


@pytest.fixture
def corp(ash, there):
    staff = {"is_for_staff": True, "role_claim": "groups", "roles": ROLES}
    return openid_provider.of_tenant(ash.tenant, **staff)


def browser_at(host="localhost") -> Client:
    return Client(headers={"host": host})


def signed_in(corp, there, browser=None):
    """A browser in which somebody came back from the provider."""
    browser = browser or browser_at()
    left = browser.get(f"/console/openid/{corp.pk}/")
    back = browser.get(f"/account/sign-in/openid/back/{corp.pk}", there.sent_to(left["Location"]))
    browser.get(back["Location"])
    return browser


@pytest.fixture
def owner(ash):
    browser = browser_at()
    browser.force_login(staff_member(ash, "owner"))
    return browser


def test_the_sign_in_page_of_the_tenant_alone_has_the_button(corp, birch):
    assert b"Sign in with Corp" in browser_at().get("/console/login/").content
    assert b"Sign in with Corp" not in browser_at("birch.localhost").get("/console/login/").content


def test_staff_sign_in_with_the_role_that_their_claim_comes_to(corp, there, ash):
    assert signed_in(corp, there).get("/console/").status_code == 200
    user = StaffUser.objects.get(openid_identity__subject="s1")
    assert user.roles_at(ash.tenant_id) == {"owner"}
    assert not user.has_usable_password()


def test_a_role_is_looked_at_anew_each_time(corp, there, ash):
    staff_member(ash, "owner")
    signed_in(corp, there)
    there.claims["groups"] = ["pds-support"]
    signed_in(corp, there)
    assert roles_of_olga() == ["support"]
    assert roles_on_record() == ["staff.join", "staff.change_role"]


def test_who_has_no_role_any_more_is_no_member(corp, there, ash):
    staff_member(ash, "owner")
    browser = signed_in(corp, there)
    there.claims["groups"] = ["others"]
    signed_in(corp, there)
    assert roles_of_olga() == []
    assert roles_on_record() == ["staff.join", "staff.remove"]
    assert browser.get("/console/").status_code == 302


def test_the_last_owner_stays_one(corp, there):
    signed_in(corp, there)
    there.claims["groups"] = ["pds-support"]
    signed_in(corp, there)
    assert roles_of_olga() == ["owner"]


def test_the_last_owner_without_a_role_in_the_claim_is_let_in_no_more(corp, there):
    browser = signed_in(corp, there)
    there.claims["groups"] = ["others"]
    assert signed_in(corp, there).get("/console/").status_code == 302
    assert browser.get("/console/").status_code == 302
    assert roles_of_olga() == ["owner"]


def test_nobody_joins_beyond_what_the_plan_allows(corp, there, ash):
    Tenant.objects.filter(pk=ash.tenant_id).update(limits={"staff": 0})
    shown = signed_in(corp, there).get("/console/login/").text
    assert "The limit of the plan is reached." in shown
    assert roles_of_olga() == []


def roles_of_olga() -> list[str]:
    found = Member.objects.filter(user__openid_identity__subject="s1")
    return [*found.values_list("role", flat=True)]


def roles_on_record() -> list[str]:
    """What the log has of them, the provider's own doing."""
    found = AuditEntry.objects.filter(actor="openid:Corp").order_by("pk")
    return [*found.values_list("action", flat=True)]


def test_outside_of_a_sandbox_a_factor_of_ours_is_asked_for(corp, there, settings):
    settings.SANDBOX = False
    browser = signed_in(corp, there)
    assert browser.get("/console/", follow=True).redirect_chain[-1][0] == "/console/factors/"


def test_it_is_not_where_the_provider_saw_one(corp, there, settings):
    settings.SANDBOX = False
    there.claims["amr"] = ["mfa"]
    assert signed_in(corp, there).get("/console/").status_code == 200


def test_it_opens_no_other_tenants_console(corp, there, birch):
    browser = signed_in(corp, there)
    other = browser_at("birch.localhost")
    other.cookies = browser.cookies
    assert other.get("/console/").status_code == 302
    assert "/console/login" in other.get(f"/console/openid/{corp.pk}/")["Location"]


def test_nobody_who_was_there_before_is_taken_over(corp, there):
    StaffUser.objects.create_user("ash.olga", "olga@corp.example", is_staff=True)
    signed_in(corp, there)
    assert StaffUser.objects.get(openid_identity__subject="s1").username == "ash.olga-2"


def test_a_sign_in_of_people_opens_no_console(corp, there):
    browser = browser_at()
    left = browser.get(f"/account/sign-in/openid?provider={corp.pk}")
    browser.get(f"/account/sign-in/openid/back/{corp.pk}", there.sent_to(left["Location"]))
    assert "/console/login" in browser.get("/console/openid/enter/")["Location"]


def test_an_owner_sets_a_provider(owner, ash):
    answer = owner.post(f"{SETTINGS}new/", FORM)
    provider = OpenIdProvider.objects.get(tenant=ash.tenant)
    assert answer["Location"] == f"{SETTINGS}{provider.pk}/"
    assert keyring.unwrap(bytes(provider.client_secret)).decode() == SECRET
    assert provider.roles == {"pds-admins": "owner"}
    assert AuditEntry.objects.get().action == "host.change_openid"


def test_the_secret_is_never_shown_and_stays_when_left_empty(owner, corp):
    page = f"{SETTINGS}{corp.pk}/"
    assert SECRET not in owner.get(page).content.decode()
    owner.post(page, {**FORM, "secret": "", "name": "Corporation"})
    corp.refresh_from_db()
    assert corp.name == "Corporation"
    assert keyring.unwrap(bytes(corp.client_secret)).decode() == SECRET


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "login.example"},
        {"issuer": "https://login.example/?x=1"},
        {"roles_text": "pds-admins"},
        {"roles_text": "pds-admins = emperor"},
        {"move_out_days": "0"},
        {"reason": ""},
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(owner, changes):
    answer = owner.post(f"{SETTINGS}new/", {**FORM, **changes})
    assert answer.status_code == 422
    assert b"console-error" in answer.content
    assert not OpenIdProvider.objects.exists()


def test_the_same_provider_twice_is_refused(owner, corp):
    assert owner.post(f"{SETTINGS}new/", FORM).status_code == 422


def test_another_role_may_look_and_not_change(ash, corp):
    browser = browser_at()
    browser.force_login(staff_member(ash, "auditor"))
    assert browser.get(f"{SETTINGS}{corp.pk}/").status_code == 200
    assert browser.post(f"{SETTINGS}{corp.pk}/", FORM).status_code in (403, 422)
    assert not AuditEntry.objects.exists()


def test_another_tenants_provider_is_unknown(corp, birch):
    browser = browser_at("birch.localhost")
    browser.force_login(staff_member(birch, "owner"))
    assert browser.get(f"{SETTINGS}{corp.pk}/").status_code == 404
    assert browser.post(f"{SETTINGS}{corp.pk}/remove/", {"reason": "mine"}).status_code == 404
    assert b"Corp" not in browser.get(SETTINGS).content


def test_the_test_says_that_all_is_well(owner, corp):
    assert b"its settings fit" in owner.post(f"{SETTINGS}{corp.pk}/test/").content


def test_the_test_says_what_is_wrong(owner, corp, there):
    there.metadata = {"issuer": "https://other.example"}
    page = owner.post(f"{SETTINGS}{corp.pk}/test/").content
    assert b"name another issuer" in page


@pytest.fixture
def identity(ash, corp):
    identities.connect(account_row(ash), corp, Person("u1"))
    return OpenIdIdentity.objects.get()


def test_staff_freeze_somebody_and_give_it_back(owner, corp, identity):
    page = f"{SETTINGS}people/{identity.pk}/freeze/"
    owner.post(page, {"reason": "left"})
    identity.account.refresh_from_db()
    assert identity.account.status == "deactivated"
    owner.post(page, {"reason": "came back", "thaw": "1"})
    identity.refresh_from_db()
    assert identity.left_at is None
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"account.freeze", "account.thaw"}


def test_a_provider_by_which_people_are_frozen_stays(owner, corp, identity):
    OpenIdIdentity.objects.filter(pk=identity.pk).update(left_at=timezone.now())
    page = owner.post(f"{SETTINGS}{corp.pk}/remove/", {"reason": "another one"}, follow=True)
    assert b"People are frozen by it" in page.content
    assert OpenIdIdentity.objects.get(pk=identity.pk).left_at


def test_a_removed_provider_leaves_the_accounts(owner, corp, identity):
    owner.post(f"{SETTINGS}{corp.pk}/remove/", {"reason": "another one"})
    assert not OpenIdProvider.objects.exists()
    assert type(identity.account).objects.filter(pk=identity.account_id).exists()
