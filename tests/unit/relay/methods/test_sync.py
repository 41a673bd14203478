"""The relay's methods: what it says of hosts and repos, and by which name it refuses."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from hosting.tenancy import routing
from protocol import cid
from relay import accounts
from relay.hosts import crawl_requests
from relay.models import DomainBan, RelayAccount, RelayCollection, RelayHost
from repos.models import Repo
from tests.factories import open_account
from xrpc.registry import pool_of

pytestmark = pytest.mark.django_db

DID = "did:plc:outsideoutsideoutside222"
HEAD = cid.of_dag_cbor(b"\xa0")
REV = "3kabcdefgh22a"
POST = "app.bsky.feed.post"

Asked = Callable[..., tuple[int, Any]]


@pytest.fixture
def asked(settings: Any) -> Asked:
    settings.RELAY_HOST = "relay.localhost"
    handler = routing.HostMiddleware(lambda _: HttpResponse("a host's"))

    def ask(method: str, verb: str = "get", body: Any = None, **query: Any) -> tuple[int, Any]:
        path = method if method.startswith("/") else f"/xrpc/com.atproto.sync.{method}"
        sent: Any = query
        if verb == "post":
            sent = body if isinstance(body, bytes) else orjson.dumps(body)
        about = {"headers": {"host": "relay.localhost"}}
        about |= {"content_type": "application/json"} if verb == "post" else {}
        answer = handler(getattr(RequestFactory(), verb)(path, sent, **about))
        if answer.status_code == 302:
            return 302, answer["Location"]
        return answer.status_code, orjson.loads(answer.content) if answer.content else None

    return ask


@pytest.fixture
def outside() -> RelayHost:
    return RelayHost.objects.create(
        hostname="pds.example.com", account_limit=100, account_count=1, seq=77
    )


@pytest.fixture
def outsider(outside: RelayHost) -> RelayAccount:
    return RelayAccount.objects.create(did=DID, host=outside, rev=REV, head=HEAD)


@pytest.fixture
def insider(ash: Host) -> Account:
    RelayHost.objects.create(
        hostname="localhost:2583", inside_id=ash.pk, account_limit=0, seq=4, is_trusted=True
    )
    return open_account(ash)


def test_hosts_are_listed_with_a_cursor(asked: Asked, outside: RelayHost, insider: Account) -> None:
    _, first = asked("listHosts", limit=1)
    assert first["hosts"] == [
        {"hostname": "pds.example.com", "seq": 77, "accountCount": 1, "status": "active"}
    ]
    _, second = asked("listHosts", cursor=first["cursor"])
    assert [host["hostname"] for host in second["hosts"]] == ["localhost:2583"]
    assert "cursor" not in second


def test_a_host_that_never_sent_anything_is_not_found(asked: Asked, outside: RelayHost) -> None:
    assert asked("getHostStatus", hostname="PDS.example.com")[1]["status"] == "active"
    status, refused = asked("getHostStatus", hostname="other.example.com")
    assert (status, refused["error"]) == (404, "HostNotFound")


def test_repos_of_our_hosts_come_first_then_the_others(
    asked: Asked, outsider: RelayAccount, insider: Account
) -> None:
    _, first = asked("listRepos", limit=1)
    assert [(repo["did"], repo["active"]) for repo in first["repos"]] == [(insider.did, True)]
    _, second = asked("listRepos", limit=1, cursor=first["cursor"])
    told = {"did": DID, "head": cid.to_text(HEAD), "rev": REV, "active": True}
    assert second["repos"] == [told]
    assert asked("listRepos", cursor=second["cursor"])[1] == {"repos": []}


@pytest.mark.parametrize("cursor", ["x", "i", "o-1", "i" + "9" * 30])
def test_a_cursor_of_another_list_is_refused(asked: Asked, cursor: str) -> None:
    assert asked("listRepos", cursor=cursor)[0] == 400


def test_a_repo_of_ours_is_as_its_host_says(asked: Asked, insider: Account) -> None:
    repo = Repo.objects.get(did=insider.did)
    latest = {"cid": cid.to_text(bytes(repo.head)), "rev": repo.rev}
    assert asked("getLatestCommit", did=insider.did) == (200, latest)
    Repo.objects.filter(did=insider.did).update(status="deactivated")
    told = {"did": insider.did, "active": False, "status": "deactivated"}
    assert asked("getRepoStatus", did=insider.did) == (200, told)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"taken_down_at": timezone.now()}, "RepoTakendown"),
        ({"host_status": "suspended"}, "RepoTakendown"),
        ({"host_status": "deactivated"}, "RepoDeactivated"),
        ({"host_status": "deleted"}, "RepoDeleted"),
        ({"is_throttled": True}, "RepoInactive"),
        ({"desynchronized_at": timezone.now()}, "RepoInactive"),
    ],
)
def test_why_a_repo_is_not_passed_on_is_told_by_name(
    asked: Asked, outsider: RelayAccount, change: dict[str, Any], name: str
) -> None:
    RelayAccount.objects.filter(pk=outsider.pk).update(**change)
    status, refused = asked("getLatestCommit", did=DID)
    assert (status, refused["error"]) == (403, name)
    assert asked("getRepo", did=DID)[0] == 403
    assert asked("getRepoStatus", did=DID)[1]["active"] is False


@pytest.mark.parametrize("method", ["getRepoStatus", "getLatestCommit", "getRepo"])
def test_an_account_that_nobody_heard_of_is_not_found(asked: Asked, method: str) -> None:
    status, refused = asked(method, did=DID)
    assert (status, refused["error"]) == (404, "RepoNotFound")


def test_an_account_without_a_commit_is_not_synchronized(
    asked: Asked, outsider: RelayAccount
) -> None:
    RelayAccount.objects.filter(pk=outsider.pk).update(rev="", head=None)
    status, refused = asked("getLatestCommit", did=DID)
    assert (status, refused["error"]) == (404, "RepoNotSynchronized")
    assert asked("getRepoStatus", did=DID) == (200, {"did": DID, "active": True})


def test_a_repo_is_fetched_at_its_host(asked: Asked, outsider: RelayAccount) -> None:
    where = "https://pds.example.com/xrpc/com.atproto.sync.getRepo"
    assert asked("getRepo", did=DID) == (302, f"{where}?did={DID.replace(':', '%3A')}")


def test_what_our_own_took_down_at_the_relay_is_taken_down(asked: Asked, insider: Account) -> None:
    host = RelayHost.objects.get()
    RelayAccount.objects.create(did=insider.did, host=host)
    accounts.take_down(insider.did, "spam")
    assert asked("getLatestCommit", did=insider.did)[1]["error"] == "RepoTakendown"
    assert asked("listRepos")[1]["repos"][0]["status"] == "takendown"


def test_repos_with_a_collection_are_those_that_are_passed_on(
    asked: Asked, outsider: RelayAccount, insider: Account
) -> None:
    RelayCollection.objects.create(account=outsider, collection=POST)
    _, first = asked("listReposByCollection", collection=POST)
    _, second = asked("listReposByCollection", collection=POST, cursor=first["cursor"])
    assert first["repos"] + second["repos"] == [{"did": DID}]
    RelayAccount.objects.filter(pk=outsider.pk).update(taken_down_at=timezone.now())
    assert asked("listReposByCollection", collection=POST, cursor="o0")[1] == {"repos": []}


def test_what_is_no_method_of_a_relay_is_told(asked: Asked) -> None:
    assert asked("/xrpc/com.atproto.repo.getRecord")[0] == 501
    status, refused = asked("listHosts", verb="post")
    assert (status, refused["message"]) == (400, "Incorrect HTTP method (POST) expected GET")
    assert asked("getRepoStatus")[0] == 400
    assert asked("getRepoStatus", did="alice")[0] == 400


def test_a_banned_hosts_repos_are_not_listed(asked: Asked, outsider: RelayAccount) -> None:
    DomainBan.objects.create(domain="example.com")
    RelayHost.objects.update(status="banned")
    RelayCollection.objects.create(account=outsider, collection=POST)
    assert asked("listRepos")[1] == {"repos": []}
    assert asked("listReposByCollection", collection=POST, cursor="o0")[1] == {"repos": []}


@pytest.mark.parametrize("method", ["requestCrawl", "notifyOfUpdate"])
def test_a_host_asks_to_be_read(asked: Asked, monkeypatch: Any, method: str) -> None:
    wanted: list[str] = []
    monkeypatch.setattr(crawl_requests, "request_crawl", wanted.append)
    assert asked(method, verb="post", body={"hostname": "pds.example.com"}) == (200, None)
    assert wanted == ["pds.example.com"]
    assert pool_of(f"/xrpc/com.atproto.sync.{method}", "POST") == "lookup"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"hostname": 1}', b'"' + b"x" * 5_000])
def test_a_body_that_names_no_host_is_refused(asked: Asked, body: bytes) -> None:
    status, refused = asked("requestCrawl", verb="post", body=body)
    assert (status, refused["error"]) == (400, "InvalidRequest")


def test_who_asks_for_crawls_too_often_is_refused(asked: Asked, monkeypatch: Any) -> None:
    monkeypatch.setattr(crawl_requests, "request_crawl", lambda _: None)
    sent = {"verb": "post", "body": {"hostname": "pds.example.com"}}
    answers = [asked("requestCrawl", **sent)[0] for _ in range(31)]
    assert (answers[0], answers[-1]) == (200, 429)
