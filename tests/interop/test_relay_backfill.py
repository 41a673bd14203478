"""The relay's directory fills up from a PDS that we did not write, and survives one that lies.

It wants the reference PDS: GROVE_REFERENCE, as tests/interop/test_moving.py says. In front of it
stands a door that can be closed, slow, or somebody else's.
"""

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from relay.directory import backfill, hearing
from relay.models import DescribedRepo, RelayAccount, RelayCollection, RelayHost
from tests.interop.network.client import Person, call
from tests.interop.test_moving import REFERENCE, Reference, running_reference
from tests.running import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.django_db,
    pytest.mark.skipif(not REFERENCE.exists(), reason="GROVE_REFERENCE names no folder"),
]
LONG_AGO = "2026-11-22T12:00:00Z"
COLLECTIONS = [LIKE, POST, NOTES] = ["app.bsky.feed.like", "app.bsky.feed.post", "com.example.note"]
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
Door = Callable[[bytes], Iterator[bytes]]  # what it makes of an answer, piece by piece


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    with running_reference(free_port()) as found:
        yield found


@pytest.fixture(scope="module")
def people(reference: Reference) -> list[Person]:
    """One at each of two reference PDSes, with records in each collection."""
    found = []
    for url, name in zip(reference.urls, ("ann", "bob"), strict=True):
        domain = call(url, "com.atproto.server.describeServer")["availableUserDomains"][0]
        person = Person.signed_up(url, f"{name}{domain}")
        writes = [a_record(COLLECTIONS[number % 3]) for number in range(150)]
        person.ask("com.atproto.repo.applyWrites", {"repo": person.did, "writes": writes})
        found.append(person)
    return found


def a_record(collection: str) -> dict[str, Any]:
    """A write that creates one; those that the reference knows are whole by its lexicons."""
    moment = {"$type": collection, "createdAt": LONG_AGO}
    subject = {"uri": f"at://did:web:a.example/{POST}/a", "cid": CID}
    values = {LIKE: {"subject": subject}, POST: {"text": "hello"}, NOTES: {}}
    create = {"$type": "com.atproto.repo.applyWrites#create", "collection": collection}
    return {**create, "value": {**moment, **values[collection]}}


@pytest.fixture(autouse=True)
def _directory_of_theirs(reference: Reference, settings: Settings) -> None:
    settings.PLC_URL = reference.plc_url


def waiting(person: Person, url: str, *, by_car: bool) -> DescribedRepo:
    """Their repo, about which the host at this URL is to be asked."""
    name = url.removeprefix("http://")
    host, _ = RelayHost.objects.get_or_create(hostname=name, account_limit=9)
    account = RelayAccount.objects.create(did=person.did, host=host)
    return DescribedRepo.objects.create(account=account, ask_at=LONG_AGO, by_car=by_car)


def found_of(person: Person) -> list[str]:
    names = RelayCollection.objects.filter(account__did=person.did)
    return sorted(names.values_list("collection", flat=True))


def test_a_host_says_what_its_repos_have(reference: Reference, people: list[Person]) -> None:
    for person, url in zip(people, reference.urls, strict=True):
        waiting(person, url, by_car=False)
    hearing.ask_hosts()
    assert [found_of(person) for person in people] == [COLLECTIONS] * 2
    assert not DescribedRepo.objects.filter(ask_at__isnull=False).exists()


def test_the_repos_themselves_say_the_same(reference: Reference, people: list[Person]) -> None:
    for person, url in zip(people, reference.urls, strict=True):
        waiting(person, url, by_car=True)
    backfill.read_repos()
    assert [found_of(person) for person in people] == [COLLECTIONS] * 2


@dataclass
class Faults:
    """Doors that are no use, and what the other person's repo is."""

    other: bytes = b""

    def closed(self, _whole: bytes) -> Iterator[bytes]:
        yield from ()

    def slow(self, whole: bytes) -> Iterator[bytes]:
        for byte in whole[:600]:
            yield bytes([byte])
            time.sleep(0.1)

    def cut(self, whole: bytes) -> Iterator[bytes]:
        yield whole[: len(whole) // 2]

    def changed(self, whole: bytes) -> Iterator[bytes]:
        middle = len(whole) // 2
        yield whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]

    def anothers(self, _whole: bytes) -> Iterator[bytes]:
        yield self.other

    def endless(self, whole: bytes) -> Iterator[bytes]:
        yield whole
        while True:
            yield b"\x7f" * 65_536


@contextmanager
def behind(url: str, door: Door) -> Iterator[str]:
    """A URL behind which the server at another answers, through a door."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with urllib.request.urlopen(url + self.path, timeout=60) as answer:
                whole = answer.read()
            self.send_response(200)
            self.end_headers()
            try:
                for piece in door(whole):
                    self.wfile.write(piece)
            except OSError:  # the relay has had enough
                return

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("fault", ["closed", "slow", "cut", "changed", "anothers", "endless"])
def test_a_host_that_is_down_slow_or_lying_is_put_off_and_holds_up_no_other(
    reference: Reference, people: list[Person], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    ann, bob = people
    monkeypatch.setattr(backfill, "REPO_S", 3.0)
    monkeypatch.setattr(backfill, "REPO_BYTES", 8_000_000)
    theirs = f"{reference.urls[1]}/xrpc/com.atproto.sync.getRepo?did={bob.did}"
    with urllib.request.urlopen(theirs, timeout=60) as answer:
        faults = Faults(answer.read())
    with behind(reference.urls[0], getattr(faults, fault)) as url:
        put_off = waiting(ann, url, by_car=True)
        waiting(bob, reference.urls[1], by_car=True)
        backfill.read_repos()
    put_off.refresh_from_db()
    assert (found_of(ann), put_off.failures) == ([], 1)
    assert put_off.ask_at > timezone.now()
    assert put_off.read_until is None
    assert found_of(bob) == COLLECTIONS
