"""Alerts: what is raised, what ends, and how often people are written to."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from hosting.models import Host, StaffUser
from relay import tasks
from relay.hosts import alerts
from relay.models import HostAlert, RelayHost

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(ash: Host) -> StaffUser:
    return StaffUser.objects.create_user(
        "provider", email="provider@example.com", is_staff=True, is_platform_staff=True
    )


def a_host(name: str = "pds.example", **changes: object) -> RelayHost:
    return RelayHost.objects.create(**{"hostname": name, "account_limit": 100, "seq": 7, **changes})


def now_open() -> set[tuple[str, str, int]]:
    return {(each.host.hostname, each.kind, each.figure) for each in alerts.now_open(99)}


def letters() -> list[str]:
    return list(OutgoingMail.objects.filter(kind="relay_alerts").values_list("text", flat=True))


def test_each_matter_is_raised_once_and_ends_with_its_cause() -> None:
    a_host("full.example", account_count=80)
    a_host("busy.example", rate_use=85)
    a_host("late.example", lag_s=700, last_event_at=timezone.now())
    a_host("off.example", status="offline", last_event_at=timezone.now())
    a_host("gone.example", status="offline", last_event_at=timezone.now() - alerts.GONE)
    a_host("fine.example", account_count=79, rate_use=79, lag_s=700)  # which said it long ago
    a_host("ours.example", inside_id=1, account_count=100)
    alerts.watch()
    alerts.watch()
    assert now_open() == {
        ("full.example", "accounts", 80),
        ("busy.example", "events", 85),
        ("late.example", "lag", 700),
        ("off.example", "lag", 0),
    }
    RelayHost.objects.update(account_count=0, rate_use=0, lag_s=0, status="active")
    alerts.watch()
    assert now_open() == set()


def test_a_host_that_may_have_no_accounts_is_as_staff_wish() -> None:
    host = a_host(account_limit=0, account_count=3)
    alerts.watch()
    assert now_open() == set()
    assert not alerts.is_near_limit(host)
    assert alerts.is_near_limit(a_host("near.example", account_limit=1, account_count=1))


def test_a_host_most_of_whose_events_are_refused_is_seen() -> None:
    host = a_host(accepted_count=200)
    refused = host.rejections.create(reason="bad-signature", count=299, last_at=timezone.now())
    host.rejections.create(reason="throttled", count=9_999, last_at=timezone.now())  # our wish
    alerts.watch()
    assert now_open() == set()
    refused.count += 300
    refused.save()
    alerts.watch()
    assert now_open() == {("pds.example", "rejections", 300)}
    alerts.watch()
    assert now_open() == set()


def test_platform_staff_are_written_to_once_about_the_same() -> None:
    a_host("full.example", account_count=90)
    alerts.watch()
    alerts.watch()
    (letter,) = letters()
    assert "full.example: 90 percent of the accounts that it may have" in letter
    RelayHost.objects.update(account_count=0)
    alerts.watch()
    RelayHost.objects.update(account_count=95)
    HostAlert.objects.update(mailed_at=timezone.now() - timedelta(hours=23))
    alerts.watch()
    assert (len(now_open()), len(letters())) == (1, 1)


def test_a_letter_waits_for_the_one_before_and_names_few_hosts() -> None:
    a_host("first.example", account_count=90)
    alerts.watch()
    for number in range(alerts.LINES_MAX + 3):
        a_host(f"h{number}.example", account_count=90)
    alerts.watch()
    assert len(letters()) == 1
    HostAlert.objects.filter(mailed_at__isnull=False).update(
        mailed_at=timezone.now() - alerts.MAIL_EVERY
    )
    alerts.watch()
    assert "and 3 more" in letters()[-1]
    assert letters()[-1].count("percent of") == alerts.LINES_MAX


def test_without_a_relay_nobody_looks(settings) -> None:
    a_host(account_count=90)
    settings.RELAY_HOST = ""
    tasks.watch_hosts()
    assert now_open() == set()
    settings.RELAY_HOST = "relay.localhost"
    tasks.watch_hosts()
    assert len(now_open()) == 1
