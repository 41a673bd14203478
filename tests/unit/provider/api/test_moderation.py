"""Staff, reports, cases and labels by the REST API: by role, and of whose tenant they are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from hosting.models import Member, StaffInvite, StaffUser
from moderation.models import AuditEntry, Case
from provider.api import tokens
from provider.api.tokens import Scope
from tests.factories import account_row, labeler, staff_member
from tests.unit.provider.api.conftest import RestClient

pytestmark = pytest.mark.django_db
STAFF = "tenants/ash/staff"
PEOPLE = "hosts/localhost/accounts"


@pytest.fixture
def ours(ash, client_of) -> RestClient:
    """A program of ash's."""
    return client_of(ash.tenant)


def acting_as(ash, role: str) -> RestClient:
    """A program in the name of a member of ash's staff."""
    name = f"as-{role}"
    _, text = tokens.create(name, ash.tenant, [*Scope], staff=staff_member(ash, role))
    return RestClient(ash, text)


def test_staff_are_invited_and_uninvited(ours):
    made = ours.call("POST", "tenants/ash/staff-invites", {"email": "ada@a.org", "role": "owner"})
    assert "/console/join/" in made["link"]
    (listed,) = ours.call("GET", "tenants/ash/staff-invites")["items"]
    assert "link" not in listed
    ours.call("DELETE", f"tenants/ash/staff-invites/{listed['id']}")
    assert not StaffInvite.objects.exists()
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"api:token0"}


def test_nobody_becomes_platform_staff_by_the_api(ours):
    wanted = {"email": "ada@a.org", "role": "platform"}
    assert ours.call("POST", "tenants/ash/staff-invites", wanted)["field"] == "role"


def test_roles_are_changed_and_taken_but_the_last_owners(ash, ours):
    owner, moderator = staff_member(ash, "owner"), staff_member(ash, "moderator")
    said = ours.call("PATCH", f"{STAFF}/{moderator}", {"role": "auditor", "reason": "new job"})
    assert said["role"] == "auditor"
    assert ours.call("DELETE", f"{STAFF}/{owner}?reason=gone")["error"] == "LastOwner"
    assert ours.call("DELETE", f"{STAFF}/{moderator}")["error"] == "InvalidRequest"
    ours.call("DELETE", f"{STAFF}/{moderator}?reason=gone")
    assert [each["name"] for each in ours.call("GET", STAFF)["items"]] == [str(owner)]


def test_a_tenant_does_not_weaken_who_works_elsewhere(ash, birch, ours):
    staff = staff_member(ash, "moderator")
    why = {"reason": "lost phone"}
    ours.call("POST", f"{STAFF}/{staff}/reset-factor", why)
    assert ours.status == 204
    Member.objects.create(tenant=birch.tenant, user=staff, role="auditor")
    assert ours.call("POST", f"{STAFF}/{staff}/reset-factor", why)["error"] == "Forbidden"


def test_a_report_becomes_a_case_that_a_role_decides(ash):
    moderator, auditor = acting_as(ash, "moderator"), acting_as(ash, "auditor")
    account = account_row(ash)
    report = {"host": "localhost", "subject": account.did, "reason_type": "spam"}
    assert auditor.call("POST", "reports", report)["error"] == "Forbidden"
    made = moderator.call("POST", "reports", report)
    case = f"cases/{made['case']}"
    act = {"action": "take_down", "reason": "spam"}
    assert auditor.call("POST", f"{case}/actions", act)["error"] == "Forbidden"
    assert moderator.call("POST", f"{case}/actions", act)["state"] == "closed"
    assert Account.objects.get().taken_down_at is not None
    moderator.call("POST", f"{case}/notes", {"text": "as before"})
    kinds = [each["kind"] for each in moderator.call("GET", f"{case}/events")["items"]]
    assert kinds[0] == "note"
    assert moderator.call("GET", "reports")["items"][0]["resolution"] == "actioned"


def test_acting_takes_a_person(ash, ours):
    case = Case.objects.create(
        host=ash, subject="did:web:a.org", subject_did="did:web:a.org", kind="spam",
        due_at=timezone.now(),
    )  # fmt: skip
    assert ours.call("GET", "cases?state=open")["items"][0]["id"] == case.pk
    act = {"action": "dismiss", "reason": "no"}
    assert "member of staff" in ours.call("POST", f"cases/{case.pk}/actions", act)["message"]


def test_the_provider_sees_no_reports(platform, client_of, birch):
    for path in ("reports", "cases", "cases/1"):
        assert platform.call("GET", path)["error"] == "Forbidden"


def test_labels_are_put_and_taken_back(ash, ours):
    speaker = labeler(account_row(ash, "labels"))
    label = {"uri": "did:web:a.org", "val": "spam", "reason": "spam"}
    assert ours.call("POST", "tenants/ash/labels", label) == {"is_news": True}
    assert ours.call("GET", "tenants/ash/labels?uri=did:web:a.org")["items"][0]["val"] == "spam"
    assert ours.call("POST", "tenants/ash/labels/negate", label) == {"is_news": True}
    assert ours.call("GET", "tenants/ash/labels")["items"] == []
    assert ours.call("GET", "tenants/birch/labels")["error"] == "NotFound"
    type(speaker).objects.update(hides=["spam"])
    _, text = tokens.create("weak", ash.tenant, ["labels:write"])
    refused = RestClient(ash, text).call("POST", "tenants/ash/labels", label)
    assert refused["error"] == "InsufficientScope"


def test_an_account_is_suspended_and_its_owner_gets_a_code(ash, ours, mailoutbox):
    account = account_row(ash, email_confirmed_at=timezone.now())
    until = (timezone.now() + timedelta(days=2)).isoformat()
    path = f"{PEOPLE}/{account.did}"
    said = ours.call("POST", f"{path}/suspend", {"reason": "cool down", "until": until})
    assert said["status"] == "suspended"
    said = ours.call("POST", f"{path}/lift-suspension", {"reason": "cooled"})
    assert said["status"] == "active"
    ours.call("POST", f"{path}/reset-password", {"reason": "they called"})
    assert ours.status == 202


def test_a_token_dies_with_whose_name_it_bears(ash):
    client = acting_as(ash, "moderator")
    StaffUser.objects.update(is_active=False)
    report = {"host": "localhost", "subject": "did:web:a.org", "reason_type": "spam"}
    assert client.call("POST", "reports", report)["error"] == "Forbidden"
