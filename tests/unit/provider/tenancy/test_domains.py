"""Handle domains: which a host may get, and what becomes of handles when one goes."""

import pytest

from accounts.identity import external_handles
from accounts.models import WebIdentity
from hosting.models import HandleDomain
from provider.errors import InUse, InvalidField, NameTaken, NoSuchThing
from provider.tenancy import domain_checks, domains
from server.net.http_client import Forbidden, NoSuchHost, TimedOut
from tests import factories


@pytest.mark.parametrize("name", ["Acme.org", ".acme.org", "acme.org."])
def test_a_domain_is_one_in_any_spelling(ash, name):
    assert domains.add(ash, name).name == ".acme.org"
    assert domains.named(name).host == ash


@pytest.mark.parametrize(
    "name",
    [
        *("org", "co.uk", "github.io", "192.0.2.1", "acme", "", "a b.org", "acme.local"),
        *("acme.onion", "acme.invalid", "-acme.org", "acme..org", "münchen.de"),
    ],
)
def test_what_is_no_domain_for_handles_is_refused(ash, name):
    with pytest.raises(InvalidField):
        domains.add(ash, name)


def test_a_domain_has_one_host(ash, birch):
    domains.add(ash, "acme.org")
    with pytest.raises(NameTaken):
        domains.add(birch, ".acme.org")


def test_a_handle_of_somebody_is_no_domain(ash, birch):
    factories.account_row(ash, "anna")
    with pytest.raises(NameTaken, match=r"anna\.test is somebody's handle"):
        domains.add(birch, "anna.test")


def test_new_domains_come_behind_the_others(ash):
    domains.add(ash, "acme.org")
    domains.add(ash, "acme.net")
    assert [each.name for each in ash.handle_domains.all()] == [".test", ".acme.org", ".acme.net"]


def test_a_domain_in_use_is_not_removed_and_says_by_whom(ash):
    for name in ("anna", "bert"):
        factories.account_row(ash, name)
    with pytest.raises(InUse, match=r"\.test is in use by anna\.test, bert\.test\.") as refused:
        domains.remove(domains.named(".test"), "operator")
    assert refused.value.count == 2
    assert HandleDomain.objects.filter(name=".test").exists()


def test_many_who_use_a_domain_are_counted(ash):
    for number in range(12):
        factories.account_row(ash, f"person{number}")
    with pytest.raises(InUse, match="and 2 more"):
        domains.remove(domains.named(".test"), "operator")


def test_who_loses_a_domain_lives_on_without_a_handle(ash, monkeypatch):
    monkeypatch.setattr(domains, "BATCH", 2)
    people = [factories.account_row(ash, f"person{number}") for number in range(5)]
    assert domains.remove(domains.named(".test"), "operator", is_forced=True) == 5
    for account in people:
        account.refresh_from_db()
        assert account.is_active
        assert external_handles.shown(account) is None
    with pytest.raises(NoSuchThing):
        domains.named(".test")


def test_a_longer_domain_keeps_its_handles(ash):
    domains.add(ash, "staff.test")
    boss = factories.account_row(ash, "boss.staff")
    assert domains.remove(domains.named(".test"), "operator") == 0
    assert external_handles.shown(boss) == "boss.staff.test"


def test_a_did_web_keeps_its_domain(ash):
    WebIdentity.objects.create(did="did:web:anna.test", host=ash)
    with pytest.raises(InUse, match=r"did:web:anna\.test"):
        domains.remove(domains.named(".test"), "operator", is_forced=True)


def checked(ash, answer) -> list[str]:
    def ask(_url: str) -> int:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return [each.verdict for each in domain_checks.check(domains.named(".test"), ask)]


@pytest.mark.parametrize(
    ("answer", "verdicts"),
    [
        (404, ["ok", "ok", "ok"]),
        (200, ["ok", "ok", "failed"]),
        (NoSuchHost(), ["failed", "not looked at", "not looked at"]),
        (Forbidden(), ["ok", "failed", "not looked at"]),
        (TimedOut(), ["ok", "failed", "not looked at"]),
    ],
)
def test_each_of_three_checks_says_what_it_found(ash, answer, verdicts):
    assert checked(ash, answer) == verdicts


def test_a_check_asks_for_a_name_that_nobody_has(ash):
    asked = []
    list(domain_checks.check(domains.named(".test"), lambda url: asked.append(url) or 404))
    assert asked[0].endswith(".test/.well-known/atproto-did") or ".test:" in asked[0]
