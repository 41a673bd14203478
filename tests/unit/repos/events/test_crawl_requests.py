"""With a relay of our own on a loopback port: the network's edge."""

import io
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from hosting.models import Host
from repos.events import crawl_requests
from repos.models import CrawlPing
from repos.reads.repos import RepoRow
from server.database import connection
from tests.factories import open_account
from tests.unit.repos.events import numbering
from tests.unit.repos.events.streams.test_following import say


@dataclass
class Relay:
    """Notes the host names it is asked for, answers with `status` after `delay_s`."""

    status: int = 200
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    def serve(self) -> ThreadingHTTPServer:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/xrpc/com.atproto.sync.requestCrawl"
                relay.asked.append(json.loads(body)["hostname"])
                time.sleep(relay.delay_s)
                self.send_response(relay.status)
                self.end_headers()
                self.wfile.write(b'{"error":"HostBanned"}')

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


@pytest.fixture
def relay(settings: Settings) -> Iterator[Relay]:
    relay = Relay()
    server = relay.serve()
    settings.CRAWLERS = [f"http://127.0.0.1:{server.server_port}"]
    yield relay
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def started_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl_requests, "STARTED_AT", datetime(2020, 1, 1, tzinfo=UTC))


def later(minutes: int) -> None:
    connection.hot().execute(
        "UPDATE crawl_ping SET last_asked_at = last_asked_at - %s * interval '1 minute'", (minutes,)
    )


def test_a_host_asks_once_it_has_something_to_say(ash: Host, repo: RepoRow, relay: Relay) -> None:
    assert crawl_requests.ask_for_crawls() == 0
    numbering.number()
    assert crawl_requests.ask_for_crawls() == 1
    assert relay.asked == ["localhost:2583"]
    ping = CrawlPing.objects.get()
    assert (ping.host_id, ping.state, ping.seq, ping.last_error) == (ash.pk, "asked", 4, "")


def test_nobody_is_asked_unless_the_settings_name_relays(repo: RepoRow, settings: Settings) -> None:
    numbering.number()
    assert settings.CRAWLERS == []
    assert crawl_requests.ask_for_crawls() == 0


def test_a_relay_is_asked_once_in_twenty_minutes(repo: RepoRow, relay: Relay) -> None:
    numbering.number()
    crawl_requests.ask_for_crawls()
    say(repo, 1)
    later(19)
    assert crawl_requests.ask_for_crawls() == 0
    later(2)
    assert crawl_requests.ask_for_crawls() == 1


def test_a_silent_host_does_not_ask_until_it_speaks(repo: RepoRow, relay: Relay) -> None:
    numbering.number()
    crawl_requests.ask_for_crawls()
    later(1_000)
    assert crawl_requests.ask_for_crawls() == 0
    say(repo, 1)
    assert crawl_requests.ask_for_crawls() == 1


def test_each_host_asks_each_relay(
    birch: Host, repo: RepoRow, relay: Relay, settings: Settings
) -> None:
    open_account(birch)
    numbering.number()
    (origin,) = settings.CRAWLERS
    settings.CRAWLERS = [origin, origin.replace("127.0.0.1", "localhost")]
    assert crawl_requests.ask_for_crawls() == 4
    assert sorted(relay.asked) == ["birch.localhost:2583"] * 2 + ["localhost:2583"] * 2


def test_a_refusal_is_noted_and_tried_again_without_a_new_event(
    repo: RepoRow, relay: Relay
) -> None:
    numbering.number()
    relay.status = 403
    assert crawl_requests.ask_for_crawls() == 0
    ping = CrawlPing.objects.get()
    assert (ping.state, ping.last_error) == ("failed", '403 {"error":"HostBanned"}')
    relay.status = 200
    assert crawl_requests.ask_for_crawls() == 0, "not before its time"
    later(2)
    assert crawl_requests.ask_for_crawls() == 1
    assert CrawlPing.objects.get().last_error == ""


def test_after_failures_the_pauses_grow_up_to_the_usual_one(repo: RepoRow, relay: Relay) -> None:
    numbering.number()
    relay.status = 503
    tries = []
    for minute in range(120):
        before = len(relay.asked)
        crawl_requests.ask_for_crawls()
        tries += [minute] * (len(relay.asked) - before)
        later(1)
    pauses = [end - begin for begin, end in itertools.pairwise(tries)]
    assert pauses[:7] == [1, 2, 4, 8, 16, 20, 20]
    assert CrawlPing.objects.get().failures == len(tries)


