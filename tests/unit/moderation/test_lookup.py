"""Look-up by handle, DID and at-URI, never across tenants."""

import pytest

from hosting.models import Host
from moderation.lookup import Found, blobs_of, find
from protocol import cbor, cid
from protocol.errors import XrpcError
from repos.commits import group_commit, writes
from repos.models import Record, Repo
from repos.reads import repos

pytestmark = pytest.mark.django_db
THING = "com.example.grove.thing"


def hosts(*names: str):
    return Host.objects.filter(hostname__in=names)


@pytest.mark.parametrize("form", ["{handle}", "@{handle}", "{did}", "at://{did}", "at://{handle}"])
def test_every_name_of_an_account_finds_it(account, form):
    text = form.format(handle=account.handle, did=account.did)
    assert find(hosts("localhost"), f" {text} ").account == account


def test_a_handle_in_capitals_finds_its_account(account):
    assert find(hosts("localhost"), account.handle.upper()).account == account


def test_an_at_uri_finds_the_record_it_names(account):
    repo = repos.find_repo(account.host, account.did)
    write = writes.create(THING, "one", {"n": 1}, validate=None)
    group_commit.apply_writes(repo, [write])
    found = find(hosts("localhost"), f"at://{account.handle}/{THING}/one")
    assert (found.record.collection, found.record.rkey) == (THING, "one")


def test_an_at_uri_of_a_missing_record_finds_the_account_alone(account):
    found = find(hosts("localhost"), f"at://{account.did}/{THING}/none")
    assert found.account == account
    assert found.record is None


def test_another_tenants_account_is_not_found(account, birch):
    assert find(hosts("birch.localhost"), account.did) is None
    assert find(hosts("birch.localhost"), account.handle) is None


@pytest.mark.parametrize(
    "text", ["", "nobody.test", "did:plc:" + "a" * 24, "at://", "at://x/y/z/w", "💥", "a b"]
)
def test_odd_texts_find_nobody(account, text):
    try:
        assert find(hosts("localhost"), text) is None
    except XrpcError:
        pytest.fail("a look-up never refuses, it finds nothing")


RAW = cbor.Link(cid.of_raw(b"bytes"))


@pytest.mark.parametrize(
    "value",
    [
        {"$type": "blob", "ref": RAW},
        {"$type": "blob", "ref": RAW, "mimeType": 5},
        {"$type": "blob"},
        [{}] * 30_000,
    ],
    ids=["no type", "odd type", "no blob", "more than a record may hold"],
)
def test_blobs_of_what_was_never_checked_are_found_or_passed_over(account, value):
    repo = Repo.objects.get(pk=account.pk)
    record = Record(repo_id=repo.pk, collection=THING, rkey="k", data=cbor.encode({"v": value}))
    assert blobs_of(Found(account, repo, record)) == []
