"""Webhooks on the console: addresses, what each was told, told again."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from provider.models import PlatformEntry, Webhook, WebhookDelivery
from provider.webhooks import addresses, events

ADDED = {"url": "https://acme.example/hook", "collections": "app.bsky.feed.post"}
State = WebhookDelivery.State


@pytest.fixture(autouse=True)
def _unknown_again():
    events.forget()


@pytest.fixture
def webhook(ash) -> Webhook:
    return addresses.create(ash.tenant, "https://acme.example/hook", [])[0]


@pytest.fixture
def told(webhook) -> WebhookDelivery:
    """Something that it did not take."""
    return webhook.deliveries.create(
        message_id="msg_1",
        event="account.opened",
        body='{"type": "account.opened"}',
        state=State.FAILED,
        status=502,
        attempts=9,
        decided_at=timezone.now(),
    )


def test_an_owner_adds_an_address_and_sees_its_secret_once(owner, ash):
    shown = owner.post("/console/webhooks/", ADDED)
    made = Webhook.objects.get(tenant=ash.tenant)
    assert "whsec_" in shown.text
    assert "whsec_" not in owner.get(f"/console/webhooks/{made.pk}/").text
    assert made.collections == ["app.bsky.feed.post"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", "ftp://acme.example/"), ("url", "hook"), ("collections", "posts"), ("events", "x")],
)
def test_bad_input_is_said_at_its_field(owner, ash, field, value):
    answer = owner.post("/console/webhooks/", {**ADDED, field: value})
    assert (answer.status_code, f'id="id_{field}_error"' in answer.text) == (422, True)
    assert re.search(rf'name="{field}"[^>]*autofocus', answer.text)
    assert not Webhook.objects.exists()


def test_a_delivery_shows_how_often_it_was_tried_and_what_came_back(owner, webhook, told):
    shown = owner.get(f"/console/webhooks/{webhook.pk}/").text
    assert '<td data-label="Attempts">9</td>' in shown
    assert '<td data-label="Answer">502</td>' in shown
    assert "account.opened" in owner.get(f"/console/webhooks/{webhook.pk}/{told.pk}/").text


def test_one_event_is_told_again_under_its_id_but_not_while_it_waits(owner, webhook, told):
    page = f"/console/webhooks/{webhook.pk}/"
    owner.post(f"{page}{told.pk}/replay/")
    again = webhook.deliveries.get(state=State.WAITING)
    assert again.message_id == "msg_1"
    owner.post(f"{page}{again.pk}/replay/")
    assert webhook.deliveries.count() == 2


def test_events_are_told_again_by_date(owner, webhook, told):
    today = timezone.now().date()
    page = f"/console/webhooks/{webhook.pk}/replay/"
    before = str(today - timedelta(days=2))
    owner.post(page, {"since": before, "until": before})
    assert webhook.deliveries.count() == 1
    owner.post(page, {"since": str(today - timedelta(days=1)), "until": str(today)})
    assert webhook.deliveries.filter(state=State.WAITING).count() == 1


def test_a_disabled_address_says_why_and_is_enabled_again(owner, webhook):
    now = timezone.now()
    Webhook.objects.update(disabled_at=now, failing_since=now - timedelta(days=2))
    page = f"/console/webhooks/{webhook.pk}/"
    assert "It took nothing for two days." in owner.get(page).text
    owner.post(f"{page}switch/", {"on": "on"})
    webhook.refresh_from_db()
    assert (webhook.disabled_at, webhook.failing_since) == (None, None)


def test_a_secret_is_made_anew_and_the_old_one_holds_for_a_day(owner, webhook):
    assert "whsec_" in owner.post(f"/console/webhooks/{webhook.pk}/rotate/").text
    webhook.refresh_from_db()
    assert webhook.old_secret


def test_platform_staff_have_the_platforms_own_and_no_tenants(provider, webhook):
    provider.post("/console/platform/webhooks/", ADDED)
    own = Webhook.objects.get(tenant=None)
    assert provider.get(f"/console/platform/webhooks/{own.pk}/").status_code == 200
    assert provider.get(f"/console/platform/webhooks/{webhook.pk}/").status_code == 404
    provider.post(f"/console/platform/webhooks/{own.pk}/remove/")
    assert not Webhook.objects.filter(pk=own.pk).exists()
    assert PlatformEntry.objects.filter(about="webhooks", who="provider").count() == 2
