"""Platform staff's pages of the relay; everybody else's answer."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hosting.models import Host, StaffUser
from hosting.tenancy import routing
from moderation.models import AuditEntry
from relay.hosts import alerts
from relay.models import DomainBan, RelayAccount, RelayEvent, RelayHost
from tests.factories import staff_member

pytestmark = pytest.mark.django_db
REASON = "they asked"


@pytest.fixture
def provider(ash: Host) -> Client:
    routing.forget()
    browser = Client(headers={"host": ash.hostname})
    user = StaffUser.objects.create_user("provider", is_staff=True, is_platform_staff=True)
    browser.force_login(user)
    return browser


def a_host(name: str = "pds.example.com", **changes: Any) -> RelayHost:
    fields = {"hostname": name, "account_limit": 100, "account_count": 80, "seq": 7, **changes}
    return RelayHost.objects.create(**fields)


def entry() -> tuple[str, str]:
    found = AuditEntry.objects.latest("pk")
    return found.action, found.reason


def test_hosts_are_listed_with_their_figures(provider: Client, ash: Host) -> None:
    host = a_host()
    a_host("localhost", inside_id=ash.pk, account_limit=0, account_count=0)
    moment = timezone.now()
    for seq in (1, 2):
        RelayEvent.objects.create(
            seq=seq, created_at=moment, host_id=host.pk, did="d", kind=4, seq_at=0, body=b""
        )
    shown = provider.get("/console/relay/").text
    assert "80 / 100" in shown
    assert "our own" in shown
    assert '<td data-label="Events a minute">2</td>' in shown
    assert (
        "pds.example.com"
        not in provider.get("/console/relay/", {"q": "local"}).text.split("<table>")[1]
    )


def test_alerts_stand_first_and_at_their_host(provider: Client) -> None:
    host = a_host()
    alerts.watch()
    sentence = "80 percent of the accounts that it may have"
    assert sentence in provider.get("/console/relay/").text
    assert sentence in provider.get(f"/console/relay/hosts/{host.pk}/").text


def test_a_host_shows_why_events_were_refused(provider: Client) -> None:
    host = a_host()
    host.rejections.create(reason="bad-signature", count=12, last_at=timezone.now())
    shown = provider.get(f"/console/relay/hosts/{host.pk}/").text
    assert "bad-signature" in shown
    assert "50 / s, 2600 / h, 21000 / d" in shown


def test_a_limit_is_raised_and_wakes_the_oldest(provider: Client) -> None:
    host = a_host()
    account = RelayAccount.objects.create(did="did:plc:a", host=host, is_throttled=True)
    given = {"limit": 200, "reason": REASON}
    page = provider.post(f"/console/relay/hosts/{host.pk}/limit/", given, follow=True)
    host.refresh_from_db()
    account.refresh_from_db()
    assert (host.account_limit, account.is_throttled) == (200, False)
    assert "any more: 1" in page.text
    assert entry() == ("relay.change_limit", f"pds.example.com: 100 -> 200. {REASON}")


def test_a_domain_is_banned_and_allowed_again(provider: Client) -> None:
    host = a_host()
    given = {"domain": "Example.com", "reason": REASON}
    assert "example.com is banned" in provider.post("/console/relay/bans/", given, follow=True).text
    host.refresh_from_db()
    assert (host.status, entry()) == ("banned", ("relay.ban", f"example.com: {REASON}"))
    provider.post("/console/relay/bans/lift/", given)
    assert not DomainBan.objects.exists()
    assert entry()[0] == "relay.lift_ban"


def test_a_host_is_read_again_at_once(provider: Client) -> None:
    host = a_host(failures=9, retry_at=timezone.now(), is_crawl_wanted=False)
    provider.post(f"/console/relay/hosts/{host.pk}/crawl/", {"reason": REASON})
    host.refresh_from_db()
    assert (host.failures, host.retry_at, host.is_crawl_wanted) == (0, None, True)
    assert entry() == ("relay.crawl", f"pds.example.com: {REASON}")


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("hosts/{id}/limit/", {"limit": -1, "reason": REASON}),
        ("hosts/{id}/limit/", {"limit": 500, "reason": " "}),
        ("bans/", {"domain": "no domain", "reason": REASON}),
        ("bans/", {"domain": "example.com", "reason": ""}),
    ],
)
def test_what_is_wrong_in_a_form_changes_nothing(
    provider: Client, form: str, given: dict[str, Any]
) -> None:
    host = a_host()
    provider.post(f"/console/relay/{form.format(id=host.pk)}", given)
    host.refresh_from_db()
    assert (host.account_limit, host.status) == (100, "active")
    assert not AuditEntry.objects.exists()


def test_our_own_hosts_have_no_limit_to_change(provider: Client, ash: Host) -> None:
    host = a_host("localhost", inside_id=ash.pk)
    given = {"limit": 5, "reason": REASON}
    assert provider.post(f"/console/relay/hosts/{host.pk}/limit/", given).status_code == 404


def test_a_tenants_owner_does_not_come_here(ash: Host) -> None:
    routing.forget()
    browser = Client(headers={"host": ash.hostname})
    browser.force_login(staff_member(ash, "owner"))
    assert browser.get("/console/relay/").status_code == 403
    assert 'href="/console/relay/"' not in browser.get("/console/").text
