"""requestCrawl at the relay: who is taken in, and who is refused by which name."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from hosting.models import Host
from protocol.errors import XrpcError
from relay.hosts import bans, crawl_requests, departures
from relay.models import RelayCounter, RelayHost
from repos.models import Event
from repos.reads.repos import RepoRow
from server.net import http_client
from server.net.http_client import Answer, Unreachable
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db
PDS = Answer(200, {}, b'{"did": "did:web:pds.example", "availableUserDomains": []}')


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What hosts answer; a PDS unless a test says otherwise."""
    said: dict[str, Any] = {"answer": PDS, "urls": []}

    def request(_method: str, url: str, **_: Any) -> Answer:
        said["urls"].append(url)
        if said["answer"] is None:
            raise Unreachable("nobody")
        answer: Answer = said["answer"]
        return answer

    monkeypatch.setattr(http_client, "request", request)
    return said


def refusal(hostname: str) -> str:
    with pytest.raises(XrpcError) as refused:
        crawl_requests.request_crawl(hostname)
    return refused.value.name


def at(position: int) -> None:
    RelayCounter.objects.update_or_create(relay_id=1, defaults={"inside_position": position})


def test_a_pds_is_read_from_then_on_with_the_allowance_of_a_new_one(settings: Settings) -> None:
    settings.RELAY_TRUSTED = [".host.example"]
    crawl_requests.request_crawl("PDS.example")
    crawl_requests.request_crawl("a.host.example")
    found = RelayHost.objects.order_by("id").values_list("hostname", "is_trusted", "account_limit")
    assert list(found) == [("pds.example", False, 100), ("a.host.example", True, 10_000_000)]


@pytest.mark.parametrize(
    "hostname", ["", "10.0.0.1", "pds.example:8080", "a b", "[::1]", "relay.localhost", "x/../y"]
)
def test_what_is_no_public_name_is_refused_unasked(
    hostname: str, asked: dict[str, Any], settings: Settings
) -> None:
    settings.RELAY_HOST = "relay.localhost"
    assert refusal(hostname) == "BadRequest"
    assert asked["urls"] == []


def test_names_of_this_machine_are_for_sandboxes(settings: Settings) -> None:
    settings.SANDBOX = False
    assert refusal("localhost:2584") == "BadRequest"


def test_a_banned_domain_is_refused() -> None:
    bans.ban("bad.example")
    assert refusal("pds.bad.example") == "DomainBan"


def test_a_domain_that_is_banned_while_its_host_is_asked_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def banned_meanwhile(*_: Any, **__: Any) -> Answer:
        bans.ban("bad.example")
        return PDS

    monkeypatch.setattr(http_client, "request", banned_meanwhile)
    assert refusal("pds.bad.example") == "DomainBan"
    assert not RelayHost.objects.exists()


def test_who_is_no_pds_is_refused(asked: dict[str, Any]) -> None:
    for answer in (None, Answer(404, {}, b""), Answer(200, {}, b"[]")):
        asked["answer"] = answer
        assert refusal("pds.example") == "HostNotFound"
    asked["answer"] = Answer(200, {"server": "x atproto-relay"}, PDS.body)
    assert refusal("pds.example") == "HostNotFound"
    assert not RelayHost.objects.exists()


def test_our_own_hosts_are_not_asked(ash: Host, asked: dict[str, Any]) -> None:
    Host.objects.filter(pk=ash.pk).update(other_hostname="new", other_origin="https://new.example")
    for name in ("localhost:2583", "new.example"):
        crawl_requests.request_crawl(name)
    assert (asked["urls"], RelayHost.objects.count()) == ([], 0)


def test_a_host_of_ours_that_left_whole_is_read_where_its_name_leads() -> None:
    at(7)
    RelayHost.objects.create(hostname="pds.example", inside_id=999, account_limit=0, seq=5)
    RelayHost.objects.create(hostname="bad.example", inside_id=998, account_limit=0)
    bans.ban("bad.example")
    crawl_requests.request_crawl("pds.example")
    host, bad = RelayHost.objects.order_by("id")
    assert (host.inside_id, host.seq, host.account_limit, host.status) == (None, None, 100, "idle")
    assert host.is_crawl_wanted
    assert bad.status == "banned"


def test_a_host_that_left_stays_ours_until_all_it_said_is_in_the_stream(repo: RepoRow) -> None:
    numbering.number()
    at(0)
    row = RelayHost.objects.create(hostname="pds.example", inside_id=999, account_limit=0)
    Event.objects.update(host_id=999)
    departures.release()
    row.refresh_from_db()
    assert row.inside_id == 999
    at(10**6)
    departures.release()
    row.refresh_from_db()
    assert row.inside_id is None


def test_new_hosts_are_few_a_day() -> None:
    for number in range(50):
        RelayHost.objects.create(hostname=f"h{number}.example", account_limit=100)
    assert refusal("pds.example") == "NewHostsDisabled"
    crawl_requests.request_crawl("h3.example")


def test_a_host_beyond_its_rate_is_left_alone_until_its_time() -> None:
    at = timezone.now() + timedelta(hours=1)
    RelayHost.objects.create(
        hostname="pds.example", account_limit=100, status="throttled", retry_at=at
    )
    crawl_requests.request_crawl("pds.example")
    assert RelayHost.objects.get().retry_at == at
    crawl_requests.request_crawl("pds.example", is_by_staff=True)
    assert RelayHost.objects.get().retry_at is None


def test_a_host_that_was_left_is_read_again() -> None:
    gone = {"account_limit": 100, "is_crawl_wanted": False, "failures": 9}
    RelayHost.objects.create(hostname="pds.example", **gone)
    crawl_requests.request_crawl("pds.example")
    assert RelayHost.objects.filter(is_crawl_wanted=True, failures=0).exists()
