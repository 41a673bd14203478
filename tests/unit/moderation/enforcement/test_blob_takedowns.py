"""One blob taken down and restored: who may, with what reason, and what becomes of it."""

import pytest

from moderation import permissions
from moderation.enforcement import takedowns
from moderation.models import AuditEntry
from protocol import cid
from repos.blobs import blobs
from repos.models import Event
from repos.reads import repos
from tests.unit.repos.blobs.uploads import put, upload

pytestmark = [pytest.mark.usefixtures("folder"), pytest.mark.django_db(transaction=True)]

BOTH = [takedowns.take_down_blob, takedowns.restore_blob]


@pytest.fixture
def repo(account):
    return repos.find_repo(account.host, account.did)


@pytest.fixture
def ref(repo):
    """A blob in a record."""
    put(repo, "a", ref := upload(repo, b"some bytes"))
    return ref


def test_a_blob_taken_down_is_gone_and_restored_it_is_back(moderator, account, repo, ref):
    takedowns.take_down_blob(moderator, account, ref.cid, "someone else's photo")
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)
    takedowns.restore_blob(moderator, account, ref.cid, "it was their own")
    with blobs.open_blob(repo, ref.cid).file as file:
        assert file.read() == b"some bytes"


def test_the_log_says_which_blob(moderator, account, ref):
    takedowns.take_down_blob(moderator, account, ref.cid, " nudity ")
    takedowns.restore_blob(moderator, account, ref.cid, "art")
    logged = AuditEntry.objects.order_by("id").values_list("action", "subject_cid", "reason")
    link = cid.to_text(ref.cid)
    assert list(logged) == [("blob.take_down", link, "nudity"), ("blob.restore", link, "art")]


def test_a_blob_takedown_is_not_announced(moderator, account, ref):
    before = Event.objects.count()
    takedowns.take_down_blob(moderator, account, ref.cid, "spam")
    assert Event.objects.count() == before


@pytest.mark.parametrize("verb", BOTH)
def test_no_reason_no_blob_takedown(moderator, account, ref, verb):
    with pytest.raises(permissions.ReasonNeeded):
        verb(moderator, account, ref.cid, " ")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", BOTH)
def test_another_tenants_owner_may_not_touch_a_blob(birch, staff_of, account, ref, verb):
    with pytest.raises(permissions.NotAllowed):
        verb(staff_of(birch, "owner"), account, ref.cid, "envy")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", BOTH)
def test_a_blob_that_is_not_there_leaves_no_entry(moderator, account, verb):
    with pytest.raises(blobs.BlobNotFound):
        verb(moderator, account, cid.of_raw(b"never uploaded"), "spam")
    assert not AuditEntry.objects.exists()
