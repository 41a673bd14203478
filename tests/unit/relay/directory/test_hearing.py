"""Collections of outside repos: from events, and once from their hosts."""

from typing import Any

import orjson
import pytest

from hosting.models import Host
from protocol import car, cbor, cid
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind, RepoOp
from relay.directory import hearing
from relay.models import (
    DescribedRepo,
    DirectoryMark,
    RelayAccount,
    RelayCollection,
    RelayCounter,
    RelayEvent,
    RelayHost,
)
from server.net import http_client
from server.net.http_client import Answer

pytestmark = pytest.mark.django_db

DID = "did:plc:outsideoutsideoutside222"
BLOCK = cbor.encode({"text": "hello"})
CID = cid.of_dag_cbor(BLOCK)


@pytest.fixture
def account() -> RelayAccount:
    host = RelayHost.objects.create(hostname="pds.example.com", account_limit=100, seq=1)
    return RelayAccount.objects.create(did=DID, host=host, rev="3kabcdefgh22a", head=CID)


def say(seq: int, host: RelayHost, *ops: RepoOp) -> None:
    body = frames.commit_body(
        repo=DID,
        commit=CID,
        rev="3kabcdefgh22a",
        since=None,
        blocks=car.header([CID]) + car.frame(CID, BLOCK),
        ops=ops,
        prev_data=None,
        time="2026-11-22T12:00:00.000Z",
    )
    stored = {"kind": EventKind.COMMIT, "seq_at": body.seq_at, "body": body.data}
    RelayEvent.objects.create(seq=seq, host_id=host.pk, did=DID, **stored, created_at=MOMENT)
    RelayCounter.objects.update_or_create(relay_id=1, defaults={"last_seq": seq})


MOMENT = "2026-11-22T12:00:00Z"
POST = RepoOp("create", "app.bsky.feed.post/3k2a", CID)
LIKE = RepoOp("delete", "app.bsky.feed.like/3k2b", None, CID)


def known() -> list[str]:
    return sorted(RelayCollection.objects.values_list("collection", flat=True))


def test_what_is_written_is_known_and_what_is_deleted_is_no_news(account: RelayAccount) -> None:
    say(1, account.host, POST, LIKE)
    say(2, account.host, POST)
    assert (hearing.hear(), hearing.hear()) == (2, 0)
    assert known() == ["app.bsky.feed.post"]
    assert DirectoryMark.objects.get().seq == 2


def test_a_repo_with_very_many_collections_adds_no_more(account: RelayAccount) -> None:
    names = [f"com.example.a{number}" for number in range(hearing.COLLECTIONS)]
    RelayCollection.objects.bulk_create(
        RelayCollection(account=account, collection=name) for name in names
    )
    say(1, account.host, POST)
    assert hearing.hear() == 1
    assert known() == sorted(names)


def test_our_own_hosts_events_are_passed_over(account: RelayAccount, ash: Host) -> None:
    ours = RelayHost.objects.create(hostname="localhost", inside_id=ash.pk, account_limit=0)
    say(1, ours, POST)
    assert hearing.hear() == 0
    assert (known(), DirectoryMark.objects.get().seq) == ([], 1)


def answered(monkeypatch: pytest.MonkeyPatch, status: int, body: Any) -> list[str]:
    asked: list[str] = []

    def request(_verb: str, url: str, **_: Any) -> Answer:
        asked.append(url)
        return Answer(status, {}, orjson.dumps(body))

    monkeypatch.setattr(http_client, "request", request)
    return asked


def test_a_host_is_asked_once_what_was_there_before(account: RelayAccount, monkeypatch) -> None:
    say(1, account.host, POST)
    hearing.hear()
    listed = ["com.example.old", "no collection", 7]
    asked = answered(monkeypatch, 200, {"collections": listed})
    hearing.ask_hosts()
    hearing.ask_hosts()
    assert known() == ["app.bsky.feed.post", "com.example.old"]
    assert [url.partition("?")[0] for url in asked] == [
        "https://pds.example.com/xrpc/com.atproto.repo.describeRepo"
    ]


@pytest.mark.parametrize(("status", "said"), [(400, {}), (200, []), (200, {"collections": 1})])
def test_a_host_that_says_nothing_of_use_is_asked_again_later(
    account: RelayAccount, monkeypatch, status: int, said: Any
) -> None:
    DescribedRepo.objects.create(account=account, ask_at=MOMENT)
    answered(monkeypatch, status, said)
    hearing.ask_hosts()
    waiting = DescribedRepo.objects.get()
    assert (waiting.failures, waiting.ask_at is None) == (1, False)


@pytest.mark.parametrize(
    ("failures", "status", "said"),
    [(4, 500, {}), (0, 501, {}), (0, 200, {"collections": ["com.example.old"]})],
    ids=["never answers", "does not serve it", "leaves something out"],
)
def test_a_host_that_does_not_say_is_asked_for_the_repo(
    account: RelayAccount, monkeypatch, failures: int, status: int, said: Any
) -> None:
    RelayCollection.objects.create(account=account, collection="app.bsky.feed.post")
    DescribedRepo.objects.create(account=account, ask_at=MOMENT, failures=failures)
    answered(monkeypatch, status, said)
    hearing.ask_hosts()
    waiting = DescribedRepo.objects.get()
    assert (waiting.by_car, waiting.failures, waiting.ask_at is None) == (True, 0, False)


def test_repos_of_banned_hosts_keep_nobody_else_waiting(account: RelayAccount, monkeypatch) -> None:
    banned = RelayHost.objects.create(hostname="bad.example.com", account_limit=1, status="banned")
    silent = RelayAccount.objects.create(did="did:plc:silentsilentsilentsilen2", host=banned)
    DescribedRepo.objects.create(account=silent, ask_at="2026-11-21T12:00:00Z")
    DescribedRepo.objects.create(account=account, ask_at=MOMENT)
    answered(monkeypatch, 200, {"collections": ["com.example.old"]})
    monkeypatch.setattr(hearing, "ASKED", 1)
    hearing.ask_hosts()
    assert known() == ["com.example.old"]
