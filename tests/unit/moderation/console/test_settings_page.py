"""The console's page of settings: typed, by role, with history."""

import pytest
from django.test import Client

from hosting.mail.models import Sender
from hosting.models import Tenant
from moderation.models import AuditEntry
from tests.factories import staff_member

pytestmark = pytest.mark.django_db
PAGE = "/console/settings/"
TENANT = {
    "name": "Oak",
    "primary_colour": "#112233",
    "moved_copy_kept_days": "30",
    "wants_second_factors": "on",
    "reason": "a new year",
}


def browser(host, role: str = "owner") -> Client:
    client = Client(headers={"host": host.hostname})
    client.force_login(staff_member(host, role))
    return client


def test_an_owner_changes_what_is_the_tenants_and_the_history_shows_it(ash):
    owner = browser(ash)
    assert owner.post(f"{PAGE}tenant/", TENANT)["location"] == PAGE
    tenant = Tenant.objects.get(pk=ash.tenant_id)
    assert (tenant.name, tenant.moved_copy_kept_days) == ("Oak", 30)
    assert tenant.wants_second_factors
    entry = AuditEntry.objects.get(action="host.change_settings")
    assert "moved_copy_kept_days: None -> 30" in entry.reason
    assert "a new year" in owner.get(PAGE).text


def test_nothing_that_differs_is_no_entry(ash):
    owner = browser(ash)
    owner.post(f"{PAGE}tenant/", TENANT)
    owner.post(f"{PAGE}tenant/", TENANT)
    assert AuditEntry.objects.filter(action="host.change_settings").count() == 1


def test_what_is_a_hosts_goes_to_that_host_alone(ash):
    sent = {"language": "de", "reason": "our people"}
    browser(ash).post(f"{PAGE}host/", sent)
    sender = Sender.objects.get(host=ash)
    assert (sender.language, sender.has_sign_in_alerts) == ("de", False)
    assert AuditEntry.objects.get().reason.endswith("our people")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("primary_colour", "green"),
        ("moved_copy_kept_days", "3"),
        ("privacy_policy_url", "javascript:x"),
        ("support_email", "nobody"),
        ("name", ""),
        ("reason", " "),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_changes_nothing(ash, field, value):
    answer = browser(ash).post(f"{PAGE}tenant/", TENANT | {field: value})
    assert (answer.status_code, "<title>Error:" in answer.text) == (422, True)
    assert 'class="console-error"' in answer.text
    assert Tenant.objects.get(pk=ash.tenant_id).name == "Ash"


@pytest.mark.parametrize("role", ["moderator", "auditor"])
def test_others_look_and_change_nothing(ash, role):
    somebody = browser(ash, role)
    assert "console-button" not in somebody.get(PAGE).text.partition("<main")[2]
    assert somebody.post(f"{PAGE}tenant/", TENANT).status_code == 403
