"""Collections of repos that are read themselves."""

from typing import IO, Any

import pytest

from accounts.identity.resolution import dids
from protocol import car
from protocol.did.did_document import DidDocument
from relay.directory import backfill, hearing
from relay.models import DescribedRepo, RelayAccount, RelayCollection, RelayHost
from server.net import http_client
from server.net.http_client import Answer
from tests.relay_authors import Author

pytestmark = pytest.mark.django_db
MOMENT = "2026-11-22T12:00:00Z"


@pytest.fixture
def author(monkeypatch: pytest.MonkeyPatch) -> Author:
    """Wrote to two collections."""
    found = Author("did:plc:outsideoutsideoutside222")
    for name in ("com.example.one", "com.example.two", "com.example.one"):
        found.write(collection=name)
    document = DidDocument(found.document("https://pds.example.com"))
    monkeypatch.setattr(dids, "resolve_did", lambda _did: document)
    return found


def waiting(author: Author, label: str = "", host: str = "pds.example.com") -> DescribedRepo:
    there, _ = RelayHost.objects.get_or_create(hostname=host, account_limit=9)
    account = RelayAccount.objects.create(did=author.did + label, host=there)
    return DescribedRepo.objects.create(account=account, ask_at=MOMENT, by_car=True)


def serve(monkeypatch: pytest.MonkeyPatch, archive: bytes, status: int = 200) -> list[str]:
    asked: list[str] = []

    def request(_verb: str, url: str, *, into: IO[bytes], **_: Any) -> Answer:
        asked.append(url)
        into.write(archive)
        return Answer(status, {}, b"")

    monkeypatch.setattr(http_client, "request", request)
    return asked


def whole(author: Author) -> bytes:
    return car.write(author.head, [(author.head, author.block), *author.blocks.items()])


def test_a_repos_collections_are_those_of_its_tree(author: Author, monkeypatch) -> None:
    waiting(author)
    serve(monkeypatch, whole(author))
    backfill.read_repos()
    found = RelayCollection.objects.values_list("collection", flat=True)
    assert sorted(found) == ["com.example.one", "com.example.two"]
    assert DescribedRepo.objects.get().ask_at is None


def test_of_a_host_one_repo_is_read_in_a_go(author: Author, monkeypatch) -> None:
    for label, host in (("a", "one.example"), ("b", "one.example"), ("c", "two.example")):
        waiting(author, label, host)
    asked = serve(monkeypatch, b"", 500)
    backfill.read_repos()
    assert sorted(url.split("/")[2] for url in asked) == ["one.example", "two.example"]


def test_a_host_is_not_asked_for_another_while_one_of_its_repos_is_read(
    author: Author, monkeypatch
) -> None:
    for label in ("a", "b"):
        waiting(author, label)
    asked: list[str] = []

    def request(_verb: str, url: str, **_: Any) -> Answer:
        asked.append(url)
        backfill.read_repos()  # the next go begins
        return Answer(500, {}, b"")

    monkeypatch.setattr(http_client, "request", request)
    backfill.read_repos()
    assert len(asked) == 1
    backfill.read_repos()
    assert len(asked) == 2


@pytest.mark.parametrize("lie", ["no tree", "another's", "forged", "no CAR", "much"])
def test_what_is_not_the_accounts_whole_repo_is_not_believed(
    author: Author, monkeypatch, lie: str
) -> None:
    repo = waiting(author, "x" if lie == "another's" else "")
    archive = whole(author)
    if lie == "no tree":
        archive = car.write(author.head, [(author.head, author.block)])
    if lie == "forged":
        document = DidDocument(Author(author.did).document("https://pds.example.com"))
        monkeypatch.setattr(dids, "resolve_did", lambda _did: document)
    if lie == "much":
        monkeypatch.setattr(backfill, "NODES_BYTES", 10)
    serve(monkeypatch, b"nonsense" if lie == "no CAR" else archive)
    backfill.read_repos()
    repo.refresh_from_db()
    assert (RelayCollection.objects.count(), repo.failures) == (0, 1)
    assert repo.ask_at is not None


def test_a_repo_that_is_never_to_be_had_is_given_up(author: Author, monkeypatch) -> None:
    repo = waiting(author)
    DescribedRepo.objects.update(failures=hearing.TRIES - 1)
    serve(monkeypatch, b"", 500)
    backfill.read_repos()
    repo.refresh_from_db()
    assert repo.ask_at is None
