"""An owner's overview: figures, what needs attention, and relays."""

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from hosting.limits import Bucket, Budget
from hosting.mail.models import OutgoingMail
from hosting.models import Plan, TenantDay, TenantUsage
from provider.models import Job, RelayStanding
from provider.relay_standing import announcing
from tests.factories import account_row, staff_member

PAGE = "/console/overview/"
RELAY = "https://relay.example"


@pytest.fixture
def _throttled(ash, settings) -> None:
    """A relay that drops what new accounts write."""
    settings.CRAWLERS = [RELAY]
    RelayStanding.objects.create(
        host=ash,
        relay=RELAY,
        checked_at=timezone.now(),
        status="active",
        sampled_count=20,
        throttled_count=5,
        warnings=["throttled", "a word of tomorrow"],
    )


def test_relays_are_asked_so_often_an_hour_and_no_more(owner, settings, monkeypatch):
    settings.CRAWLERS, settings.RATE_LIMITS = [], True
    monkeypatch.setattr(announcing, "ASKED", Bucket("once", (Budget(1, 3_600),)))
    asked = [owner.post(f"{PAGE}relays/", follow=True).text for _ in range(2)]
    assert ["The relays are asked." in page for page in asked] == [True, False]


def test_it_counts_what_is_the_tenants_alone(owner, ash, birch):
    for host, label in ((ash, "anna"), (birch, "bert"), (birch, "cora")):
        account_row(host, label)
    OutgoingMail.objects.create(
        host=birch, message_id="1", state="failed", expires_at=timezone.now(),
        decided_at=timezone.now(),
    )  # fmt: skip
    shown = owner.get(PAGE).text
    assert "In the last 7 days</dt><dd>1</dd>" in shown
    assert "e-mail failed" not in shown
    assert "anna" not in shown


def test_what_needs_attention_leads_to_where_it_is_seen_to(owner, ash):
    OutgoingMail.objects.create(
        host=ash, message_id="1", state="failed", expires_at=timezone.now(),
        decided_at=timezone.now(),
    )  # fmt: skip
    shown = owner.get(PAGE).text
    assert '<a class="console-link" href="/console/mail/outgoingmail/">1 e-mail failed' in shown
    assert "Only one person is an owner: invite another." in shown


def test_usage_stands_beside_the_plan_with_the_day_when_it_is_full(owner, provider, ash):
    Plan.objects.create(slug="club", name="Club", limits={"blob-bytes": 2_000, "accounts": 5})
    provider.post("/console/tenant/ash/plan/", {"plan": Plan.objects.get().pk})
    TenantUsage.objects.update_or_create(
        tenant=ash.tenant, defaults={"used": {"blob-bytes": 1_700, "accounts": 2}}
    )
    figures = dict.fromkeys([f.name for f in TenantDay._meta.fields if f.name.endswith("s")], 0)
    for number in range(8):
        TenantDay.objects.create(
            **(figures | {"blob_bytes": 1_000 + 100 * number}),
            tenant_id=ash.tenant_id,
            tenant_slug="ash",
            day=date(2026, 11, 1 + number),
            counted_at=timezone.now(),
        )
    for browser, page in ((owner, PAGE), (provider, "/console/tenant/ash/")):
        shown = browser.get(page).text
        assert "storage is full in 3 days." in shown
        assert "85 %" in shown
    listed = provider.get("/console/tenants/").text
    assert "Club" in listed
    assert "1.7\xa0KB" in listed


@pytest.mark.usefixtures("_throttled")
def test_a_relay_that_drops_events_is_told_of_with_a_letter(owner, provider, ash):
    for browser, page in ((owner, PAGE), (provider, "/console/tenant/ash/")):
        shown = browser.get(page).text
        assert "drops what new accounts write: ask for a higher limit" in shown
        assert "Please raise the limits of the PDS host localhost" in shown


@pytest.mark.usefixtures("_throttled")
def test_owners_have_accounts_announced_again_and_others_not(owner, ash):
    auditor = Client(headers={"host": ash.hostname})
    auditor.force_login(staff_member(ash, "auditor"))
    assert auditor.post(f"{PAGE}accounts/").status_code == 403
    assert "overview/accounts/" not in auditor.get(PAGE).text
    owner.post(f"{PAGE}accounts/")
    assert Job.objects.get().tenant == ash.tenant
