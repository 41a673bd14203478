"""Webhooks of records, reports, long work and mail: what is told of each, and what is not."""

import orjson
import pytest

from hosting.models import Host
from hosting.models.signals import mail_refused
from moderation.desk.reports import reports
from moderation.desk.subjects.subject import REPO_REF
from provider.errors import InvalidField
from provider.jobs import kinds, running
from provider.models import Webhook, WebhookDelivery
from provider.webhooks import addresses, events, records
from repos.commits import writes
from repos.commits.group_commit import apply_writes
from repos.reads.repos import find_repo
from tests.factories import account_row, open_account
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db
POST = "app.bsky.feed.post"


@pytest.fixture(autouse=True)
def nobody_sends(settings, monkeypatch):
    settings.VALKEY_URL = ""
    monkeypatch.setattr("provider.webhooks.deliveries.queue.wake", lambda _pk: None)
    events.forget()


def hooked(host: Host, *collections: str) -> Webhook:
    numbering.number()
    url = "https://hook.example"
    return addresses.create(host.tenant, url, [], collections=collections)[0]


def told() -> list[tuple[str, dict]]:
    bodies = WebhookDelivery.objects.order_by("pk").values_list("body", flat=True)
    return [(said["type"], said["data"]) for said in map(orjson.loads, bodies)]


def written(host: Host) -> str:
    account = open_account(host)
    post = {"$type": POST, "text": "hello", "createdAt": "2026-01-01T00:00:00.000Z"}
    repo = find_repo(host, account.did)
    apply_writes(repo, [writes.create(POST, "3k", post, validate=False)])
    numbering.number()
    return account.did


def test_records_of_named_collections_are_told_once(ash, birch):
    hooked(ash, "app.bsky.feed.*")
    WebhookDelivery.objects.all().delete()
    did = written(ash)
    written(birch)
    WebhookDelivery.objects.all().delete()
    assert (records.read_on(), records.read_on()) == (1, 0)
    ((name, data),) = told()
    assert (name, data["did"], data["host"]) == ("record.created", did, "localhost")
    assert data["record"]["text"] == "hello"
    assert "operation" not in data


def test_other_collections_and_what_was_before_are_not_told(ash):
    written(ash)
    hooked(ash, "app.bsky.graph.follow")
    hooked(ash)
    assert records.read_on() == 0


def test_a_webhook_that_takes_nothing_is_not_read_for(ash, monkeypatch):
    hooked(ash, "app.bsky.feed.post")
    monkeypatch.setattr(records, "REPLAYED_MOST", 1)
    written(ash)  # the account's own event waits
    assert records.read_on() == 0


@pytest.mark.parametrize("name", ["", "*", "app", "app.*.post", "a b.c.d", ".*"])
def test_what_is_no_collection_is_refused(ash, name):
    with pytest.raises(InvalidField):
        hooked(ash, name)


def test_a_report_is_told_without_its_words(ash):
    hooked(ash)
    account = account_row(ash)
    about = {"$type": REPO_REF, "did": "did:web:a.org"}
    reports.file(account, about, "com.atproto.moderation.defs#reasonSpam", "secret words")
    said = dict(told())
    assert said["report.filed"]["subject"] == "did:web:a.org"
    assert "secret" not in str(said)


def test_long_work_that_ended_is_told(ash, monkeypatch):
    hooked(ash)
    monkeypatch.setitem(kinds.KINDS, "test.work", kinds.Kind("test.work", lambda _work: 1))
    running.begin("test.work", ash.tenant, "operator")
    running.sweep()
    assert [name for name, _data in told()] == ["job.done"]


def test_a_refused_mail_is_told_without_its_address(ash):
    hooked(ash)
    mail_refused.send(sender=None, host=ash, kind="decision", recipient="anna@example.org")
    assert told() == [("mail.refused", {"host": "localhost", "kind": "decision"})]


def emptied() -> int:
    records.read_on()
    return WebhookDelivery.objects.all().delete()[0]


def test_each_of_many_webhooks_is_told_what_is_its_own(ash, birch):
    hooks = [hooked(ash, POST, "app.bsky.*"), hooked(ash, "app.bsky.graph.*"), hooked(birch, POST)]
    emptied()
    did = written(ash)
    WebhookDelivery.objects.all().delete()
    assert records.read_on() == 1
    message = WebhookDelivery.objects.get()
    assert (message.webhook, orjson.loads(message.body)["data"]["did"]) == (hooks[0], did)


def test_the_platforms_webhook_hears_of_all_hosts(ash, birch):
    addresses.create(None, "https://hook.example", ["record.created"], collections=[POST])
    emptied()
    dids = [written(ash), written(birch)]
    assert (records.read_on(), [data["did"] for _name, data in told()]) == (2, dids)


def test_webhooks_that_want_nothing_of_it_cost_no_statement(
    ash, birch, django_assert_max_num_queries
):
    hooked(ash, POST)
    emptied()
    for _ in range(10):
        hooked(birch, POST)
    written(ash)
    with django_assert_max_num_queries(14) as few:
        records.read_on()
    for _ in range(9):
        hooked(birch, POST)
    written(ash)
    with django_assert_max_num_queries(len(few.captured_queries)):
        records.read_on()


def test_a_webhook_that_was_full_or_disabled_catches_up(ash, monkeypatch):
    full, disabled = hooked(ash, POST), hooked(ash, POST)
    emptied()
    monkeypatch.setattr(records, "REPLAYED_MOST", 1)
    addresses.change(disabled, is_enabled=False)
    written(ash)  # the account's own event waits
    assert records.read_on() == 0
    assert Webhook.objects.filter(is_behind=True).count() == 2
    WebhookDelivery.objects.all().delete()
    addresses.change(disabled, is_enabled=True)
    assert records.read_on() == 2
    assert set(WebhookDelivery.objects.values_list("webhook", flat=True)) == {full.pk, disabled.pk}
    assert not Webhook.objects.filter(is_behind=True).exists()


def test_a_change_of_its_address_moves_no_reader(ash):
    webhook = hooked(ash, POST)
    Webhook.objects.update(is_behind=True, record_position=7)
    addresses.change(webhook, url="https://other.example")
    assert (Webhook.objects.get().is_behind, Webhook.objects.get().record_position) == (True, 7)


def test_large_records_are_read_a_few_at_a_time(ash, monkeypatch):
    hooked(ash, POST)
    for _ in range(3):
        written(ash)
    monkeypatch.setattr(records, "BYTES_AT_ONCE", 1)
    assert (records.read_on(), records.read_on()) == (3, 0)
