"""Webhooks: told once, signed, again and again while nobody answers, and to nobody else."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from accounts import status
from accounts.signals import account_deleted, account_opened, handle_changed
from hosting.mail.models import OutgoingMail
from provider.errors import InvalidField
from provider.models import Webhook, WebhookDelivery
from provider.webhooks import addresses, deliveries, events, signing
from provider.webhooks.events import Event
from tests import upstreams
from tests.factories import account_row

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State


@pytest.fixture
def receiver(settings) -> Iterator[upstreams.Upstream]:
    """The tenant's own program."""
    settings.VALKEY_URL = ""
    events.forget()
    with upstreams.running() as running:
        yield running


@pytest.fixture
def webhook(ash, receiver) -> Webhook:
    return addresses.create(ash.tenant, f"{receiver.url}/hook", [])[0]


def happens(ash, label: str = "anna"):
    """An account opens; the sweep tells it."""
    account = account_row(ash, label)
    account_opened.send(sender=type(account), account=account)
    deliveries.queue.sweep()
    return account


def test_what_happens_is_told_with_a_signature(ash, receiver):
    _, secret = addresses.create(ash.tenant, f"{receiver.url}/hook", [Event.ACCOUNT_OPENED])
    account = happens(ash)
    (seen,) = receiver.seen
    said = orjson.loads(seen.body)
    assert (said["type"], said["data"]["did"]) == ("account.opened", account.did)
    signed = f"{seen.headers['webhook-id']}.{seen.headers['webhook-timestamp']}.".encode()
    key = base64.b64decode(secret.removeprefix(signing.PREFIX))
    digest = hmac.new(key, signed + seen.body, hashlib.sha256).digest()
    assert seen.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert WebhookDelivery.objects.get().state == State.DELIVERED


def test_a_known_message_has_the_specifications_signature():
    # Standard Webhooks, the example of its libraries
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret]
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_addresses_are_told_to_who_asked_for_them(ash, receiver):
    for has_addresses in (False, True):
        addresses.create(ash.tenant, receiver.url, [], has_addresses=has_addresses)
    account = happens(ash)
    told = {orjson.loads(seen.body)["data"].get("email") for seen in receiver.seen}
    assert told == {None, account.email}


def test_every_event_of_an_account_is_told(ash, webhook):
    account = happens(ash)
    handle_changed.send(sender=type(account), account=account)
    status.take_down(account)
    account_deleted.send(sender=type(account), account=account)
    told = WebhookDelivery.objects.order_by("pk").values_list("event", flat=True)
    assert [*told] == [
        "account.opened", "account.handle_changed", "account.status_changed", "account.deleted",
    ]  # fmt: skip


def test_other_events_and_other_tenants_are_not_told(ash, birch, receiver):
    addresses.create(ash.tenant, receiver.url, [Event.CASE_OPENED])
    addresses.create(birch.tenant, receiver.url, [])
    happens(ash)
    assert receiver.seen == []


def test_the_platform_is_told_of_every_tenant(ash, birch, receiver):
    addresses.create(None, receiver.url, [])
    happens(ash)
    happens(birch, "berta")
    hosts = [orjson.loads(seen.body)["data"]["host"] for seen in receiver.seen]
    assert hosts == ["localhost", "birch.localhost"]


@pytest.mark.parametrize(
    "behaviour",
    [
        upstreams.answering(status="500 Sorry"),
        upstreams.answering(status="302 Found", location="http://localhost:1/"),
        upstreams.raw(b"nonsense"),
    ],
)
def test_what_is_no_yes_is_tried_again(ash, receiver, webhook, behaviour):
    receiver.behaviours["/hook"] = [behaviour, upstreams.answering()]
    happens(ash)
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts) == (State.WAITING, 1)
    assert row.next_attempt_at > timezone.now()
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    deliveries.queue.sweep()
    ids = {seen.headers["webhook-id"] for seen in receiver.seen}
    assert len(ids) == 1
    assert WebhookDelivery.objects.get().state == State.DELIVERED
    assert Webhook.objects.get().failing_since is None


def test_after_two_days_an_event_is_given_up(ash, receiver, webhook):
    receiver.behaviours["/hook"] = upstreams.answering(status="500 Sorry")
    happens(ash)
    long_ago = timezone.now() - timedelta(days=2, minutes=1)
    WebhookDelivery.objects.update(created_at=long_ago, next_attempt_at=timezone.now())
    deliveries.queue.sweep()
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status, row.last_error) == (State.FAILED, 500, "it answered 500")


