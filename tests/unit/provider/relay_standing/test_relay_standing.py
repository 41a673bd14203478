"""How a host stands with a relay: what it says is kept, what is amiss is told once."""

from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from provider.jobs import running
from provider.models import Job, RelayStanding, WebhookDelivery
from provider.relay_standing import announcing, asking, checks, warnings
from provider.webhooks import addresses, events
from repos.models import CrawlPing, Event
from tests import upstreams
from tests.factories import account_row, open_account

pytestmark = pytest.mark.django_db
HOST_STATUS, REPO_STATUS = "com.atproto.sync.getHostStatus", "com.atproto.sync.getRepoStatus"
ACTIVE = {"hostname": "localhost", "status": "active", "seq": 0, "accountCount": 20}


@pytest.fixture
def relay(settings, monkeypatch) -> Iterator[upstreams.Upstream]:
    settings.VALKEY_URL = ""
    events.forget()
    monkeypatch.setattr(asking, "TIMEOUT_S", 0.3)
    with upstreams.running() as running_relay:
        settings.CRAWLERS = [running_relay.url]
        running_relay.answers(HOST_STATUS, upstreams.answering(ACTIVE))
        yield running_relay


def people(host, count: int) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    for number in range(count):
        account_row(host, f"person{number}", opened_at=long_ago)


def states(relay, *words: str) -> None:
    said = [upstreams.answering({"active": word == "", "status": word}) for word in words]
    relay.answers(REPO_STATUS, *said)


def test_an_active_host_of_which_accounts_are_throttled_is_found_out(ash, relay):
    people(ash, 6)
    states(relay, "throttled", "throttled", "", "")
    standing = checks.check(ash, relay.url)
    assert (standing.status, standing.account_count) == ("active", 20)
    assert (standing.sampled_count, standing.throttled_count) == (5, 2)
    assert standing.warnings == ["throttled"]


def test_most_of_the_allowance_used_is_told_once(ash, relay, settings):
    settings.RELAY_ALLOWANCE = 28
    ash.tenant.support_email = "support@a.org"
    ash.tenant.save()
    addresses.create(ash.tenant, "https://hook.example", ["host.relay_warning"])
    for _ in range(2):
        assert checks.check(ash, relay.url).warnings == ["near_allowance"]
    said = orjson.loads(WebhookDelivery.objects.get().body)
    assert said["data"]["warning"] == "near_allowance"
    assert OutgoingMail.objects.count() == 1
    settings.RELAY_ALLOWANCE = 29
    assert checks.check(ash, relay.url).warnings == []


@pytest.mark.parametrize(
    ("behaviour", "warned"),
    [
        (upstreams.answering({"error": "HostNotFound"}, "404 Not Found"), "unknown"),
        (upstreams.answering({**ACTIVE, "status": "banned"}), "banned"),
        (upstreams.answering({**ACTIVE, "status": "offline"}), "offline"),
        (upstreams.answering(b"x" * 100_000), "silent"),
        (upstreams.answering(b"{}", "500 Internal Server Error"), "silent"),
        (upstreams.silent(), "silent"),
        (upstreams.raw(b"HTTP/1.1 200 OK\r\n", pause_s=0.1), "silent"),
    ],
)
def test_what_is_amiss_has_a_word(ash, relay, behaviour, warned):
    relay.answers(HOST_STATUS, behaviour)
    assert checks.check(ash, relay.url).warnings == [warned]


@pytest.mark.parametrize(
    "body", [b"[]", b"\xff", b'{"seq": 1e400}', b'{"status": {}}', b"[" * 9_000]
)
def test_a_hostile_relay_says_nothing(ash, relay, body):
    relay.answers(HOST_STATUS, upstreams.answering(body))
    standing = checks.check(ash, relay.url)
    assert (standing.status, standing.seq, standing.account_count) == ("", None, None)


def test_hosts_are_asked_about_in_turns_and_a_silent_relay_once(ash, birch, relay):
    relay.answers(HOST_STATUS, upstreams.silent())
    for host in (ash, birch):
        CrawlPing.objects.create(
            host_id=host.pk, relay=relay.url, state="asked", seq=0, last_asked_at=timezone.now()
        )
    assert checks.check_due() == 1
    relay.answers(HOST_STATUS, upstreams.answering(ACTIVE))
    assert checks.check_due() == 1  # the other one
    assert checks.check_due() == 0
    assert RelayStanding.objects.count() == 2


def test_a_letter_has_the_figures(ash, relay):
    people(ash, 1)
    letter = warnings.request_text(checks.check(ash, relay.url))
    assert "Accounts that you have seen: 20; allowance: 100" in letter


def test_every_account_is_announced_again_at_a_pace(ash, birch, relay, settings):
    settings.ANNOUNCEMENTS_PER_HOUR = 60
    ours = [open_account(ash) for _ in range(2)]
    open_account(birch)
    before = Event.objects.count()
    job = announcing.begin(ash, "operator")
    seen = []
    for _ in range(3):
        Job.objects.make_due()
        running.run(job.pk)
        seen.append(Job.objects.get(pk=job.pk).done_count)
    assert seen == [1, 2, 2]
    assert Job.objects.get(pk=job.pk).state == "done"
    assert Event.objects.count() - before == 2 * len(ours)
