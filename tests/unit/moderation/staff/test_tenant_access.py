"""Platform staff see a tenant's people after a reason, for two hours; its owners are told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from hosting.models import StaffUser, TenantAccess
from moderation.enforcement import takedowns
from moderation.models import AuditEntry
from moderation.permissions import NotAllowed
from moderation.staff import tenant_access

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _break_glass(settings) -> None:
    settings.BREAK_GLASS = True


@pytest.fixture
def browser(provider) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(provider)
    return client


def test_without_access_the_providers_staff_see_settings_and_no_people(browser, account, provider):
    for page in ("", "staff/"):
        assert browser.get(f"/console/{page}").status_code == 200
    for page in (f"accounts/{account.did}/", "accounts/account/", "moderation/auditentry/"):
        answer = browser.get(f"/console/{page}")
        assert (answer.status_code, "/console/access/" in answer.text) == (403, True)
    with pytest.raises(NotAllowed):
        takedowns.take_down(provider, account, "curious")


def test_a_reason_opens_one_tenant_and_tells_its_owners(browser, account, birch, staff_of):
    owner = staff_of(account.host, "owner")
    StaffUser.objects.filter(pk=owner.pk).update(email="owner@example.com")
    browser.post("/console/access/", {"reason": "child safety, ticket 7"})
    assert browser.get(f"/console/accounts/{account.did}/").status_code == 200
    there = browser.get("/console/accounts/account/", headers={"host": "birch.localhost"})
    assert there.status_code == 403
    mail = OutgoingMail.objects.get(kind="access_opened")
    assert (mail.recipient, "ticket 7" in mail.text) == ("owner@example.com", True)
    assert AuditEntry.objects.get(action="platform.open_access").reason.endswith("ticket 7")


def test_it_takes_a_reason(browser, ash):
    assert browser.post("/console/access/", {"reason": " "}).status_code == 422
    assert not TenantAccess.objects.exists()


def test_it_ends_after_two_hours_or_when_it_is_given_back(browser, account, ash, provider):
    page = f"/console/accounts/{account.did}/"
    for end in ("time", "button"):
        tenant_access.take(provider, ash, "a court order")
        assert browser.get(page).status_code == 200
        if end == "time":
            TenantAccess.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
        else:
            browser.post("/console/access/end/")
        assert browser.get(page).status_code == 403
    assert TenantAccess.objects.latest("pk").ends_at <= timezone.now()


def test_it_lasts_two_hours(provider, ash):
    made = tenant_access.take(provider, ash, "a court order")
    assert timedelta(hours=1, minutes=59) < made.ends_at - timezone.now() <= timedelta(hours=2)


def test_a_tenants_own_staff_cannot_take_it(ash, staff_of):
    with pytest.raises(NotAllowed):
        tenant_access.take(staff_of(ash, "owner"), ash, "why not")


def test_platform_staff_who_are_a_tenants_owners_need_none_there(browser, provider, account):
    provider.memberships.create(tenant=account.host.tenant, role="owner")
    assert browser.get(f"/console/accounts/{account.did}/").status_code == 200
