"""What an old host's answers mean."""

import tempfile

import pytest

from repos.blobs.fetching import old_host as asking
from repos.blobs.fetching.old_host import HostRefused, NoSuchBlob
from server.net import http_client
from tests.unit.repos.blobs.fetching.old_host import LINKS, OLD, PICTURES

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


def fetch(link: bytes = LINKS[0], max_bytes: int = 1000) -> tuple[str | None, bytes]:
    with tempfile.TemporaryFile() as file:
        kind = asking.fetch(OLD, DID, link, file, max_bytes)
        file.seek(0)
        return kind, file.read()


def test_bytes_and_type_come_as_they_are(old_host):
    kind, data = fetch()
    assert kind == "image/png"
    assert data in PICTURES


def test_a_blob_that_it_does_not_have(old_host):
    old_host.blobs.clear()
    with pytest.raises(NoSuchBlob, match="Blob not found"):
        fetch()


def test_a_blob_that_is_too_large_for_us(old_host):
    with pytest.raises(NoSuchBlob, match="larger than this host allows"):
        fetch(max_bytes=10)


@pytest.mark.parametrize(
    ("status", "error", "message", "is_final"),
    [
        (400, "RepoNotFound", "", True),
        (400, "RepoTakendown", "", True),
        (400, "RepoDeactivated", "", False),
        (400, "RepoSuspended", "", False),
        (400, "InvalidRequest", "Could not find repo for DID: did:plc:x", True),
        (429, "RateLimitExceeded", "", False),
        (500, "", "", False),
        (302, "", "", False),
    ],
)
def test_when_nothing_of_the_account_is_to_be_had(old_host, status, error, message, is_final):
    old_host.status, old_host.error, old_host.message = status, error, message
    with pytest.raises(HostRefused) as refused:
        fetch()
    assert refused.value.is_final is is_final


@pytest.mark.parametrize(
    ("failure", "is_final"),
    [
        (http_client.Unreachable("gone"), False),
        (http_client.TimedOut("late"), False),
        (http_client.Forbidden("inside"), True),
    ],
)
def test_a_host_that_does_not_answer(old_host, failure, is_final):
    old_host.failure = failure
    with pytest.raises(HostRefused) as refused:
        fetch()
    assert refused.value.is_final is is_final