def test_an_address_that_takes_nothing_is_disabled_and_its_tenant_told(ash, receiver, webhook):
    type(ash.tenant).objects.update(support_email="help@example.org")
    receiver.behaviours["/hook"] = upstreams.answering(status="500 Sorry")
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=3))
    happens(ash)
    assert Webhook.objects.get().disabled_at is not None
    assert OutgoingMail.objects.get().recipient == "help@example.org"
    happens(ash, "berta")
    assert WebhookDelivery.objects.count() == 1
    addresses.change(Webhook.objects.get(), is_enabled=True)
    happens(ash, "carla")
    assert WebhookDelivery.objects.count() == 2


def test_a_change_leaves_alone_what_moved_since_the_page_was_read(webhook):
    Webhook.objects.update(record_position=7, failing_since=timezone.now())
    addresses.change(webhook, events=["account.opened"])
    webhook.refresh_from_db()
    assert (webhook.events, webhook.record_position) == (["account.opened"], 7)
    assert webhook.failing_since is not None


def test_two_secrets_sign_while_one_takes_over(ash, receiver, webhook):
    addresses.rotate(webhook)
    happens(ash)
    assert receiver.seen[0].headers["webhook-signature"].count("v1,") == 2
    Webhook.objects.update(old_secret_ends_at=timezone.now())
    deliveries.forget_old()
    happens(ash, "berta")
    assert receiver.seen[1].headers["webhook-signature"].count("v1,") == 1


def test_what_was_told_is_told_again_under_its_id(ash, receiver, webhook):
    happens(ash)
    now = timezone.now()
    assert addresses.replay(webhook, now - timedelta(hours=1), now) == 1
    deliveries.queue.sweep()
    first, again = receiver.seen
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body


def test_what_waits_to_be_told_again_is_not_asked_for_twice(ash, webhook):
    happens(ash)
    told, now = WebhookDelivery.objects.get(), timezone.now()
    span = (now - timedelta(hours=1), now + timedelta(hours=1))
    assert [addresses.replay_one(told), addresses.replay_one(told)] == [1, 0]
    assert addresses.replay(webhook, *span) == 0
    deliveries.queue.sweep()
    assert addresses.replay(webhook, *span) == 1


def test_it_is_told_again_in_the_order_in_which_it_happened(ash, webhook):
    for name in ("anna", "ben", "clara", "dan"):
        happens(ash, name)
    before = [*WebhookDelivery.objects.order_by("pk").values_list("message_id", flat=True)]
    now = timezone.now()
    addresses.replay(webhook, now - timedelta(hours=1), now)
    after = WebhookDelivery.objects.order_by("pk").values_list("message_id", flat=True)
    assert [*after][len(before) :] == before


def test_no_more_than_so_many_wait_to_be_told_again(ash, webhook, monkeypatch):
    monkeypatch.setattr(addresses, "REPLAYED_MOST", 2)
    for name in ("anna", "ben", "clara"):
        happens(ash, name)
    span = (timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1))
    last = WebhookDelivery.objects.order_by("pk").last()
    assert (addresses.replay(webhook, *span), addresses.replay_one(last)) == (2, 0)


def test_a_tenants_slow_addresses_hold_up_nobody_else(ash, birch, receiver):
    slow, other = (addresses.create(each.tenant, receiver.url, [])[0] for each in (ash, birch))
    lease = {"state": State.RUNNING, "next_attempt_at": timezone.now() + timedelta(minutes=1)}
    told = [(slow, "slow", lease)] * deliveries.RUNNING_OF_TENANT + [(slow, "slow", {})] * 30
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=webhook, message_id=message, event="e", body="{}", **more)
        for webhook, message, more in [*told, (other, "other", {})]
    )
    deliveries.queue.sweep()
    deliveries.deliver(WebhookDelivery.objects.filter(state=State.WAITING).first().pk)
    assert [each.headers["webhook-id"] for each in receiver.seen] == ["other"]


def test_an_address_inside_is_never_asked(ash, settings, receiver, webhook):
    settings.SANDBOX = False
    happens(ash)
    assert receiver.seen == []
    assert WebhookDelivery.objects.get().last_error == "Forbidden: no answer"


def test_old_deliveries_go_and_open_ones_stay(ash, receiver, webhook):
    happens(ash)
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    deliveries.forget_old()
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("url", "events"), [("ftp://a.org", []), ("not a url", []), ("https://a.org", ["all"])]
)
def test_what_is_no_webhook_is_refused(ash, url, events):
    with pytest.raises(InvalidField):
        addresses.create(ash.tenant, url, events)


def test_a_tenant_has_so_many_webhooks_and_no_more(ash, monkeypatch):
    monkeypatch.setattr(addresses, "MOST_A_TENANT", 1)
    addresses.create(ash.tenant, "https://a.org", [])
    with pytest.raises(InvalidField):
        addresses.create(ash.tenant, "https://b.org", [])
