"""Platform staff's list of tenants and a tenant's page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hosting.mail.models import OutgoingMail
from hosting.models import HandleDomain, StaffInvite, Tenant
from provider.models import Job
from provider.tenancy import deletion, domain_checks, host_checks, suspensions
from tests.factories import account_row


@pytest.mark.parametrize(
    ("term", "is_found"),
    [("bir", True), ("Birch", True), ("birch.local", True), (".birch.te", True), ("oak", False)],
)
def test_a_tenant_is_found_by_its_names_hosts_and_domains(provider, ash, birch, term, is_found):
    shown = provider.get("/console/tenants/", {"q": term}).text
    assert ("/console/tenant/birch/" in shown) is is_found


def test_the_list_asks_the_same_for_two_tenants_and_for_many(provider, ash, birch):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert "/console/tenant/ash/" in provider.get("/console/tenants/").text
        return len(asked)

    provider.get("/console/tenants/")
    before = statements()
    Tenant.objects.bulk_create(Tenant(slug=f"t{number}", name="T") for number in range(40))
    assert statements() == before


def test_what_is_wrong_at_a_host_is_said(provider, ash):
    account_row(ash, "anna")
    for number in range(2):
        OutgoingMail.objects.create(
            host=ash,
            message_id=str(number),
            state="failed",
            expires_at="2030-01-01T00:00Z",
            decided_at="2029-01-01T00:00Z",
        )
    assert "2 e-mails failed" in provider.get("/console/tenants/").text
    assert "2 e-mails failed" in provider.get("/console/tenant/ash/").text


def test_domains_are_added_checked_and_removed(provider, ash, monkeypatch):
    monkeypatch.setattr(domain_checks.check, "__defaults__", (lambda url: 404,))
    page = "/console/tenant/ash/"
    provider.post(f"{page}hosts/{ash.pk}/domains/", {"domain": "acme.org"})
    assert HandleDomain.objects.filter(name=".acme.org", host=ash).exists()
    seen = provider.post(f"{page}check/", {"domain": ".acme.org"}).text
    assert "Names under the domain are answered by Grove." in seen
    provider.post(f"{page}domains/remove/", {"domain": ".acme.org"})
    assert not HandleDomain.objects.filter(name=".acme.org").exists()


def test_a_host_is_looked_at_from_outside(provider, ash, monkeypatch):
    monkeypatch.setattr(host_checks.check, "__defaults__", (lambda url: (200, b"[1]"),))
    seen = provider.post("/console/tenant/ash/check/", {"host": ash.hostname}).text
    assert "Another server answered (200)" in seen


def test_staff_are_invited(provider, ash, birch):
    provider.post("/console/tenant/birch/staff/", {"email": "bo@example.com", "role": "owner"})
    assert StaffInvite.objects.get().tenant == birch.tenant


def test_a_tenant_is_suspended_with_a_reason_and_resumed(provider, birch):
    page = "/console/tenant/birch/"
    provider.post(f"{page}suspend/", {"reason": " "})
    assert birch.tenant == Tenant.objects.get(pk=birch.tenant_id, suspended_at=None)
    provider.post(f"{page}suspend/", {"reason": "unpaid bills"})
    assert "unpaid bills" in provider.get(page).text
    assert "console-status-suspended" in provider.get("/console/tenants/").text
    provider.post(f"{page}resume/")
    assert Tenant.objects.get(pk=birch.tenant_id).suspended_at is None


def test_a_tenants_own_page_is_not_for_its_owner(owner, ash):
    for path in ("tenants/", "tenant/ash/", f"hosts/{ash.pk}/settings/"):
        assert owner.get(f"/console/{path}").status_code == 403


DELETE = "/console/tenant/birch/delete/"


def test_a_tenant_that_serves_its_people_is_not_deleted(provider, birch):
    assert "Suspend the tenant first" in provider.get(DELETE).text
    assert provider.post(DELETE, {"confirm": "birch", "is_unexported": "on"}).status_code == 422
    assert not Job.objects.filter(kind=deletion.KIND).exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"confirm": "ash", "is_unexported": "on"}, "Enter birch."),
        ({"confirm": "birch"}, "Export it first, or say that nobody needs its data."),
    ],
)
def test_what_is_wrong_with_a_deletion_is_said_at_its_field(provider, birch, given, said):
    suspensions.suspend(birch.tenant, "provider", reason="unpaid")
    answer = provider.post(DELETE, given)
    assert (answer.status_code, said in answer.text, "<title>Error:" in answer.text) == (
        422,
        True,
        True,
    )
    assert not Job.objects.filter(kind=deletion.KIND).exists()


def test_a_suspended_tenant_is_deleted_by_a_job_when_nobody_needs_its_data(provider, birch):
    suspensions.suspend(birch.tenant, "provider", reason="unpaid")
    given = {"confirm": "birch", "is_unexported": "on"}
    assert "/console/platform/jobs/" in provider.post(DELETE, given).headers["Location"]
    assert Job.objects.get(kind=deletion.KIND).tenant_id == birch.tenant_id
    assert "It is being deleted already." in provider.post(DELETE, given).text


def test_a_tenant_without_hosts_is_removed_at_once(provider, ash):
    Tenant.objects.create(slug="birch", name="Birch")
    assert "It has no hosts" in provider.get(DELETE).text
    assert provider.post(DELETE, {"confirm": "birch"}).headers["Location"] == "/console/tenants/"
    assert not Tenant.objects.filter(slug="birch").exists()


def test_of_a_deleted_tenant_the_page_has_its_history_alone(provider, birch):
    Tenant.objects.filter(pk=birch.tenant_id).update(deleted_at="2026-01-01T00:00Z")
    shown = provider.get("/console/tenant/birch/").text
    assert "End the suspension" not in shown
    assert birch.hostname not in shown
    assert provider.get(DELETE).status_code == 404