def test_one_answer_ends_the_pauses(repo: RepoRow, relay: Relay) -> None:
    numbering.number()
    relay.status = 503
    crawl_requests.ask_for_crawls()
    CrawlPing.objects.update(failures=9)
    later(21)
    relay.status = 200
    crawl_requests.ask_for_crawls()
    assert CrawlPing.objects.get().failures == 0


def test_the_first_event_after_a_start_asks(
    repo: RepoRow, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbering.number()
    crawl_requests.ask_for_crawls()
    later(2)
    monkeypatch.setattr(crawl_requests, "STARTED_AT", datetime.now(UTC) - timedelta(minutes=1))
    assert crawl_requests.ask_for_crawls() == 0, "nothing to say yet"
    say(repo, 1)
    assert crawl_requests.ask_for_crawls() == 1
    say(repo, 2)
    later(2)
    monkeypatch.setattr(crawl_requests, "STARTED_AT", datetime.now(UTC) - timedelta(minutes=9))
    assert crawl_requests.ask_for_crawls() == 0, "one is enough"


def test_a_reader_that_has_gone_is_asked_to_come_back(repo: RepoRow, relay: Relay) -> None:
    numbering.number()
    crawl_requests.ask_for_crawls()
    CrawlPing.objects.update(is_wanted=True)
    assert crawl_requests.ask_for_crawls() == 0, "not twice in a minute"
    later(2)
    assert crawl_requests.ask_for_crawls() == 1
    later(2)
    assert crawl_requests.ask_for_crawls() == 0


def test_a_relay_that_just_failed_is_left_alone_for_all_hosts(
    birch: Host, repo: RepoRow, relay: Relay
) -> None:
    open_account(birch)
    numbering.number()
    relay.status = 503
    crawl_requests.ask_for_crawls()
    crawl_requests.ask_for_crawls()
    assert len(relay.asked) == 1


def test_staff_may_ask_at_any_time(ash: Host, repo: RepoRow, relay: Relay) -> None:
    numbering.number()
    crawl_requests.ask_for_crawls()
    said = io.StringIO()
    call_command("host", "set", "localhost", "--request-crawl", stdout=said)
    assert relay.asked == ["localhost:2583"] * 2
    assert said.getvalue().rstrip().endswith("  asked")
    relay.status = 403
    with pytest.raises(CommandError, match="HostBanned"):
        call_command("host", "set", "localhost", "--request-crawl", stdout=said)


def test_a_relay_that_is_down_costs_one_try_a_round_and_harms_no_other(
    birch: Host, repo: RepoRow, relay: Relay, settings: Settings
) -> None:
    open_account(birch)
    numbering.number()
    settings.CRAWLERS = ["http://127.0.0.1:9", *settings.CRAWLERS]
    assert crawl_requests.ask_for_crawls() == 2
    (down,) = CrawlPing.objects.filter(relay="http://127.0.0.1:9")
    assert (down.state, down.last_error[:11]) == ("failed", "Unreachable")


def test_a_slow_relay_is_waited_for_no_longer_than_the_limit(
    repo: RepoRow, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbering.number()
    monkeypatch.setattr(crawl_requests, "TIMEOUT_S", 0.2)
    relay.delay_s = 3.0
    began = time.monotonic()
    assert crawl_requests.ask_for_crawls() == 0
    assert time.monotonic() - began < relay.delay_s
    assert CrawlPing.objects.get().last_error.startswith("TimedOut")


def test_one_who_was_killed_while_asking_is_followed_by_another(
    repo: RepoRow, relay: Relay
) -> None:
    numbering.number()
    crawl_requests.ask_for_crawls()
    CrawlPing.objects.update(state="asking")
    assert crawl_requests.ask_for_crawls() == 0
    later(2)
    assert crawl_requests.ask_for_crawls() == 1


def test_of_two_rounds_at_once_one_asks(
    ash: Host, repo: RepoRow, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbering.number()
    due = [(ash.pk, ash.origin, 4)]
    crawl_requests.ask_for_crawls()
    monkeypatch.setattr(connection, "rows", lambda *_: due)
    assert crawl_requests.ask_for_crawls() == 0
    assert len(relay.asked) == 1
