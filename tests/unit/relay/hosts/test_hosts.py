"""Hosts of the relay: what they may do, who is banned, what raising a limit wakes."""

import pytest
from pytest_django.fixtures import Settings

from relay import accounts
from relay.hosts import allowances, bans, limits, listing, names
from relay.hosts.allowances import Rates
from relay.models import RelayAccount, RelayHost

pytestmark = pytest.mark.django_db


def a_host(name: str = "pds.example", **changes: object) -> RelayHost:
    fields = {"hostname": name, "account_limit": 100, "seq": 7} | changes
    return RelayHost.objects.create(**fields)


def an_account(host: RelayHost, label: str, **changes: object) -> RelayAccount:
    did = "did:plc:" + label.ljust(24, "a")
    return RelayAccount.objects.create(did=did, host=host, **changes)


@pytest.mark.parametrize(
    ("limit", "is_trusted", "rates"),
    [
        (100, False, Rates(50, 2_600, 21_000)),
        (10_000, False, Rates(60, 12_500, 120_000)),
        (100, True, Rates(5_000, 50_000_000, 500_000_000)),
    ],
)
def test_rates_grow_with_the_account_limit(limit: int, is_trusted: bool, rates: Rates) -> None:
    assert allowances.rates(limit, is_trusted=is_trusted) == rates


def test_a_suffix_trusts_what_is_below_it(settings: Settings) -> None:
    settings.RELAY_TRUSTED = [".host.example", "one.example"]
    names = ["a.host.example", "host.example", "one.example", "xone.example", "a.one.example"]
    assert [allowances.is_trusted_name(name) for name in names] == [True, False, True, False, False]


def test_a_documents_host_is_no_longer_than_names_are() -> None:
    assert names.of_origin("https://PDS.example:443") == "pds.example"
    assert names.of_origin(f"https://{'a' * 10_000}") == names.of_origin(None) == ""


def test_a_ban_reaches_the_hosts_below_the_domain_and_no_others() -> None:
    bad, good = a_host("a.bad.example"), a_host("notbad.example")
    bans.ban("Bad.example")
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.status, good.status) == ("banned", "active")
    assert bans.is_banned("a.bad.example:443")


def test_a_lifted_ban_lets_the_host_be_read_again() -> None:
    host = a_host("a.bad.example")
    bans.ban("bad.example")
    bans.lift("bad.example")
    host.refresh_from_db()
    assert (host.status, host.is_crawl_wanted) == ("offline", True)


def test_a_host_that_said_nothing_yet_is_not_listed() -> None:
    heard = a_host("heard.example")
    a_host("silent.example", seq=None)
    assert [host.id for host in listing.list_hosts()] == [heard.pk]
    assert listing.list_hosts(after_id=heard.pk) == []


def test_raising_a_limit_wakes_the_oldest_throttled_accounts() -> None:
    host = a_host(account_limit=1, account_count=4)
    oldest, *_ = [an_account(host, label, is_throttled=True) for label in "bcd"]
    assert limits.set_account_limit(host.pk, 2) == 1
    assert [a.did for a in RelayAccount.objects.filter(is_throttled=False)] == [oldest.did]


def test_a_limit_that_fell_and_rises_again_wakes_nobody() -> None:
    host = a_host(account_limit=1, account_count=2)
    an_account(host, "b")
    throttled = an_account(host, "c", is_throttled=True)
    assert [limits.set_account_limit(host.pk, limit) for limit in (0, 1)] == [0, 0]
    throttled.refresh_from_db()
    assert throttled.is_throttled


def test_the_relays_word_on_an_account_comes_first() -> None:
    account = an_account(a_host(), "b", host_status="deactivated")
    assert accounts.take_down(account.did, "spam")
    account.refresh_from_db()
    assert account.status == "takendown"
    assert accounts.restore(account.did)
    account.refresh_from_db()
    assert account.status == "deactivated"
