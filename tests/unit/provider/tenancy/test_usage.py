"""Usage: days and months as their transactions made them, recounted, closed, warned of."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from hosting.mail.models import OutgoingMail
from hosting.models import AccountDay, MailDay, Tenant, TenantDay, TenantMonth, TenantUsage
from hosting.plans import metering, quotas
from hosting.plans.metering import MonthNotOver
from provider.models import Webhook, WebhookDelivery
from provider.tenancy import usage
from provider.webhooks import events
from repos.maintenance import metering as counting
from repos.models import Repo
from repos.reads.repos import find_repo
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import put, upload

pytestmark = pytest.mark.django_db
# The one before last: last month is not over for its last transactions on the first of a month.
MONTH = metering.month_before(metering.month_before(quotas.today()))
DAY = MONTH.replace(day=15)


def say(*arguments: str):
    said = io.StringIO()
    call_command("usage", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


@pytest.fixture
def repo(ash, folder):
    """Somebody who wrote two records and uploaded a file in the middle of a month that is over."""
    repo = find_repo(ash, open_account(ash).did)
    ash.tenant.__class__.objects.update(created_at=f"{MONTH}T00:00Z")
    put(repo, "a", upload(repo, b"hello"))
    put(repo, "b")
    Repo.objects.update(counted_on=DAY)
    return repo


def test_the_first_change_of_a_day_puts_down_the_one_before(repo):
    put(repo, "c")
    day = AccountDay.objects.get()
    assert (day.day, day.writes, day.uploads, day.records, day.blob_bytes) == (DAY, 2, 1, 2, 5)
    assert Repo.objects.get().writes_today == 1


def test_whoever_does_not_write_again_is_put_down_too_and_once(repo):
    assert (counting.end_days(), counting.end_days()) == (1, 0)
    assert AccountDay.objects.get().writes == 2


def test_an_account_that_goes_leaves_its_day(repo):
    Repo.objects.all().delete()
    assert AccountDay.objects.get().did == repo.did


def closed(ash) -> TenantMonth:
    counting.end_days()
    counting.count_day(DAY)
    usage.close(MONTH)
    return TenantMonth.objects.get()


def test_a_month_is_closed_with_the_figures_of_its_days(ash, repo):
    MailDay.objects.create(tenant_id=ash.tenant_id, day=DAY, shard=0, mails=3)
    month = closed(ash)
    assert (month.writes, month.uploads, month.mails, month.active_accounts) == (2, 1, 3, 1)
    assert (month.records, month.blob_bytes, month.blob_byte_days) == (2, 5, 5)
    assert say("close", f"{MONTH:%Y-%m}") == []


def test_a_month_is_open_until_it_is_closed(ash, repo):
    counting.end_days()
    counting.count_day(DAY)
    assert metering.is_open(MONTH)
    usage.close(MONTH)
    assert not metering.is_open(MONTH)


@pytest.mark.parametrize(
    "change",
    [
        lambda: TenantMonth.objects.update(writes=0),
        lambda: TenantMonth.objects.all().delete(),
        lambda: TenantDay.objects.update(writes=0),
        lambda: AccountDay.objects.all().delete(),
        lambda: AccountDay.objects.update(writes=0),
    ],
)
def test_nothing_of_a_closed_month_changes(ash, repo, change):
    closed(ash)
    with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
        change()


def test_what_comes_late_is_counted_today(ash, repo):
    closed(ash)
    Repo.objects.update(counted_on=DAY, writes_today=4)
    put(repo, "d")
    late = AccountDay.objects.exclude(day=DAY).get()
    assert (late.day, late.writes) == (quotas.today(), 4)


def test_a_month_that_is_not_over_is_not_closed():
    with pytest.raises(MonthNotOver):
        usage.close(quotas.today().replace(day=1))


def test_a_recount_finds_what_is_wrong_and_repairs_it(repo):
    assert say("recount") == []
    Repo.objects.update(record_count=5, record_bytes=1)
    assert [each["what"] for each in say("recount", "ash", "--repair")] == ["records", "repo-bytes"]
    assert say("recount") == []


def test_what_is_used_now_is_shown_and_who_is_above(ash, repo):
    Tenant.objects.update(limits={"records": 4, "account-records": 1})
    found = say("show", "ash")
    assert found["records"] == {"value": 2, "source": "of 4"}
    assert (found["accounts"]["value"], found["blob-bytes"]["value"]) == (1, 5)
    assert found["above"][0].endswith(": 2 of 1 account-records")


def test_days_are_given_as_csv(ash, repo):
    counting.end_days()
    counting.count_day(DAY)
    said, month = io.StringIO(), f"{MONTH:%Y-%m}"
    call_command("usage", "csv", "ash", "--month", month, stdout=said)
    assert said.getvalue().splitlines()[1].startswith(f"{DAY},1,1,2,")
    assert say("csv", "ash", "--month", month, "--accounts")[0]["did"] == repo.did


def test_missed_days_are_counted(ash, repo):
    today = quotas.today()
    counting.count_day(today - timedelta(days=3))
    assert counting.count_days() == [today - timedelta(days=n) for n in (3, 2, 1)]
    assert TenantDay.objects.count() == 3


def warnings() -> int:
    return OutgoingMail.objects.count()


def test_owners_are_warned_once_at_80_and_once_at_95_per_cent(ash, repo):
    Webhook.objects.create(url="https://a.org", events=["quota.crossed"], secret=b"")
    events.forget()
    Tenant.objects.update(support_email="owner@example.com")
    for limit, mails in ((10, 0), (100, 0), (2, 1), (2, 1), (10, 1), (2, 2)):
        Tenant.objects.update(limits={"records": limit})
        usage.count()
        assert warnings() == mails, limit
    assert WebhookDelivery.objects.count() == 2
    assert "2 of 2 Records" in OutgoingMail.objects.first().text


def test_everybody_near_a_limit_is_warned_however_many_batches_they_are_in(ash, repo, monkeypatch):
    put(find_repo(ash, open_account(ash).did), "a")
    monkeypatch.setattr(usage, "BATCH", 1)
    Tenant.objects.update(limits={"account-records": 1})
    usage.warn_people()
    assert warnings() == 2


def test_whoever_frees_room_is_warned_again(ash, repo):
    for limit in (2, 100, 2):
        Tenant.objects.update(limits={"account-records": limit})
        usage.warn_people()
    assert warnings() == 2


def test_people_are_warned_of_their_own_limits_once(ash, repo):
    Tenant.objects.update(limits={"account-records": 2})
    usage.warn_people()
    usage.warn_people()
    assert warnings() == 1


def test_counting_asks_few_statements(ash, repo, django_assert_max_num_queries):
    TenantUsage.objects.create(tenant=ash.tenant)
    with django_assert_max_num_queries(3):
        usage.count()
