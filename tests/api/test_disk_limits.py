"""What fills a disk: decoded bytes, quotas, imports, and a floor of free space."""

import gzip
import os
from contextlib import ExitStack
from dataclasses import replace

import pytest
from django.test import RequestFactory

from hosting import limits
from hosting.limits import Bucket, Budget
from hosting.models import Host
from hosting.tenancy import routing
from repos.reads import repos
from server.web.bodies.decoded_bodies import Body
from tests.api.clients import Person
from tests.api.test_import import CAR, IMPORT, folders, repo_car, things
from xrpc import rate_limits, registry
from xrpc.request.call import Call, Caller

__all__ = ["folders"]
UPLOAD = "com.atproto.repo.uploadBlob"
THING = "com.example.thing"
DAY_S = 86_400


@pytest.fixture
def budget(monkeypatch):
    """Give a method's limit by size, or its first one, another budget of a day."""

    def give(nsid: str, limit: rate_limits.Limit, points: int) -> None:
        bucket = Bucket(f"test-{limit.bucket.name}", (Budget(points, DAY_S),))
        method = registry.find(nsid)
        changed = tuple(
            replace(each, bucket=bucket) if each == limit else each for each in method.limits
        )
        monkeypatch.setitem(registry.METHODS, nsid, replace(method, limits=changed))

    return give


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def upload(person: Person, data: bytes, **headers):
    return person.send(UPLOAD, data, "text/plain", **headers)


def import_of(person: Person, records: dict):
    return person.send(IMPORT, repo_car(person.did, records), CAR)


def test_uploads_cost_their_bytes(alice, budget):
    budget(UPLOAD, rate_limits.UPLOADED_BYTES, 25)
    assert upload(alice, os.urandom(10_000)).status_code == 200
    assert upload(alice, os.urandom(10_000)).status_code == 200
    assert refusal(upload(alice, os.urandom(10_000))) == (429, "RateLimitExceeded")
    assert upload(alice, os.urandom(4_000)).status_code == 200


def test_packed_bodies_cost_what_they_come_to(alice, budget):
    budget(UPLOAD, rate_limits.UPLOADED_BYTES, 100)
    packed = gzip.compress(bytes(200_000))
    answer = upload(alice, packed, HTTP_CONTENT_ENCODING="gzip")
    assert refusal(answer) == (429, "RateLimitExceeded")


def test_a_bomb_is_refused_before_it_is_a_blob(alice):
    bomb = gzip.compress(bytes(50_000_000))
    answer = upload(alice, bomb, HTTP_CONTENT_ENCODING="gzip")
    assert refusal(answer) == (400, "InvalidRequest")
    assert "compressed more than" in answer.json()["message"]


def test_an_account_without_a_quota_of_its_host_has_the_platforms(alice, settings):
    settings.BLOB_QUOTA_BYTES = 15_000
    routing.forget()  # and what holds there
    assert upload(alice, os.urandom(10_000)).status_code == 200
    assert refusal(upload(alice, os.urandom(10_000))) == (413, "BlobQuotaExceeded")
    Host.objects.update(blob_quota_bytes=30_000)
    routing.forget()
    assert upload(alice, os.urandom(10_000)).status_code == 200


def test_below_the_floor_nothing_large_comes_in_and_records_do(alice, settings):
    settings.FREE_SPACE_BYTES = 2**62
    assert refusal(upload(alice, b"x")) == (507, "InsufficientStorage")
    assert refusal(import_of(alice, things(3))) == (507, "InsufficientStorage")
    assert alice.create(THING, {"n": 1})["uri"]


def test_cars_that_wait_are_bounded(alice, settings, tmp_path):
    settings.IMPORTS_WAITING_BYTES = 10
    (tmp_path / "imports").mkdir(exist_ok=True)
    waiting = tmp_path / "imports" / "other.car"
    waiting.write_bytes(bytes(11))
    assert refusal(import_of(alice, things(3))) == (507, "InsufficientStorage")
    waiting.unlink()
    assert import_of(alice, things(3)).status_code == 200


def test_the_eleventh_import_of_an_hour_is_refused(alice):
    answers = [import_of(alice, things(n % 2 + 1)) for n in range(11)]
    assert [each.status_code for each in answers] == [200] * 10 + [429]


def test_imports_cost_their_bytes(alice, budget):
    budget(IMPORT, rate_limits.UPLOADED_BYTES, 2)
    assert refusal(import_of(alice, things(50))) == (429, "RateLimitExceeded")


def test_a_first_import_is_free_of_the_writes_and_a_later_one_costs_what_it_changes(alice):
    assert import_of(alice, things(600)).status_code == 200
    assert left_of_writes(alice) > 4_990
    assert import_of(alice, things(100)).status_code == 200
    assert 4_470 < left_of_writes(alice) < 4_500


def test_whoever_used_up_the_writes_by_imports_writes_no_more(alice):
    repo = repos.find_repo(alice.host, alice.did)
    charge = limits.Charge(limits.WRITES, (repo.did,), 9_000)
    limits.charge_later(repo.host_id, [charge])
    record = {"collection": THING, "record": {"n": 1}}
    answer = alice.call("com.atproto.repo.createRecord", repo=alice.did, **record)
    assert refusal(answer) == (429, "RateLimitExceeded")
    assert refusal(import_of(alice, things(3))) == (429, "RateLimitExceeded")


def left_of_writes(person: Person) -> int:
    """By a deletion of nothing, which costs a point."""
    record = {"collection": THING, "rkey": "nothing"}
    answer = person.call("com.atproto.repo.deleteRecord", repo=person.did, **record)
    standing = limits.spend_charges(person.host, [limits.Charge(limits.WRITES, (person.did,), 0)])
    assert answer.status_code == 200
    return standing.remaining


def test_few_imports_of_an_account_and_of_a_network_run_at_a_time(alice):
    with ExitStack() as under_way:
        for _ in range(rate_limits.ACCOUNT_IMPORTS_MAX):
            under_way.enter_context(rate_limits.importing(call_of(alice, alice.did)))
        assert refusal(import_of(alice, things(1))) == (429, "RateLimitExceeded")
        for n in range(rate_limits.NETWORK_IMPORTS_MAX - rate_limits.ACCOUNT_IMPORTS_MAX):
            other = call_of(alice, f"did:web:{n}.example")
            under_way.enter_context(rate_limits.importing(other))
        with pytest.raises(limits.RateLimitExceeded):
            under_way.enter_context(rate_limits.importing(call_of(alice, "did:web:x.example")))
    assert import_of(alice, things(1)).status_code == 200


def call_of(person: Person, did: str) -> Call:
    body = Body(RequestFactory().post("/"), 1)
    return Call(person.host, {}, {}, Caller(did, "any"), body, address="127.0.0.1")
